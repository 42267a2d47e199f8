import { bytes, definePipeline, json } from "@kinesis-connectors/core";
import type { Order } from "../data/documents.js";
import { filtered, lines, payloads, transform, transformed } from "../data/expected.js";
import { dropping } from "../pipelines/dropping.js";
import { linesEmitter } from "../pipelines/lines-emitter.js";
import { connect } from "../rows/connect.js";
import { type Job, REQUESTS_WARM_UP_MS, type Variant } from "../rows/variant.js";

const COMMON: Pick<Variant, "kind" | "unit" | "transports"> = {
  kind: "ours",
  unit: "record",
  transports: ["clear"],
};

/** Everything is dropped, so what is counted are pages as they are read. */
const byPages = (job: Job) => ({ countPages: (records: number) => job.meter.page(records) });

function readAndDrop(job: Job, isFanOut: boolean = false): Promise<void> {
  const emitter = linesEmitter<Uint8Array>(job.meter);
  const pipeline = definePipeline({ transformer: dropping(job.meter), emitter });
  return connect(job, pipeline, { isFanOut, ...byPages(job) });
}

const read: Variant = {
  ...COMMON,
  name: "read",
  label: "connector: records read and dropped",
  section: "reading",
  sets: ["varied", "varied-one-shard", "varied-1000", "uniform", "aggregated"],
  expected: payloads,
  run: (job) => readAndDrop(job),
};

const readOverTls: Variant = { ...read, sets: ["varied"], transports: ["tls"] };

const readSmall: Variant = { ...read, section: "requests", sets: ["varied-100", "varied-10"] };

const readFirst: Variant = {
  ...readSmall,
  name: "read-first",
  label: "connector: the same in the first CPU-second behind the first answer",
  sets: ["varied-10"],
  warmUpCpuMs: 0,
};

const fanOut: Variant = {
  ...read,
  name: "fan-out",
  label: "connector: SubscribeToShard, read and dropped",
  sets: ["uniform"],
  run: (job) => readAndDrop(job, true),
};

const readParse: Variant = {
  ...COMMON,
  name: "read-parse",
  label: "connector: JSON.parse of each record, filter, dropped",
  section: "parsing",
  sets: ["varied", "nested", "uniform"],
  expected: payloads,
  run: (job) => {
    const filter = (order: Order): boolean => {
      job.meter.touchValue(order);
      return false;
    };
    const emitter = linesEmitter<Order>(job.meter);
    return connect(job, definePipeline({ transformer: json<Order>(), filter, emitter }), byPages(job));
  },
};

const readPick: Variant = {
  ...COMMON,
  name: "read-pick",
  label: "connector: one member picked, filter, dropped",
  section: "parsing",
  sets: ["varied", "nested"],
  run: (job) => {
    const filter = ({ status }: Pick<Order, "status">): boolean => {
      job.meter.touchText(status);
      return false;
    };
    const emitter = linesEmitter<Pick<Order, "status">>(job.meter);
    const transformer = json<Order>().pick("status");
    return connect(job, definePipeline({ transformer, filter, emitter }), byPages(job));
  },
};

const passThrough: Variant = {
  ...COMMON,
  name: "pass-through",
  label: "connector: bytes to NDJSON, untouched",
  section: "reading",
  sets: ["varied"],
  transports: ["clear", "tls"],
  // As long as the row with metrics, which is held against this one.
  warmUpCpuMs: REQUESTS_WARM_UP_MS,
  expected: lines,
  run: (job) =>
    connect(job, definePipeline({ transformer: bytes(), emitter: linesEmitter<Uint8Array>(job.meter) })),
};

const filterOnly: Variant = {
  ...COMMON,
  name: "filter",
  label: "connector: parse, filter, original bytes to NDJSON",
  section: "parsing",
  sets: ["varied"],
  expected: filtered,
  run: (job) => {
    const transformer = json<Order>().original();
    const filter = (order: Order): boolean => order.status === "paid";
    const emitter = linesEmitter<Uint8Array>(job.meter);
    return connect(job, definePipeline({ transformer, filter, emitter }));
  },
};

const pick: Variant = {
  ...COMMON,
  name: "pick",
  label: "connector: one member picked, filter, original bytes to NDJSON",
  section: "parsing",
  sets: ["varied"],
  expected: filtered,
  run: (job) => {
    const transformer = json<Order>().pick("status").original();
    const filter = ({ status }: Pick<Order, "status">): boolean => status === "paid";
    const emitter = linesEmitter<Uint8Array>(job.meter);
    return connect(job, definePipeline({ transformer, filter, emitter }));
  },
};

const fullTransform: Variant = {
  ...COMMON,
  name: "transform",
  label: "connector: parse, filter, map, stringify to NDJSON",
  section: "parsing",
  sets: ["varied"],
  transports: ["clear", "tls"],
  expected: transformed,
  run: (job) => {
    const transformer = json<Order>().to(transform);
    const filter = ({ status }: Order): boolean => status === "paid" || status === "open";
    return connect(job, definePipeline({ transformer, filter, emitter: linesEmitter(job.meter) }));
  },
};

const idlePoll: Variant = {
  ...COMMON,
  name: "idle-poll",
  label: "connector: poll of an idle shard",
  section: "requests",
  unit: "poll",
  sets: ["idle"],
  transports: ["tls"],
  run: (job) => {
    const pipeline = definePipeline({ transformer: bytes(), emitter: linesEmitter<Uint8Array>(job.meter) });
    return connect(job, pipeline, { countPages: () => job.meter.page(1) });
  },
};

export const variants: readonly Variant[] = [
  read,
  readOverTls,
  fanOut,
  passThrough,
  readSmall,
  readFirst,
  idlePoll,
  readParse,
  readPick,
  filterOnly,
  pick,
  fullTransform,
];
