import { type Batch, type BufferEntry, type Position, invalidOption } from "@kinesis-connectors/core";
import { encodedIn } from "./encoding/encoded-objects.js";
import { MAX_KEY_BYTES, MAX_NAME_BYTES, MAX_PARTS } from "./limits.js";
import { PositionsHash } from "./objects/positions-hash.js";

/** One object of a plan. A type and not an interface, so that it is plain JSON to the lease row. */
export type S3PlannedObject = {
  readonly key: string;
  /** Entries in the object. */
  readonly recordCount: number;
  /** SHA-256 over the entries' positions, in hex: `idsSha256Of`. */
  readonly idsSha256: string;
};

/** The plan of a batch: one object per partition, or none for a batch without entries. */
export type S3Plan = {
  /** The objects, in the order in which their partitions appear. */
  readonly places: readonly S3PlannedObject[];
  /** The object of each entry, by its index in `places` (`object-indexes.ts`), where there are several. */
  readonly routes?: string;
  /** In a lease row only: the object that holds the whole plan, because it is long. */
  readonly spilledTo?: { readonly key: string; readonly sha256: string };
};

/**
 * The fields of a batch that its name is made of.
 * @inline
 */
export type NamedBatch = Pick<
  Batch<unknown>,
  "shardId" | "first" | "last" | "entries" | "encoded" | "isPicked"
>;

/** SHA-256 over the positions of entries, in order, in hex. */
export function idsSha256Of(entries: readonly BufferEntry<unknown>[]): string {
  const hash = new PositionsHash();
  for (const { record } of entries) hash.add(record);
  return hash.digest();
}

/**
 * `<first>-<last>` of a batch, as in its key. A sub-sequence number above 0 follows its end: `<first>-<last>.7`. Of a batch that holds some records of its
 * range only (dead letters that came again) `<first>-<last>-picked`: whoever looks for what is missing must not take the range for delivered.
 */
export function rangeNameOf(batch: Pick<NamedBatch, "first" | "last" | "isPicked">): string {
  return `${endName(batch.first)}-${endName(batch.last)}${batch.isPicked === true ? "-picked" : ""}`;
}

/** `<shardId>-<first>-<last>`: the name of an object in a folder that all shards share. */
export function shardRangeNameOf(batch: Pick<NamedBatch, "shardId" | "first" | "last" | "isPicked">): string {
  return `${batch.shardId}-${rangeNameOf(batch)}`;
}

/** `YYYY/MM/DD` in UTC of the first entry's arrival: of the records and never of the clock, so that a replay names it alike. */
export function dayOf(batch: NamedBatch): string {
  const time = arrivalOf(batch).toISOString();
  // Past the year 9999 the ISO form starts with a sign and six digits; such a time is damage and not a date.
  return `${time.slice(0, 4)}/${time.slice(5, 7)}/${time.slice(8, 10)}`;
}

/** `YYYY/MM/DD/HH/<shardId>/<first>-<last>`: the key between prefix and extension, unless the caller names it. */
export function defaultNameOf(batch: NamedBatch): string {
  return `${dayOf(batch)}/${arrivalOf(batch).toISOString().slice(11, 13)}/${batch.shardId}/${rangeNameOf(batch)}`;
}

/**
 * The caller's own name of an object. It must hold both ends of the range: two batches of a shard would meet at one key otherwise,
 * and the second could not be written.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function ownNameOf<Output>(batch: Batch<Output>, key: (batch: Batch<Output>) => string): string {
  const name = key(batch);
  if (typeof name !== "string") throw invalidOption(`key must return a text, but returned ${typeof name}`);
  if (!holdsRange(name, batch)) {
    throw invalidOption(
      `key must return a text that holds both ends of the batch (rangeNameOf(batch) gives "<first>-<last>"), or batches would share a key`,
    );
  }
  return name;
}

/**
 * Puts a key together and checks that every tool can address it: at most 1,024 bytes, no control characters, no lone surrogates, no
 * empty, `.` or `..` segments.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function objectKey(prefix: string, name: string, extension: string, option: string = "key"): string {
  const key = `${prefix === "" ? "" : `${prefix}/`}${name}${extension}`;
  const problem = problemOf(key);
  if (problem !== undefined) throw invalidOption(`${option} makes a key that ${problem}`);
  return key;
}

/**
 * The prefix without a slash at its end.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function checkedPrefix(prefix: string, option: string = "prefix"): string {
  if (typeof prefix !== "string") throw invalidOption(`${option} must be a text`);
  const trimmed = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  if (trimmed === "") {
    if (prefix === "") return "";
    throw invalidOption(`${option} must not be a lone slash; leave it out to write at the top of the bucket`);
  }
  const problem = problemOf(trimmed);
  if (problem !== undefined) throw invalidOption(`${option} ${problem}`);
  if (Buffer.byteLength(trimmed) > MAX_KEY_BYTES - MAX_NAME_BYTES) {
    throw invalidOption(
      `${option} has ${Buffer.byteLength(trimmed)} bytes; with more than ${MAX_KEY_BYTES - MAX_NAME_BYTES} no key would fit`,
    );
  }
  return trimmed;
}

/** The byte ranges of the parts of an object. Parts grow where the object would need more than 10,000 of them. */
export function splitIntoParts(
  objectBytes: number,
  partBytes: number,
): readonly { readonly partNumber: number; readonly start: number; readonly end: number }[] {
  const size = Math.max(partBytes, Math.ceil(objectBytes / MAX_PARTS));
  const parts: { partNumber: number; start: number; end: number }[] = [];
  for (let start = 0; start < objectBytes; start += size) {
    parts.push({ partNumber: parts.length + 1, start, end: Math.min(start + size, objectBytes) });
  }
  return parts;
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

function problemOf(key: string): string | undefined {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    return `has ${Buffer.byteLength(key)} bytes, but S3 takes ${MAX_KEY_BYTES}`;
  }
  if (CONTROL_CHARACTER.test(key)) return "holds a control character";
  if (LONE_SURROGATE.test(key)) return "is not valid Unicode";
  for (const segment of key.split("/")) {
    if (segment === "") return "has an empty segment (a slash at an end, or two in a row)";
    if (segment === "." || segment === "..") return `has a segment "${segment}", which file tools resolve`;
  }
  return undefined;
}

/** Both ends appear, one after the other, neither as a piece of a longer number. */
function holdsRange(name: string, batch: Pick<NamedBatch, "first" | "last">): boolean {
  const first = endName(batch.first);
  const afterFirst = indexOfNumber(name, first, 0) + first.length;
  return afterFirst >= first.length && indexOfNumber(name, endName(batch.last), afterFirst) !== -1;
}

function indexOfNumber(name: string, end: string, from: number): number {
  for (let at = name.indexOf(end, from); at !== -1; at = name.indexOf(end, at + 1)) {
    const before = name[at - 1] ?? "";
    const after = name.slice(at + end.length);
    if (!/[\d.]/.test(before) && !/^\d|^\.\d/.test(after)) return at;
  }
  return -1;
}

function endName(position: Position): string {
  return position.subSequenceNumber > 0
    ? `${position.sequenceNumber}.${position.subSequenceNumber}`
    : position.sequenceNumber;
}

/** When the record of the first output arrived. */
export function arrivalOf(batch: NamedBatch): Date {
  const arrivalTimeMs = encodedIn(batch)?.arrivalTimeMs ?? batch.entries[0]?.record.arrivalTimeMs ?? 0;
  // A damaged time must not make the batch impossible to name: it is filed under 1970.
  const inRange = arrivalTimeMs >= 0 && arrivalTimeMs < Date.UTC(10_000, 0);
  return new Date(inRange ? arrivalTimeMs : 0);
}
