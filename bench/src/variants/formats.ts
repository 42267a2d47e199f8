import { MiB, silentLogger, systemClock, systemRandom } from "@kinesis-connectors/core";
import { parquet, type ParquetOptions } from "@kinesis-connectors/parquet";
import {
  type Compression,
  delimited,
  type Format,
  gzip,
  lengthPrefixed,
  ndjson,
  raw,
  s3Emitter,
  zstd,
} from "@kinesis-connectors/s3";
import type { DataSet, Order } from "../data/data-sets.js";
import { lines } from "../data/expected.js";
import { csv, gunzipped, lengthPrefixedRecords, linesOfParquet, unzstd } from "../data/expected-objects.js";
import { batchesOf } from "../data/ready-batches.js";
import { startTaker } from "../pipelines/taker.js";
import { CREDENTIALS, endpointOf, type Job, REGION, type Variant } from "../rows/variant.js";

/** What one row writes, and how its objects are read back for the check. */
interface Way<Output> {
  readonly name: string;
  readonly label: string;
  /** One output per record of the set. */
  readonly outputs: (set: DataSet) => readonly Output[];
  /** Made anew for each run: a format that finds its columns in the rows remembers them. */
  readonly format: () => Format<Output>;
  readonly compression?: Compression;
  /** The bytes that an object of the set's records holds once it is decoded. */
  readonly expected: (set: DataSet) => Buffer;
  readonly decode: (object: Buffer) => Promise<Buffer> | Buffer;
}

/**
 * A row of the table: batches that are ready become objects, and the objects are put to a server that takes everything. Reading, parsing and the
 * checkpoint are left out.
 */
function row<Output>(way: Way<Output>): Variant {
  return {
    name: `format-${way.name}`,
    label: `objects: ${way.label}`,
    kind: "ours",
    unit: "row",
    sets: ["200b"],
    transports: ["clear"],
    expected: way.expected,
    run: (job) => putObjects(way, job),
  };
}

async function putObjects<Output>(way: Way<Output>, job: Job): Promise<void> {
  const { meter, set } = job;
  await using taker = meter.isCollecting ? await startTaker() : undefined;
  const emitter = s3Emitter<Output>({
    bucket: "bench",
    format: way.format(),
    ...(way.compression === undefined ? {} : { compression: way.compression }),
    region: REGION,
    credentials: CREDENTIALS,
    endpoint: taker?.endpoint ?? endpointOf(job),
    forcePathStyle: true,
    // The server knows no uploads in parts.
    multipartAboveBytes: 64 * MiB,
  });
  const context = {
    attempt: 1,
    inherited: false,
    signal: new AbortController().signal,
    logger: silentLogger,
    clock: systemClock,
    random: systemRandom,
  };
  for await (const { batch, payloads } of batchesOf(emitter, set, way.outputs(set))) {
    const plan = emitter.plan?.(batch);
    if (plan === undefined) throw new Error("the emitter has no plan");
    const { failed } = await emitter.emit(batch, { ...context, plan });
    if (failed.length > 0) throw new Error("a row was refused, so nothing can be said of the speed");
    if (taker === undefined) for (const payload of payloads) meter.touch(payload);
    else for (const object of taker.take()) meter.touch(await way.decode(object));
    if (!meter.page(payloads.length)) break;
  }
  await emitter.close?.();
}

function parsed(set: DataSet): readonly Order[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return set.userRecords.map((record) => JSON.parse(record.toString()) as Order);
}

const same = (object: Buffer): Buffer => object;
const asBytes = ({ userRecords }: DataSet): readonly Uint8Array[] => userRecords;

const SCHEMA: ParquetOptions<Order> = {
  schema: { id: "int64", status: "string", customer: "string", total: "double", note: "string" },
};

const parquetRow = (
  columns: "declared" | "inferred",
  compression: "snappy" | "zstd",
  options: ParquetOptions<Order>,
): Variant =>
  row<Order>({
    name: `parquet-${compression}-${columns}`,
    label: `Parquet, ${compression}, columns ${columns}`,
    outputs: parsed,
    format: () => parquet<Order>({ ...options, compression }),
    expected: lines,
    decode: linesOfParquet,
  });

const lineRow = (
  compression: "none" | "gzip" | "zstd",
  made: Partial<Pick<Way<unknown>, "compression">>,
  decode: Way<unknown>["decode"],
): Variant =>
  row<unknown>({
    name: `ndjson-${compression}`,
    label: `NDJSON of models, ${compression}`,
    outputs: parsed,
    format: ndjson,
    ...made,
    expected: lines,
    decode,
  });

export const formats: readonly Variant[] = [
  lineRow("none", {}, same),
  lineRow("gzip", { compression: gzip() }, gunzipped),
  lineRow("zstd", { compression: zstd() }, unzstd),
  row<Order>({
    name: "delimited-none",
    label: "CSV of models, none",
    outputs: parsed,
    format: () => delimited<Order>({ columns: ["id", "status", "customer", "total", "note"] }),
    expected: csv,
    decode: same,
  }),
  row<Order>({
    name: "delimited-gzip",
    label: "CSV of models, gzip",
    outputs: parsed,
    format: () => delimited<Order>({ columns: ["id", "status", "customer", "total", "note"] }),
    compression: gzip(),
    expected: csv,
    decode: gunzipped,
  }),
  row<Uint8Array>({
    name: "raw-none",
    label: "bytes with a separator, none",
    outputs: asBytes,
    format: raw,
    expected: lines,
    decode: same,
  }),
  row<Uint8Array>({
    name: "length-prefixed-none",
    label: "bytes behind their length, none",
    outputs: asBytes,
    format: lengthPrefixed,
    expected: lengthPrefixedRecords,
    decode: same,
  }),
  parquetRow("declared", "snappy", SCHEMA),
  parquetRow("declared", "zstd", SCHEMA),
  parquetRow("inferred", "snappy", { infer: true }),
  parquetRow("inferred", "zstd", { infer: true }),
];
