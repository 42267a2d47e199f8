import { MiB, silentLogger, systemClock, systemRandom } from "@kinesis-connectors/core";
import { parquet, type ParquetOptions } from "@kinesis-connectors/parquet";
import {
  type Compression,
  delimited,
  type Format,
  gzip,
  ndjson,
  raw,
  s3Emitter,
  zstd,
} from "@kinesis-connectors/s3";
import type { DataSet } from "../data/data-sets.js";
import type { Order } from "../data/documents.js";
import { lines, parsed } from "../data/expected.js";
import { csv, gunzipped, linesOfParquet, unzstd } from "../data/expected-objects.js";
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

/** A set's page comes so often in a batch: 100,000 rows of 200 bytes, so that what a format holds shows beside what every process holds. */
const PAGES = 10;

/**
 * A row of the table: batches that are ready become objects, and the objects are put to a server that takes everything. Reading, parsing and the
 * checkpoint are left out.
 */
function row<Output>(way: Way<Output>): Variant {
  return {
    name: `format-${way.name}`,
    label: `objects: ${way.label}`,
    section: "formats",
    kind: "ours",
    unit: "row",
    sets: ["uniform"],
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
  for await (const { batch, payloads } of batchesOf(emitter, set.userRecords, way.outputs(set), PAGES)) {
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

const parsedAll = ({ userRecords }: DataSet): readonly Order[] => userRecords.map(parsed);
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
    outputs: parsedAll,
    format: () => parquet<Order>({ ...options, compression }),
    expected: lines,
    decode: linesOfParquet,
  });

const lineRow = (
  name: string,
  label: string,
  compression: Compression | undefined,
  decode: Way<unknown>["decode"],
): Variant =>
  row<unknown>({
    name: `ndjson-${name}`,
    label: `NDJSON of models, ${label}`,
    outputs: parsedAll,
    format: ndjson,
    ...(compression === undefined ? {} : { compression }),
    expected: lines,
    decode,
  });

export const variants: readonly Variant[] = [
  lineRow("none", "none", undefined, same),
  lineRow("gzip-1", "gzip -1", gzip(1), gunzipped),
  lineRow("gzip-6", "gzip -6", gzip(6), gunzipped),
  lineRow("zstd", "zstd -3", zstd(3), unzstd),
  row<Order>({
    name: "delimited-none",
    label: "CSV of models, none",
    outputs: parsedAll,
    format: () => delimited<Order>({ columns: ["id", "status", "customer", "total", "note"] }),
    expected: csv,
    decode: same,
  }),
  row<Uint8Array>({
    name: "raw-none",
    label: "bytes with a separator, none",
    outputs: asBytes,
    format: raw,
    expected: lines,
    decode: same,
  }),
  parquetRow("declared", "snappy", SCHEMA),
  parquetRow("declared", "zstd", SCHEMA),
  parquetRow("inferred", "snappy", { infer: true }),
];
