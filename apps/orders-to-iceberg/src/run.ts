import { deliver, deliverThroughKills, faultsMet, type Running } from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { ordersOf } from "./orders.js";
import { NAME, NAMESPACE, ordersPipeline, type Table } from "./pipeline.js";
import { readBack, type ReadBacks } from "./read-back.js";

const APPLICATION = "orders-to-iceberg";
const STREAM = "orders";

/** Options of a run. */
export interface RunOptions {
  readonly records: number;
  readonly shards: number;
  readonly seed: number;
  /** Worker processes that share the shards and commit to the one table. 1 without kills is this process itself. */
  readonly writers: number;
  /** How often a writer is killed in the middle of its work. */
  readonly kills: number;
  /** Whether pyiceberg and DuckDB read the table too, where Python is there. */
  readonly python: boolean;
}

/** The result of a run. */
export interface RunResult extends ReadBacks {
  readonly put: number;
  readonly commits: number;
  /** Commits that were refused because another writer was ahead. */
  readonly conflicts: number;
  readonly faults: number;
  /** Batches that a killed writer had begun, and another one ended. */
  readonly takenOver: number;
  readonly seconds: number;
}

/** Starts AWS and an Iceberg catalog on loopback, puts orders into a stream while writers append them to a table, and reads it back. */
export async function run(
  { records, shards, seed, writers, kills, python }: RunOptions,
  running?: Running,
): Promise<RunResult> {
  await using aws = await startLocalAws({ limits: "off", opensearch: false, seed, iceberg: {} });
  aws.iceberg.createNamespace(NAMESPACE);
  const inProcesses = writers > 1 || kills > 0;
  if (inProcesses) hinder(aws);
  const table: Table = { catalogUri: aws.endpoints.iceberg, storage: aws.clientOptions("s3") };
  const delivery = { stream: STREAM, shards, records: ordersOf(records, seed) };
  const { seconds, takenOver } = inProcesses
    ? await deliverThroughKills(
        aws,
        {
          ...delivery,
          application: APPLICATION,
          worker: new URL("worker.js", import.meta.url),
          workers: writers,
          setup: table,
          kills,
          seed,
        },
        running,
      )
    : await deliver(
        aws,
        {
          ...delivery,
          count: records,
          start: (local) =>
            startConnector({ ...local, application: APPLICATION, pipeline: ordersPipeline(table) }),
        },
        running,
      ).then((delivered) => ({ ...delivered, takenOver: 0 }));
  const faults = faultsMet(aws);
  aws.faults.clear();
  const commits = aws.journal.entries({ server: "iceberg", operation: "UpdateTable" });
  const found = await readBack({ aws, uri: table.catalogUri }, records, python);
  return {
    ...found,
    put: records,
    commits: commits.filter(({ applied }) => applied).length,
    conflicts: commits.filter(({ errorCode }) => errorCode === "CommitFailedException").length,
    faults,
    takenOver,
    seconds,
  };
}

/** On loopback a commit is on its way for a moment only; a kill should meet it there, applied and not. Some replies are lost, and a compaction commits in between. */
function hinder(aws: LocalAws): void {
  const rule = {
    server: "iceberg",
    operation: "UpdateTable",
    where: { table: NAME },
    times: "always",
  } as const;
  for (const phase of ["before", "after"] as const)
    aws.faults.add({ ...rule, probability: 0.3, phase, effect: { kind: "delay", delayMs: 100 } });
  aws.faults.add({ ...rule, probability: 0.05, effect: { kind: "reply-lost" } });
  aws.faults.add({ ...rule, probability: 0.05, effect: { kind: "foreign-commit" } });
}
