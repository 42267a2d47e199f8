import {
  bulkRequestsHindered,
  deliver,
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
}

/** The result of a run. */
export interface RunResult extends ChangesCheck {
  readonly records: number;
  /** Orders that ever were, and those that the table holds in the end. */
  readonly orders: number;
  readonly inTable: number;
  readonly faults: number;
  readonly seconds: number;
}

/** The whole sample: changes of a table into a stream, a connector that indexes them, and the index compared with the table. */
export async function run(
  { changes, shards, seed, faults }: RunOptions,
  running?: Running,
): Promise<RunResult> {
  await using aws = await startLocalAws({ limits: "off", seed, s3: false });
  if (faults) hinderOpenSearch(aws);
  const node = aws.endpoints.opensearch;
  const table = new Map<string, Order>();
  const ids = new Set<string>();
  const { records, seconds } = await deliver(
    aws,
    {
      stream: "order-changes",
      shards,
      records: noting(ids, tableChanges(changes, seed, table)),
      count: undefined,
      start: (local) =>
        startConnector({
          ...local,
          application: "changes-to-opensearch",
          pipeline: changesPipeline(node, "orders"),
        }),
    },
    running,
  );
  return {
    ...(await checkChanges(node, "orders", [...ids], table)),
    records,
    orders: ids.size,
    inTable: table.size,
    faults: bulkRequestsHindered(aws),
    seconds,
  };
}

function* noting(ids: Set<string>, records: Iterable<RecordOfStream>): Generator<RecordOfStream, void> {
  for (const record of records) {
    ids.add(record.partitionKey);
    yield record;
  }
}
