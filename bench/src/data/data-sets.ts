import { createAggregator } from "@kinesis-connectors/wire";
import { document, type Form, seeded, word } from "./documents.js";

/** What the shards of a set hold. */
export interface SetShape {
  readonly form: Form;
  /** Of a document, on average. */
  readonly bytes: number;
  /** Documents in each answer. */
  readonly perPage: number;
  readonly shards: number;
  readonly isAggregated?: boolean;
}

const VARIED: SetShape = { form: "varied", bytes: 200, perPage: 10_000, shards: 4 };
const UNIFORM: SetShape = { form: "uniform", bytes: 200, perPage: 10_000, shards: 1 };

/** Names of the sets of records that are read. */
export type SetName =
  | "varied"
  | "varied-1000"
  | "varied-100"
  | "varied-10"
  | "varied-one-shard"
  | "nested"
  | "uniform"
  | "1kb"
  | "aggregated"
  | "idle"
  | "idle-64";

const SHAPES: Readonly<Record<SetName, SetShape>> = {
  varied: VARIED,
  "varied-1000": { ...VARIED, perPage: 1_000 },
  "varied-100": { ...VARIED, perPage: 100 },
  "varied-10": { ...VARIED, perPage: 10 },
  "varied-one-shard": { ...VARIED, shards: 1 },
  nested: { ...VARIED, form: "nested" },
  uniform: UNIFORM,
  "1kb": { ...UNIFORM, bytes: 1_024, perPage: 1_000, shards: 16 },
  aggregated: { ...UNIFORM, perPage: 42 * 240, isAggregated: true },
  idle: { ...UNIFORM, perPage: 0 },
  "idle-64": { ...UNIFORM, perPage: 0, shards: 64 },
};

// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const SET_NAMES: readonly SetName[] = Object.keys(SHAPES) as SetName[];

/** One record as the stream keeps it. */
export interface StoredRecord {
  readonly partitionKey: string;
  readonly data: Buffer;
}

/** What one answer of the canned server holds. */
export interface DataPage {
  /** What producers put: JSON documents. Rates count these. */
  readonly userRecords: readonly Buffer[];
  /** What the stream keeps of them: the same, or aggregates. */
  readonly stored: readonly StoredRecord[];
}

/** A set, and one page of it: the first one of its first shard. */
export interface DataSet extends SetShape, DataPage {
  readonly name: SetName;
}

/** Makes a set. The same at every call, in every process: the server and its checkers do not have to tell each other anything. */
export function dataSet(name: SetName): DataSet {
  return { name, ...shapeOf(name), ...dataPage(name, 0, 0) };
}

const USER_RECORDS_PER_AGGREGATE = 240;

/** The n-th page of a shard. */
export function dataPage(name: SetName, shard: number, page: number): DataPage {
  const { form, bytes, perPage, isAggregated } = shapeOf(name);
  // One form, one page, whatever the shard.
  const nth = form === "uniform" ? 0 : 977 * page + 31 * shard;
  const next = seeded(20_251 + nth + bytes);
  const userRecords = Array.from({ length: perPage }, (_, index) =>
    document(form, page * perPage + index, bytes, next),
  );
  if (isAggregated === true) return { userRecords, stored: aggregated(userRecords) };
  const keyOf = form === "uniform" ? usualKey : () => `${word(next)}-${Math.floor(next() * 1e6)}`;
  return {
    userRecords,
    stored: userRecords.map((data, index) => ({ partitionKey: keyOf(index), data })),
  };
}

/** Bytes of documents that all shards together give before the first of them comes again. */
const DISTINCT_BYTES = 24_000_000;
const MAX_DISTINCT_PAGES = 8;

/**
 * How many different pages each shard gives before they come again: several, because neither caches nor predictions should know them by heart. Sets of
 * one form have one, as ever.
 */
export function distinctPages(name: SetName): number {
  const { form, bytes, perPage, shards } = shapeOf(name);
  if (form === "uniform") return 1;
  return Math.max(2, Math.min(MAX_DISTINCT_PAGES, Math.floor(DISTINCT_BYTES / shards / (bytes * perPage))));
}

/** What the shards of a set hold. */
export function shapeOf(name: SetName): SetShape {
  return SHAPES[name];
}

function usualKey(index: number): string {
  return `customer-${index % 997}`;
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
