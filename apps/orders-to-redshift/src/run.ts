import { deliver, faultsMet, type RecordOfStream, type Running } from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, json, MiB } from "@kinesis-connectors/core";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { jsonAuto, ledgerSchema, redshiftEmitter, tableSchema } from "@kinesis-connectors/redshift";
import { type TableCheck, totalsFrom, totalsOf, TOTALS_SQL } from "./check.js";
import { COLUMNS, type Order, ordersOf } from "./orders.js";
import { rawCopySeconds } from "./raw-copy.js";

const STREAM = "orders";
const BUCKET = "orders-staging";

/** Options of a run. */
export interface RunOptions {
  readonly records: number;
  readonly shards: number;
  readonly seed: number;
  /** Runs every third load into error 1023 and loses replies while the connector works. */
  readonly faults: boolean;
  /** A PostgreSQL server instead of the embedded one. */
  readonly postgres?: string | undefined;
}

/** The result of a run. */
export interface RunResult extends TableCheck {
  readonly loads: number;
  readonly faults: number;
  /** From the first put to the last commit. */
  readonly seconds: number;
  /** The same files with one COPY and nothing around it. */
  readonly rawCopySeconds: number;
}

/** Starts AWS on loopback, puts orders into a stream while a connector loads them into Redshift, and compares. */
export async function run(
  { records, shards, seed, faults, postgres }: RunOptions,
  running?: Running,
): Promise<RunResult> {
  await using aws = await startLocalAws({
    limits: "off",
    opensearch: false,
    seed,
    s3: { buckets: [BUCKET] },
    redshift: postgres === undefined ? {} : { connectionString: postgres },
  });
  const columns = [
    { name: "id", type: "BIGINT", notNull: true },
    { name: "customer", type: "VARCHAR(40)" },
    { name: "product", type: "VARCHAR(40)" },
    { name: "quantity", type: "INTEGER" },
    { name: "total_cents", type: "BIGINT" },
    { name: "placed_at", type: "TIMESTAMP" },
  ];
  await aws.redshift.query(tableSchema({ table: "orders", columns, sortKeys: ["placed_at"] }));
  await aws.redshift.query(ledgerSchema());
  if (faults) {
    const rule = { server: "redshift", operation: "BatchExecuteStatement", times: "always" } as const;
    aws.faults.add({
      ...rule,
      probability: 0.33,
      phase: "after",
      effect: { kind: "statement", what: "failed" },
    });
    aws.faults.add({ ...rule, probability: 0.2, effect: { kind: "reply-lost" } });
  }

  const { seconds } = await deliver(
    aws,
    {
      stream: STREAM,
      shards,
      records: recordsOf(records, seed),
      count: records,
      start: (local) =>
        startConnector({ ...local, application: "orders-to-redshift", pipeline: pipelineInto(aws) }),
    },
    running,
  );
  const fired = faultsMet(aws);
  aws.faults.clear();

  const [totals] = await aws.redshift.query(TOTALS_SQL);
  const [ledger] = await aws.redshift.query("SELECT COUNT(*) AS loads FROM kc_ledger");
  return {
    put: totalsOf(ordersOf(records, seed)),
    landed: totalsFrom(totals),
    loads: Number(ledger?.["loads"]),
    faults: fired,
    seconds,
    rawCopySeconds: await rawCopySeconds(aws, BUCKET),
  };
}

/** Orders as they came in the stream, through S3 into the table. */
function pipelineInto(aws: LocalAws) {
  return definePipeline({
    transformer: json<Order>().original(),
    filter: (order) => order.quantity > 0,
    buffer: { maxRecords: 50_000, maxBytes: 32 * MiB, maxAgeMs: 2_000 },
    emitter: redshiftEmitter<Uint8Array>({
      ...aws.clientOptions("redshift"),
      workgroup: "local",
      database: "dev",
      table: "orders",
      columns: COLUMNS,
      iamRole: "default",
      staging: { bucket: BUCKET, prefix: "orders", ...aws.clientOptions("s3") },
      format: jsonAuto(),
    }),
  });
}

function* recordsOf(records: number, seed: number): Generator<RecordOfStream, void> {
  for (const order of ordersOf(records, seed))
    yield { partitionKey: String(order.id), data: JSON.stringify(order) };
}
