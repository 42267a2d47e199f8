import {
  bulkRequestsHindered,
  deliver,
  deliverThroughKills,
  hinderOpenSearch,
  type RecordOfStream,
  type Running,
} from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { startLocalAws } from "@kinesis-connectors/local";
import { type Order, tableChanges } from "./changes.js";
import { type ChangesCheck, checkChanges } from "./check.js";
import { changesPipeline } from "./pipeline.js";

/** Options of a run. */
export interface RunOptions {
  readonly changes: number;
  readonly shards: number;
  readonly seed: number;
  /** Refuses 2 % of the documents for a while, and loses 5 % of the replies. */
  readonly faults: boolean;
  /** How often the worker is killed; it is a process of its own then. Default 0. */
  readonly kills?: number;
}

/** The result of a run. */
export interface RunResult extends ChangesCheck {
  readonly records: number;
  /** Orders that ever were, and those that the table holds in the end. */
  readonly orders: number;
  readonly inTable: number;
  readonly faults: number;
  readonly kills: number;
  readonly seconds: number;
}

/** The whole sample: changes of a table into a stream, a connector that indexes them, and the index compared with the table. */
export async function run(
  { changes, shards, seed, faults, kills = 0 }: RunOptions,
  running?: Running,
): Promise<RunResult> {
  await using aws = await startLocalAws({ limits: "off", seed, s3: false });
  if (faults) hinderOpenSearch(aws);
  // On loopback a batch is on its way for a moment only; a kill should meet it there, written and not.
  for (const phase of kills === 0 ? [] : (["before", "after"] as const))
    aws.faults.add({
      server: "opensearch",
      operation: "Bulk",
      times: "always",
      probability: 0.5,
      phase,
      effect: { kind: "delay", delayMs: 200 },
    });
  const node = aws.endpoints.opensearch;
  const table = new Map<string, Order>();
  const ids = new Set<string>();
  const orders = { node, index: "orders" };
  const delivery = {
    stream: "order-changes",
    shards,
    records: noting(ids, tableChanges(changes, seed, table)),
    count: undefined,
  };
  const application = "changes-to-opensearch";
  const { records, seconds } = await (kills === 0
    ? deliver(
        aws,
        {
          ...delivery,
          start: (local) => startConnector({ ...local, application, pipeline: changesPipeline(orders) }),
        },
        running,
      )
    : deliverThroughKills(
        aws,
        {
          ...delivery,
          application,
          worker: new URL("worker.js", import.meta.url),
          setup: orders,
          kills,
          seed,
        },
        running,
      ));
  return {
    ...(await checkChanges(node, orders.index, [...ids], table)),
    records,
    orders: ids.size,
    inTable: table.size,
    faults: bulkRequestsHindered(aws),
    kills,
    seconds,
  };
}

function* noting(ids: Set<string>, records: Iterable<RecordOfStream>): Generator<RecordOfStream, void> {
  for (const record of records) {
    ids.add(record.partitionKey);
    yield record;
  }
}
