/** Rows that another one is held against, by the names of their variants; of the same set, over the same transport. */
export interface Comparison {
  /** What the network alone can do. */
  readonly raw?: string;
  /** What V8 does with the same records in memory. */
  readonly floor?: string;
  /** The SDK's row for the same work. */
  readonly sdk?: string;
  /** kinesis-consumer's. */
  readonly go?: string;
}

const READ: Comparison = { raw: "raw-socket", sdk: "sdk" };
const PARSED: Comparison = { floor: "floor-parse", sdk: "sdk-parse", go: "go-parse" };
const POLL: Comparison = { sdk: "sdk-idle-poll" };

/** By the names of variants. A row that is not here stands alone. */
export const COMPARISONS: Readonly<Record<string, Comparison>> = {
  sdk: { raw: "raw-socket", go: "go-read" },
  "sdk-as-installed": READ,
  "protocol-cbor": READ,
  "protocol-json": READ,
  "sdk-fan-out": { sdk: "sdk-fan-out" },
  "sdk-parse": { floor: "floor-parse", go: "go-parse" },
  "lifion-parse": { floor: "floor-parse" },
  "kcl-read": { ...READ, go: "go-read" },
  "kcl-parse": PARSED,
  "go-read": READ,
  "go-parse": { floor: "floor-parse", sdk: "sdk-parse" },
  read: { ...READ, go: "go-read" },
  "read-first": { go: "go-read-first" },
  "read-own-http": READ,
  "read-undici": READ,
  "fan-out": { sdk: "sdk-fan-out" },
  "pass-through": { ...READ, floor: "floor-copy" },
  telemetry: { ...READ, floor: "floor-copy" },
  "read-parse": PARSED,
  "read-pick": PARSED,
  filter: PARSED,
  pick: PARSED,
  transform: { floor: "floor-transform" },
  "idle-poll": POLL,
  "idle-poll-own-http": POLL,
  "idle-poll-undici": POLL,
  "sdk-idle-poll-as-installed": POLL,
  "emit-kinesis": { sdk: "sdk-put-records" },
  "emit-kinesis-ordered": { sdk: "sdk-put-records" },
  "emit-dynamodb": { sdk: "sdk-batch-write" },
  "emit-dynamodb-guarded": { sdk: "sdk-put-item" },
  "put-object": { sdk: "sdk-put-object" },
  "filter-s3-gzip-6": { go: "go-objects" },
};
