import { invalidOption, type KinesisConnectorError } from "@kinesis-connectors/core";

import { FOR_EVER } from "../limits.js";
import type { EventSourceMapping } from "./event-source-mapping.js";

/** What the mappings of a function mean for it. */
export interface MappingVerdict {
  /** The mapping cannot work with these rows; undefined where it can. */
  readonly refusal: KinesisConnectorError | undefined;
  /** Things that cost records or time, each with its cure. */
  readonly warnings: readonly string[];
  /** Whether an answer may name where to go on. */
  readonly reportsFailures: boolean;
}

/** What the handler does that a mapping may contradict. */
export interface MappingNeeds {
  /** Whether each shard has a row that says how far it has come. */
  readonly hasRows: boolean;
  /** Whether batches are prepared, and may have to be read again from the stream. */
  readonly prepares: boolean;
}

/** Judges the mappings of a function. Those that are disabled count only where there is no other. Pure. */
export function checkMappings(
  mappings: readonly EventSourceMapping[],
  { hasRows, prepares }: MappingNeeds,
): MappingVerdict {
  const active = mappings.filter(({ State }) => State !== "Disabled" && State !== "Deleting");
  const judged = active.length > 0 ? active : mappings;
  const warnings: string[] = [];
  let refusal: KinesisConnectorError | undefined;
  for (const mapping of judged) {
    if (hasRows) refusal ??= factorRefusal(mapping);
    if (prepares) refusal ??= filterRefusal(mapping);
    warnings.push(...warningsOf(mapping));
  }
  const reportsFailures = judged.length > 0 && judged.every(reports);
  return { refusal, warnings, reportsFailures };
}

function factorRefusal({
  UUID,
  ParallelizationFactor,
}: EventSourceMapping): KinesisConnectorError | undefined {
  if ((ParallelizationFactor ?? 1) <= 1) return undefined;
  return invalidOption(
    `the event source mapping ${UUID ?? "of this function"} has ParallelizationFactor ${ParallelizationFactor}: batches of one shard overtake each other ` +
      "then, and the row that says how far the shard has come would pass over the ones behind, which loses records. Set it to 1 " +
      `(aws lambda update-event-source-mapping --uuid ${UUID ?? "..."} --parallelization-factor 1), and split the stream into more shards for more ` +
      "invocations at a time",
  );
}

function filterRefusal({ UUID, FilterCriteria }: EventSourceMapping): KinesisConnectorError | undefined {
  if ((FilterCriteria?.Filters?.length ?? 0) === 0) return undefined;
  return invalidOption(
    `the event source mapping ${UUID ?? "of this function"} has FilterCriteria: a batch that was prepared of filtered records cannot be read again from ` +
      "the stream, where the others are as well. Remove them (aws lambda update-event-source-mapping " +
      `--uuid ${UUID ?? "..."} --filter-criteria "{}"), and give the pipeline a filter`,
  );
}

function warningsOf(mapping: EventSourceMapping): readonly string[] {
  const { UUID, MaximumRetryAttempts, MaximumRecordAgeInSeconds, TumblingWindowInSeconds } = mapping;
  const update = `aws lambda update-event-source-mapping --uuid ${UUID ?? "..."}`;
  const warnings: string[] = [];
  if (!reports(mapping))
    warnings.push(
      "the event source mapping has no ReportBatchItemFailures: after a failure all of a batch comes again, and what was delivered of it is passed " +
        `over; ${update} --function-response-types ReportBatchItemFailures`,
    );
  const isFinite = (limit: number | null | undefined): boolean => (limit ?? FOR_EVER) !== FOR_EVER;
  if (
    (isFinite(MaximumRetryAttempts) || isFinite(MaximumRecordAgeInSeconds)) &&
    (mapping.DestinationConfig?.OnFailure?.Destination ?? "") === ""
  )
    warnings.push(
      "the event source mapping gives records up after a while and has no destination for them: they would be gone without a trace. Set MaximumRetryAttempts and " +
        `MaximumRecordAgeInSeconds to -1, or give it one: ${update} --destination-config '{"OnFailure":{"Destination":"<ARN>"}}'`,
    );
  if ((TumblingWindowInSeconds ?? 0) > 0)
    warnings.push(
      `the event source mapping has a tumbling window, whose state is neither read nor given back; ${update} --tumbling-window-in-seconds 0`,
    );
  return warnings;
}

function reports({ FunctionResponseTypes }: EventSourceMapping): boolean {
  return FunctionResponseTypes?.includes("ReportBatchItemFailures") === true;
}
