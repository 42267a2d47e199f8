import { CreateStreamCommand, KinesisClient, waitUntilStreamExists } from "@aws-sdk/client-kinesis";
import { putLines, untilSettled } from "@kinesis-connectors/app-seed-stream";
import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, json, MiB } from "@kinesis-connectors/core";
import { startLocalAws } from "@kinesis-connectors/local";
import { jsonAuto, ledgerSchema, redshiftEmitter, tableSchema } from "@kinesis-connectors/redshift";
import { type TableCheck, totalsFrom, totalsOf, TOTALS_SQL } from "./check.js";
import { COLUMNS, type Order, ordersOf } from "./orders.js";
import { rawCopySeconds } from "./raw-copy.js";

const STREAM = "orders";
const BUCKET = "orders-staging";

/** What a run is told. */
export interface RunOptions {
  readonly records: number;
  readonly shards: number;
  readonly seed: number;
  /** Runs every third load into error 1023 and loses replies while the connector works. */
  readonly faults: boolean;
  /** A PostgreSQL server instead of the embedded one. */
  readonly postgres?: string;
}

/** What a run found. */
export interface RunResult extends TableCheck {
  readonly loads: number;
  readonly faults: number;
  /** From the first put to the last commit. */
  readonly seconds: number;
  /** The same files with one COPY and nothing around it. */
  readonly rawCopySeconds: number;
}

/** Starts AWS on loopback, puts orders into a stream while a connector loads them into Redshift, and compares. */
export async function run({ records, shards, seed, faults, postgres }: RunOptions): Promise<RunResult> {
  await using aws = await startLocalAws({
    limits: "off",
    opensearch: false,
    seed,
    s3: { buckets: [BUCKET] },
    redshift: postgres === undefined ? {} : { connectionString: postgres },
  });
  const kinesis = new KinesisClient(aws.clientOptions("kinesis"));
  await kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: shards }));
  await waitUntilStreamExists(
    { client: kinesis, maxWaitTime: 30, minDelay: 1, maxDelay: 1 },
    { StreamName: STREAM },
  );
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

  const pipeline = definePipeline({
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
  const startMs = performance.now();
  await using connector = await startConnector({
    application: "orders-to-redshift",
    stream: STREAM,
    pipeline,
    region: aws.clientOptions("kinesis").region,
    credentials: aws.clientOptions("kinesis").credentials,
    endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
  });
  await putLines(linesOf(records, seed), { client: kinesis, stream: STREAM, onPlaced: () => undefined });
  await untilSettled(connector, records);
  const seconds = (performance.now() - startMs) / 1000;
  const fired = aws.faults.list().reduce((sum, { fired }) => sum + fired, 0);
  aws.faults.clear();

  const [totals] = await aws.redshift.query(TOTALS_SQL);
  const [ledger] = await aws.redshift.query("SELECT COUNT(*) AS loads FROM kc_ledger");
  kinesis.destroy();
  return {
    put: totalsOf(ordersOf(records, seed)),
    landed: totalsFrom(totals),
    loads: Number(ledger?.["loads"]),
    faults: fired,
    seconds,
    rawCopySeconds: await rawCopySeconds(aws, BUCKET),
  };
}

function* linesOf(records: number, seed: number): Generator<Uint8Array, void> {
  for (const order of ordersOf(records, seed)) yield Buffer.from(JSON.stringify(order));
}
