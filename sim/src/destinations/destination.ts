import type { Emitter, Pipeline } from "@kinesis-connectors/core";
import type { S3Plan } from "@kinesis-connectors/s3";
import type { S3Client } from "@aws-sdk/client-s3";
import type { Violation } from "../checks/violation.js";
import type { Landings } from "../checks/landings.js";
import { type Entry, type Ledger, nameOf } from "../checks/ledger.js";
import type { Network } from "../world/network.js";
import type { SeededRandom } from "../world/random.js";
import type { BrokenPut } from "../services/puts/told.js";
import type { BrokenTable } from "../services/sim-iceberg.js";
import { keyText, type Line } from "../payload.js";
import type { Scenario } from "../storm/scenario.js";
import type { Scheduler } from "../world/scheduler.js";
import { type Model, pipelineOf, type Output } from "../sim-pipeline.js";
import type { SimProcess } from "../world/sim-process.js";

/** What runs a pipeline, whatever its plans are: a connector, or another driver. */
type Driver<Running> = <Plan>(pipeline: Pipeline<Model, Output, Plan, S3Plan>) => Running;

/** What records are written to, with what looks at it. */
export interface SimDestination {
  /** Has a driver run the pipeline of a process, with the product's own emitter in it. */
  readonly drive: <Running>(process: SimProcess, driver: Driver<Running>) => Running;
  /** From here on it does nothing by itself that its callers have to bear with. */
  readonly calm?: () => void;
  /** Whether all outputs of a record that a checkpoint covers are where they belong. Default: each has landed at least once. */
  readonly hasLanded?: (entry: Entry) => boolean;
  /** Looks at what is there in the end; returns how many records are lost that no checkpoint told of. Default: none. */
  readonly checkEnd?: () => number;
  /** Objects, items, documents or rows that are there. */
  readonly storedCount: () => number;
  /** Records that landed out of order. */
  readonly reorderedCount?: () => number;
}

/** What destinations are made of. */
export interface DestinationParts {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly ledger: Ledger;
  readonly landings: Landings;
  readonly random: SeededRandom;
  /** S3 for the dead letters, as a process sees it. */
  readonly s3: (process: SimProcess) => S3Client;
  readonly report: (violation: Violation) => void;
  /** Whether what keeps old versions from standing over new ones is left out, to see that it is noticed. */
  readonly isUnguarded: boolean;
  /** Whether emitters are not told of the versions that records have of their own. */
  readonly isUnversioned: boolean;
  /** How the table of `iceberg`, or its writer, is broken. */
  readonly brokenTable: BrokenTable | undefined;
  /** How the answers of services that take requests entry by entry are read wrongly. */
  readonly brokenPut: BrokenPut | undefined;
}

/** How pipelines with an emitter of this kind are made. */
export function driving<Plan>(
  { scenario, s3 }: Pick<DestinationParts, "scenario" | "s3">,
  emitterOf: (process: SimProcess) => Emitter<Output, Plan>,
): SimDestination["drive"] {
  return (process, driver) => driver(pipelineOf(scenario, process, s3(process), emitterOf(process)));
}

/** The record that a line tells of; undefined where nobody put it, which is reported. `where` holds the line. */
export function entryOf(
  { ledger, report }: Pick<DestinationParts, "ledger" | "report">,
  { id, n, at, key }: Line,
  where: string,
): Entry | undefined {
  const entry = ledger.entriesById.get(id);
  const { payload } = entry ?? {};
  const isOwn = entry !== undefined && nameOf(entry) === at && payload !== undefined && n < payload.outputs;
  if (isOwn && keyText(payload) === key) return entry;
  report({ rule: "phantom", what: `${where} holds what nobody put: ${id} ${n}` });
  return undefined;
}
