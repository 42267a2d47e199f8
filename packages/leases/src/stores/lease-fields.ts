import type { Position } from "@kinesis-connectors/core";
import type { Lease, LeaseCheckpoint, PendingCheckpoint, Sentinel, StreamIdentity } from "../lease.js";

/** The fields of a row, for stores that keep texts by name. What is undefined in a lease is absent. */
export type LeaseField =
  | "owner"
  | "counter"
  | "ownerSwitches"
  | "checkpoint"
  | "pendingCheckpoint"
  | "pendingState"
  | "parentShardIds"
  | "childShardIds"
  | "hashKeyRange"
  | "checkpointOwner"
  | "startTimestampMs"
  | "readThroughMs"
  | "protocolOwner"
  | "stream"
  | "untilMs"
  | "pausedMs"
  | "pausedBy"
  | "pauseDoneMs"
  | "throughputKBps";

/**
 * A row as texts: numbers in decimals, a checkpoint as `<sequence number>.<sub-sequence number>` or its sentinel, bytes in base64, lists and pairs as JSON.
 * Texts alone come back from every store as they went in; numbers of 53 bits and empty lists do not.
 */
export type LeaseFields = Readonly<Partial<Record<LeaseField, string>>>;

/** The fields of a row; its key is not among them. */
export function leaseFields(lease: Lease): LeaseFields {
  const { pending, stream, hashKeyRange } = lease;
  return present({
    owner: lease.owner,
    counter: `${lease.counter}`,
    ownerSwitches: `${lease.ownerSwitches}`,
    checkpoint: checkpointText(lease.checkpoint),
    ...pendingFields(pending),
    parentShardIds: JSON.stringify(lease.parentShardIds),
    childShardIds: JSON.stringify(lease.childShardIds),
    hashKeyRange: hashKeyRange && JSON.stringify(hashKeyRange),
    checkpointOwner: lease.checkpointOwner,
    startTimestampMs: text(lease.startTimestampMs),
    readThroughMs: text(lease.readThroughMs),
    protocolOwner: lease.protocolOwner,
    stream: stream && streamText(stream),
    untilMs: text(lease.untilMs),
    pausedMs: text(lease.pausedMs),
    pausedBy: lease.pausedBy,
    pauseDoneMs: text(lease.pauseDoneMs),
    throughputKBps: text(lease.throughputKBps),
  });
}

/**
 * The row that fields hold.
 * @throws Error that says what is wrong with them, without what they hold
 */
export function leaseOfFields(leaseKey: string, fields: Readonly<Record<string, unknown>>): Lease {
  const read = (name: LeaseField): string | undefined => {
    const value = fields[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") throw new Error(`${name} is no text`);
    return value;
  };
  const number = (name: LeaseField): number | undefined => {
    const value = read(name);
    if (value === undefined) return undefined;
    const parsed = value === "" ? Number.NaN : Number(value);
    if (!Number.isFinite(parsed) || parsed < 0) throw new Error(`${name} is no number`);
    return parsed;
  };
  const time = <Name extends LeaseField>(name: Name): { readonly [Field in Name]?: number } => {
    const value = number(name);
    return value === undefined ? {} : ({ [name]: value } as { readonly [Field in Name]: number });
  };
  const counter = number("counter");
  if (!Number.isSafeInteger(counter)) throw new Error("counter is no whole number");
  const stream = read("stream");
  const pausedBy = read("pausedBy");
  return {
    leaseKey,
    owner: read("owner"),
    counter: counter ?? 0,
    ownerSwitches: number("ownerSwitches") ?? 0,
    checkpoint: checkpointOf("checkpoint", read("checkpoint")),
    pending: pendingOf(read("pendingCheckpoint"), read("pendingState")),
    parentShardIds: listOf("parentShardIds", read("parentShardIds")),
    childShardIds: listOf("childShardIds", read("childShardIds")),
    hashKeyRange: hashKeyRangeOf(read("hashKeyRange")),
    checkpointOwner: read("checkpointOwner"),
    startTimestampMs: number("startTimestampMs"),
    readThroughMs: number("readThroughMs"),
    protocolOwner: read("protocolOwner"),
    ...(stream === undefined ? {} : { stream: streamOf(stream) }),
    ...time("untilMs"),
    ...time("pausedMs"),
    ...(pausedBy === undefined ? {} : { pausedBy }),
    ...time("pauseDoneMs"),
    ...time("throughputKBps"),
  };
}

/** The fields of what is prepared; both absent where nothing is. */
export function pendingFields(
  pending: PendingCheckpoint | undefined,
): Partial<Record<LeaseField, string | undefined>> {
  return {
    pendingCheckpoint: pending && checkpointText(pending.checkpoint),
    pendingState: pending?.state && Buffer.from(pending.state).toString("base64"),
  };
}

/** A checkpoint as the text of its field. */
export function checkpointText(checkpoint: LeaseCheckpoint): string {
  return typeof checkpoint === "string"
    ? checkpoint
    : `${checkpoint.sequenceNumber}.${checkpoint.subSequenceNumber}`;
}

/** A stream as the text of its field. */
export function streamText({ streamArn, createdMs }: StreamIdentity): string {
  return JSON.stringify({ streamArn, createdMs });
}

function text(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${value}`;
}

function present(fields: Partial<Record<LeaseField, string | undefined>>): LeaseFields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const SENTINELS: ReadonlySet<string> = new Set<Sentinel>([
  "TRIM_HORIZON",
  "LATEST",
  "AT_TIMESTAMP",
  "SHARD_END",
]);

function checkpointOf(name: LeaseField, value: string | undefined): LeaseCheckpoint {
  if (value === undefined) throw new Error(`${name} is missing`);
  if (SENTINELS.has(value)) return value as Sentinel;
  const [, sequenceNumber, sub] = /^(\d+)\.(\d+)$/.exec(value) ?? [];
  if (sequenceNumber === undefined) throw new Error(`${name} is no checkpoint`);
  const position: Position = { sequenceNumber, subSequenceNumber: Number(sub) };
  return position;
}

function pendingOf(checkpoint: string | undefined, state: string | undefined): PendingCheckpoint | undefined {
  if (checkpoint === undefined) return undefined;
  return {
    checkpoint: checkpointOf("pendingCheckpoint", checkpoint),
    state: state === undefined ? undefined : Uint8Array.from(Buffer.from(state, "base64")),
  };
}

function listOf(name: LeaseField, value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  const list = parsed(name, value);
  if (Array.isArray(list) && list.every((item) => typeof item === "string")) return list;
  throw new Error(`${name} is no list of texts`);
}

function hashKeyRangeOf(value: string | undefined): Lease["hashKeyRange"] {
  if (value === undefined) return undefined;
  const { startingHashKey, endingHashKey } = pairOf("hashKeyRange", value);
  if (typeof startingHashKey !== "string" || typeof endingHashKey !== "string")
    throw new Error("hashKeyRange is no range");
  return { startingHashKey, endingHashKey };
}

function streamOf(value: string): StreamIdentity {
  const { streamArn, createdMs } = pairOf("stream", value);
  if (typeof streamArn !== "string") throw new Error("stream is no stream");
  return { streamArn, createdMs: typeof createdMs === "number" ? createdMs : undefined };
}

function pairOf(name: LeaseField, value: string): Readonly<Record<string, unknown>> {
  const pair = parsed(name, value);
  if (typeof pair === "object" && pair !== null) return pair as Readonly<Record<string, unknown>>;
  throw new Error(`${name} is no object`);
}

function parsed(name: LeaseField, value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    // V8 quotes what it could not read.
    throw new Error(`${name} is no JSON`);
  }
}
