// The code that the README opens with; readme.test.ts keeps the two the same.
import {
  definePipeline,
  type Emitter,
  json,
  processShard,
  ByteBudget,
  systemClock,
  systemRandom,
} from "../src/index.js";

const landed = new Map<string, { id: string; total: number }>();
const emitter: Emitter<{ id: string; total: number }> = {
  capabilities: { duplicates: "none", ordering: "shard" },
  emit: async ({ entries }) => {
    for (const { record, output } of entries) landed.set(record.sequenceNumber, output);
    return { failed: [] };
  },
};

const orders = definePipeline({
  transformer: json<{ id: string; total: number }>(),
  filter: (order) => order.total > 0,
  buffer: { maxRecords: 500, maxBytes: 4 * 1024 * 1024, maxAgeMs: 30_000 },
  emitter,
});

// A shard of three records that ends after them. The consumer package gives you real ones, with a lease table behind the checkpoint.
const records = [30, 0, 12].map((total, index) => ({
  sequenceNumber: `${index + 1}`,
  subSequenceNumber: 0,
  partitionKey: "customer-1",
  arrivalTimeMs: Date.UTC(2026, 0, 1, 0, 0, index),
  data: new TextEncoder().encode(JSON.stringify({ id: `order-${index}`, total })),
}));
const page = { records, bytes: 100, millisBehindLatest: 0, shardEnd: { childShards: [] } };

const outcome = await processShard(orders, {
  application: "orders-to-memory",
  stream: "orders",
  shardId: "shardId-000000000000",
  source: { open: () => ({ next: async () => page, close: async () => undefined }) },
  checkpointer: {
    load: async () => ({ checkpoint: undefined, pending: undefined }),
    prepare: async () => undefined,
    commit: async ({ sequenceNumber }) => console.log("checkpoint", sequenceNumber),
  },
  initialPosition: { type: "trim-horizon" },
  clock: systemClock,
  random: systemRandom,
  budget: new ByteBudget(64 * 1024 * 1024),
  observe: () => undefined,
  stopSignal: new AbortController().signal,
  abortSignal: new AbortController().signal,
});
console.log(outcome.type, [...landed.values()]); // shard-end, the two orders with a total
