import { createAggregator } from "@kinesis-connectors/wire";

/** Names of the sets of records that are read: 200 B, 1 KB, aggregates of 200 B, one record per answer, and answers without records. */
export type SetName = "200b" | "1kb" | "aggregated" | "single" | "idle";

export const SET_NAMES: readonly SetName[] = ["200b", "1kb", "aggregated", "single", "idle"];

/** One record as the stream keeps it. */
export interface StoredRecord {
  readonly partitionKey: string;
  readonly data: Buffer;
}

/** What one answer of the canned server holds. */
export interface DataSet {
  readonly name: SetName;
  /** What producers put: JSON documents. Rates count these. */
  readonly userRecords: readonly Buffer[];
  /** What the stream keeps of them: the same, or aggregates. */
  readonly stored: readonly StoredRecord[];
}

/** The document in each record. */
export interface Order {
  readonly id: number;
  readonly status: "paid" | "open";
  readonly customer: string;
  readonly total: number;
  readonly note: string;
}

const SYLLABLES = ["ka", "ne", "sis", "tor", "mi", "lo", "ran", "dev", "pu", "shi", "en", "gar", "el", "wo"];

const COUNTS: Readonly<Record<SetName, number>> = {
  "200b": 10_000,
  "1kb": 1_000,
  aggregated: 42 * 240,
  single: 1,
  idle: 0,
};
const USER_RECORDS_PER_AGGREGATE = 240;

/** Makes a set. The same at every call, in every process: the server and its checkers do not have to tell each other anything. */
export function dataSet(name: SetName): DataSet {
  const next = seeded(20_251 + name.length);
  const documentBytes = name === "1kb" ? 1024 : 200;
  const userRecords = Array.from({ length: COUNTS[name] }, (_, id) => document(id, documentBytes, next));
  return { name, userRecords, stored: name === "aggregated" ? aggregated(userRecords) : plain(userRecords) };
}

/** Documents of 200 bytes without end, none like another. The same seed gives the same. */
export function* documents(seed: number): Generator<Buffer, never> {
  const next = seeded(seed);
  for (let id = 0; ; id += 1) yield document(id, 200, next);
}

/** Words and not repetitions, because those flatter compressors and the interning of strings. */
function document(id: number, bytes: number, next: () => number): Buffer {
  const order: Order = {
    id,
    status: next() < 0.5 ? "paid" : "open",
    customer: word(next),
    total: Math.floor(next() * 1e6) / 100,
    note: "",
  };
  const missing = bytes - JSON.stringify(order).length;
  let note = word(next);
  while (note.length < missing) note += ` ${word(next)}`;
  return Buffer.from(JSON.stringify({ ...order, note: note.slice(0, missing) }));
}

function word(next: () => number): string {
  const syllables = 2 + Math.floor(next() * 3);
  let text = "";
  for (let index = 0; index < syllables; index += 1)
    text += SYLLABLES[Math.floor(next() * SYLLABLES.length)] ?? "";
  return text;
}

function plain(userRecords: readonly Buffer[]): StoredRecord[] {
  return userRecords.map((data, index) => ({ partitionKey: `customer-${index % 997}`, data }));
}

function aggregated(userRecords: readonly Buffer[]): StoredRecord[] {
  const aggregator = createAggregator({ maxBytes: 1_000_000, maxRecords: USER_RECORDS_PER_AGGREGATE });
  const stored: StoredRecord[] = [];
  for (const [index, data] of userRecords.entries()) {
    const full = aggregator.add({ partitionKey: `customer-${index % 97}`, data });
    if (full !== undefined) stored.push({ partitionKey: full.partitionKey, data: Buffer.from(full.data) });
  }
  const rest = aggregator.flush();
  if (rest !== undefined) stored.push({ partitionKey: rest.partitionKey, data: Buffer.from(rest.data) });
  return stored;
}

/** mulberry32, a well-known generator of 32 bits: fixed, because two processes must make the same records. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
