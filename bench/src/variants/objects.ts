import {
  definePipeline,
  type Emitter,
  json,
  MiB,
  silentLogger,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import { gzip, ndjson, raw, s3Emitter, type S3EmitterOptions } from "@kinesis-connectors/s3";
import type { Order } from "../data/documents.js";
import { batchesOf, OBJECT } from "../data/ready-batches.js";
import { connect } from "../rows/connect.js";
import {
  CREDENTIALS,
  endpointOf,
  type Job,
  REGION,
  REQUESTS_WARM_UP_MS,
  type Variant,
} from "../rows/variant.js";

const COMMON: Pick<Variant, "section" | "kind" | "transports"> = {
  section: "objects",
  kind: "ours",
  transports: ["clear"],
};

/** All objects go to the canned server, which takes everything. */
function toServer(
  job: Job,
): Pick<
  S3EmitterOptions<Uint8Array>,
  | "bucket"
  | "region"
  | "credentials"
  | "endpoint"
  | "forcePathStyle"
  | "conditionalWrites"
  | "multipartAboveBytes"
> {
  return {
    bucket: "bench",
    region: REGION,
    credentials: CREDENTIALS,
    endpoint: endpointOf(job),
    forcePathStyle: true,
    conditionalWrites: "trusted",
    // The server knows no uploads in parts.
    multipartAboveBytes: 64 * MiB,
  };
}

/** Lines in each object of the rows that hold a peer beside ours. */
const OBJECT_BYTES = 8 * MiB;

const isPaid = ({ status }: Order): boolean => status === "paid";

/** The work that is done by most: documents parsed and filtered, their bytes as compressed lines. */
function filterToS3(level: 1 | 6): Variant {
  return {
    ...COMMON,
    name: `filter-s3-gzip-${level}`,
    label: `connector: parse, filter, original bytes, gzip -${level}, objects of 8 MiB of lines put`,
    unit: "record",
    sets: ["varied"],
    run: (job) => {
      const emitter = s3Emitter<Uint8Array>({ ...toServer(job), format: ndjson(), compression: gzip(level) });
      const pipeline = definePipeline({
        transformer: json<Order>().original(),
        filter: isPaid,
        buffer: { maxRecords: 10_000_000, maxBytes: OBJECT_BYTES, maxAgeMs: 600_000 },
        emitter: complete(emitter, () => undefined),
      });
      return connect(job, pipeline, { countPages: (records) => job.meter.page(records) });
    },
  };
}

/** Batches of 10,000 records that are kept, spread over so many folders: an object each. */
function partitioned(partitions: number): Variant {
  return {
    ...COMMON,
    name: `partitions-${partitions}`,
    label: `connector: the same, gzip -1, batches of 10,000 in ${partitions} partition${partitions === 1 ? "" : "s"}`,
    unit: "record",
    sets: ["varied-one-shard"],
    run: (job) => {
      const emitter = s3Emitter<Uint8Array>({
        ...toServer(job),
        format: ndjson(),
        compression: gzip(1),
        partition: (_, { sequenceNumber }) => ({ part: Number(sequenceNumber.slice(-8)) % partitions }),
        maxPartitions: 1_000,
      });
      const pipeline = definePipeline({
        transformer: json<Order>().original(),
        filter: isPaid,
        buffer: { maxRecords: 10_000 },
        emitter: complete(emitter, (records) => job.meter.page(records)),
      });
      return connect(job, pipeline);
    },
  };
}

/** The emitter, which must write everything: told of the records of each batch once they are written. */
function complete<Output, Plan>(
  emitter: Emitter<Output, Plan>,
  written: (records: number) => void,
): Emitter<Output, Plan> {
  return {
    ...emitter,
    emit: async (batch, context) => {
      const result = await emitter.emit(batch, context);
      if (result.failed.length > 0)
        throw new Error("an entry was not written, so nothing can be said of the speed");
      written(batch.recordCount);
      return result;
    },
  };
}

/** The emitter alone, one object of 64 KiB in each batch. */
const putObject: Variant = {
  ...COMMON,
  name: "put-object",
  label: "emitter alone: one object of 64 KiB",
  unit: "object",
  sets: ["uniform"],
  warmUpCpuMs: REQUESTS_WARM_UP_MS,
  run: async (job) => {
    const emitter = s3Emitter<Uint8Array>({ ...toServer(job), format: raw() });
    const context = {
      attempt: 1,
      inherited: false,
      signal: new AbortController().signal,
      logger: silentLogger,
      clock: systemClock,
      random: systemRandom,
    };
    for await (const { batch } of batchesOf(emitter, [OBJECT], [OBJECT], 1)) {
      const plan = emitter.plan?.(batch);
      if (plan === undefined) throw new Error("the emitter has no plan");
      const { failed } = await emitter.emit(batch, { ...context, plan });
      if (failed.length > 0) throw new Error("the object was refused, so nothing can be said of the speed");
      if (!job.meter.page(1)) break;
    }
    await emitter.close?.();
  },
};

export const variants: readonly Variant[] = [
  putObject,
  filterToS3(1),
  filterToS3(6),
  partitioned(1),
  partitioned(1_000),
];
