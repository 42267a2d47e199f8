import { bytes, definePipeline, type Emitter, json } from "@kinesis-connectors/core";
import { dynamoDbEmitter } from "@kinesis-connectors/dynamodb";
import { kinesisEmitter } from "@kinesis-connectors/kinesis";
import { gzip, ndjson, s3Emitter } from "@kinesis-connectors/s3";
import type { Order } from "../data/data-sets.js";
import { filtered, lines, payloads, transform, transformed } from "../data/expected.js";
import { dropping } from "../pipelines/dropping.js";
import { linesEmitter } from "../pipelines/lines-emitter.js";
import { connect } from "../rows/connect.js";
import type { Meter } from "../rows/meter.js";
import { CREDENTIALS, endpointOf, REGION, type Variant } from "../rows/variant.js";

/** Another emitter, whose batches are counted once they are written. */
function counted<Output, Plan>(emitter: Emitter<Output, Plan>, meter: Meter): Emitter<Output, Plan> {
  return {
    ...emitter,
    emit: async (batch, context) => {
      const result = await emitter.emit(batch, context);
      if (result.failed.length > 0)
        throw new Error("an entry was not written, so nothing can be said of the speed");
      meter.page(batch.recordCount);
      return result;
    },
  };
}

const COMMON: Pick<Variant, "kind" | "unit" | "transports"> = {
  kind: "ours",
  unit: "record",
  transports: ["clear", "tls"],
};

const read: Variant = {
  ...COMMON,
  name: "read",
  label: "connector: records read and dropped",
  sets: ["200b", "1kb", "aggregated", "single"],
  expected: payloads,
  run: (job) => {
    const pipeline = definePipeline({
      transformer: dropping(job.meter),
      emitter: linesEmitter<Uint8Array>(job.meter),
    });
    return connect(job, pipeline, { countPages: (records) => job.meter.page(records) });
  },
};

const readParse: Variant = {
  ...COMMON,
  name: "read-parse",
  label: "connector: JSON.parse of each record, dropped",
  sets: ["200b", "1kb", "aggregated"],
  transports: ["clear"],
  expected: payloads,
  run: (job) => {
    const transformer = json<Order>();
    const filter = (order: Order): boolean => {
      job.meter.touchValue(order);
      return false;
    };
    const pipeline = definePipeline({ transformer, filter, emitter: linesEmitter<Order>(job.meter) });
    return connect(job, pipeline, { countPages: (records) => job.meter.page(records) });
  },
};

const passThrough: Variant = {
  ...COMMON,
  name: "pass-through",
  label: "connector: bytes to NDJSON, untouched",
  sets: ["200b", "1kb", "aggregated"],
  expected: lines,
  run: (job) =>
    connect(job, definePipeline({ transformer: bytes(), emitter: linesEmitter<Uint8Array>(job.meter) })),
};

const filterOnly: Variant = {
  ...COMMON,
  name: "filter",
  label: "connector: parse, filter, original bytes to NDJSON",
  sets: ["200b", "1kb"],
  expected: filtered,
  run: (job) => {
    const transformer = json<Order>().original();
    const filter = (order: Order): boolean => order.status === "paid";
    return connect(
      job,
      definePipeline({ transformer, filter, emitter: linesEmitter<Uint8Array>(job.meter) }),
    );
  },
};

const pick: Variant = {
  ...COMMON,
  name: "pick",
  label: "connector: one member picked, filter, original bytes",
  sets: ["200b", "1kb"],
  expected: filtered,
  run: (job) => {
    const transformer = json<Order>().pick("status").original();
    const filter = ({ status }: Pick<Order, "status">): boolean => status === "paid";
    return connect(
      job,
      definePipeline({ transformer, filter, emitter: linesEmitter<Uint8Array>(job.meter) }),
    );
  },
};

const fullTransform: Variant = {
  ...COMMON,
  name: "transform",
  label: "connector: parse, filter, map, stringify to NDJSON",
  sets: ["200b", "1kb"],
  expected: transformed,
  run: (job) => {
    const transformer = json<Order>().to(transform);
    const filter = ({ status }: Order): boolean => status === "paid" || status === "open";
    return connect(job, definePipeline({ transformer, filter, emitter: linesEmitter(job.meter) }));
  },
};

const toS3: Variant = {
  ...COMMON,
  name: "transform-s3",
  label: "connector: the same, gzip, put to the local S3",
  sets: ["200b"],
  transports: ["clear"],
  needsS3: true,
  run: (job) => {
    const s3 = s3Emitter({
      bucket: "bench",
      prefix: `round-${process.pid}`,
      format: ndjson(),
      compression: gzip(),
      region: REGION,
      credentials: CREDENTIALS,
      ...(job.s3 === undefined ? {} : { endpoint: job.s3 }),
    });
    const transformer = json<Order>().to<unknown>(transform);
    return connect(job, definePipeline({ transformer, emitter: counted(s3, job.meter) }));
  },
};

const fanOutRead: Variant = {
  ...COMMON,
  name: "fan-out",
  label: "connector: SubscribeToShard, read and dropped",
  sets: ["200b"],
  expected: payloads,
  run: (job) => {
    const pipeline = definePipeline({
      transformer: dropping(job.meter),
      emitter: linesEmitter<Uint8Array>(job.meter),
    });
    return connect(job, pipeline, { isFanOut: true, countPages: (records) => job.meter.page(records) });
  },
};

const toKinesis: Variant = {
  ...COMMON,
  name: "to-kinesis",
  label: "connector: read, put to Kinesis (no order asked for)",
  sets: ["200b"],
  transports: ["clear"],
  run: (job) => {
    const target = kinesisEmitter<Uint8Array>({
      stream: "target",
      ordering: "none",
      region: REGION,
      credentials: CREDENTIALS,
      endpoint: endpointOf(job),
    });
    return connect(job, definePipeline({ transformer: bytes(), emitter: counted(target, job.meter) }));
  },
};

const toDynamoDb: Variant = {
  ...COMMON,
  name: "to-dynamodb",
  label: "connector: read, parse, put to DynamoDB by batches of 25",
  sets: ["200b"],
  transports: ["clear"],
  run: (job) => {
    const table = dynamoDbEmitter<Order>({
      table: "bench",
      mode: "put",
      region: REGION,
      credentials: CREDENTIALS,
      endpoint: endpointOf(job),
    });
    return connect(job, definePipeline({ transformer: json<Order>(), emitter: counted(table, job.meter) }));
  },
};

const idlePoll: Variant = {
  ...COMMON,
  name: "idle-poll",
  label: "connector: poll of an idle shard",
  unit: "poll",
  sets: ["idle"],
  transports: ["tls"],
  run: (job) => {
    const pipeline = definePipeline({ transformer: bytes(), emitter: linesEmitter<Uint8Array>(job.meter) });
    return connect(job, pipeline, { countPages: () => job.meter.page(1) });
  },
};

export const connector: readonly Variant[] = [
  read,
  readParse,
  passThrough,
  filterOnly,
  pick,
  fullTransform,
  toS3,
  fanOutRead,
  toKinesis,
  toDynamoDb,
  idlePoll,
];
