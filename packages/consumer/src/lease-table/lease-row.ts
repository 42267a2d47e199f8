import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { compareSequenceNumbers } from "@kinesis-connectors/core";
import type {
  HashKeyRange,
  Lease,
  LeaseCheckpoint,
  NewLease,
  PendingCheckpoint,
  StreamIdentity,
} from "@kinesis-connectors/leases";

/** A row as DynamoDB hands it over. */
export type LeaseRow = Readonly<Record<string, AttributeValue>>;

/** What a row of the lease table is: one of our leases, something that belongs to others, or a lease that makes no sense. */
export type ParsedRow =
  | { readonly type: "lease"; readonly lease: Lease }
  | { readonly type: "foreign"; readonly key: string | undefined; readonly entityType: string | undefined }
  | { readonly type: "unreadable"; readonly key: string; readonly reason: string };

/** Attribute names of the KCL (amazon-kinesis-client `DynamoDBLeaseSerializer`), and ours, which begin with `kc`. */
export const ATTRIBUTE = {
  leaseKey: "leaseKey",
  owner: "leaseOwner",
  counter: "leaseCounter",
  ownerSwitches: "ownerSwitchesSinceCheckpoint",
  checkpoint: "checkpoint",
  checkpointSub: "checkpointSubSequenceNumber",
  pending: "pendingCheckpoint",
  pendingSub: "pendingCheckpointSubSequenceNumber",
  pendingState: "pendingCheckpointState",
  parentShardIds: "parentShardId",
  childShardIds: "childShardIds",
  startingHashKey: "startingHashKey",
  endingHashKey: "endingHashKey",
  checkpointOwner: "checkpointOwner",
  entityType: "entityType",
  throughputKBps: "throughputKBps",
  streamName: "streamName",
  startTimestampMs: "kcStartTimestampMs",
  readThroughMs: "kcReadThroughMs",
  protocolOwner: "kcOwner",
  stream: "kcStream",
  untilMs: "kcUntilMs",
  pausedMs: "kcPausedMs",
  pausedBy: "kcPausedBy",
  pauseDoneMs: "kcPauseDoneMs",
} as const;

const DECIMAL = /^(?:0|[1-9][0-9]{0,127})$/;

class UnreadableRow extends Error {}

/**
 * Reads a row as a KCL 3.5 worker does: an `entityType` other than `LEASE` is somebody else's row, a row that does not parse is
 * skipped and not fatal. Rows of a multi-stream application belong to others too.
 */
export function parseLeaseRow(row: LeaseRow): ParsedRow {
  const key = row[ATTRIBUTE.leaseKey]?.S;
  const entityType = row[ATTRIBUTE.entityType]?.S;
  if (key === undefined || (entityType !== undefined && entityType !== "LEASE"))
    return { type: "foreign", key, entityType };
  if (row[ATTRIBUTE.streamName] !== undefined) return { type: "foreign", key, entityType };
  try {
    return { type: "lease", lease: leaseOf(key, row) };
  } catch (thrown) {
    if (thrown instanceof UnreadableRow) return { type: "unreadable", key, reason: thrown.message };
    throw thrown;
  }
}

/** The row of a new lease: exactly the attributes that a KCL worker writes, and our own start time. */
export function newLeaseRow(lease: NewLease): Record<string, AttributeValue> {
  return {
    [ATTRIBUTE.leaseKey]: { S: lease.leaseKey },
    [ATTRIBUTE.counter]: { N: "0" },
    [ATTRIBUTE.ownerSwitches]: { N: "0" },
    [ATTRIBUTE.checkpoint]: { S: checkpointText(lease.checkpoint) },
    [ATTRIBUTE.checkpointSub]: { N: `${checkpointSub(lease.checkpoint)}` },
    [ATTRIBUTE.startingHashKey]: { S: lease.hashKeyRange.startingHashKey },
    [ATTRIBUTE.endingHashKey]: { S: lease.hashKeyRange.endingHashKey },
    ...(lease.parentShardIds.length === 0
      ? {}
      : { [ATTRIBUTE.parentShardIds]: { SS: [...lease.parentShardIds] } }),
    ...(lease.startTimestampMs === undefined
      ? {}
      : { [ATTRIBUTE.startTimestampMs]: { N: `${lease.startTimestampMs}` } }),
    ...(lease.stream === undefined ? {} : { [ATTRIBUTE.stream]: { S: streamText(lease.stream) } }),
    ...(lease.untilMs === undefined ? {} : { [ATTRIBUTE.untilMs]: { N: `${lease.untilMs}` } }),
  };
}

/** The `checkpoint` attribute: a sentinel or a sequence number. */
export function checkpointText(checkpoint: LeaseCheckpoint): string {
  return typeof checkpoint === "string" ? checkpoint : checkpoint.sequenceNumber;
}

/** The sub-sequence number that goes with it; 0 for sentinels. */
export function checkpointSub(checkpoint: LeaseCheckpoint): number {
  return typeof checkpoint === "string" ? 0 : checkpoint.subSequenceNumber;
}

function leaseOf(leaseKey: string, row: LeaseRow): Lease {
  const checkpoint = checkpointOf(row, ATTRIBUTE.checkpoint, ATTRIBUTE.checkpointSub);
  const counter = wholeOf(row, ATTRIBUTE.counter);
  if (checkpoint === undefined) throw new UnreadableRow("it has no checkpoint");
  if (counter === undefined) throw new UnreadableRow("it has no leaseCounter");
  return {
    leaseKey,
    owner: row[ATTRIBUTE.owner]?.S,
    counter,
    ownerSwitches: wholeOf(row, ATTRIBUTE.ownerSwitches) ?? 0,
    checkpoint,
    pending: pendingOf(row),
    parentShardIds: row[ATTRIBUTE.parentShardIds]?.SS ?? [],
    childShardIds: row[ATTRIBUTE.childShardIds]?.SS ?? [],
    hashKeyRange: hashKeyRangeOf(row),
    checkpointOwner: row[ATTRIBUTE.checkpointOwner]?.S,
    startTimestampMs: wholeOf(row, ATTRIBUTE.startTimestampMs),
    readThroughMs: wholeOf(row, ATTRIBUTE.readThroughMs),
    protocolOwner: row[ATTRIBUTE.protocolOwner]?.S,
    ...streamOf(row),
    ...untilOf(row),
    ...pauseOf(row),
    ...throughputOf(row),
  };
}

/**
 * Also as somebody has typed it into the table, in another type or with a fraction: the shard is meant to be held, and a row that is passed over would
 * have it read by nobody who knows of a pause. That the pause is done counts only as an owner writes it.
 */
function pauseOf(row: LeaseRow): Pick<Lease, "pausedMs" | "pausedBy" | "pauseDoneMs"> {
  const paused = row[ATTRIBUTE.pausedMs];
  const pausedBy = row[ATTRIBUTE.pausedBy]?.S;
  const pauseDoneMs = timeOf(row[ATTRIBUTE.pauseDoneMs]?.N);
  return {
    ...(paused === undefined ? {} : { pausedMs: timeOf(paused.N) ?? 0 }),
    ...(pausedBy === undefined ? {} : { pausedBy }),
    ...(pauseDoneMs === undefined ? {} : { pauseDoneMs }),
  };
}

function timeOf(text: string | undefined): number | undefined {
  const value = Math.floor(Number(text ?? Number.NaN));
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** The `kcStream` attribute: `<ARN>@<created, epoch milliseconds>`. An ARN of a stream holds no `@`. */
export function streamText({ streamArn, createdMs }: StreamIdentity): string {
  return createdMs === undefined ? streamArn : `${streamArn}@${createdMs}`;
}

function streamOf(row: LeaseRow): Pick<Lease, "stream"> {
  const text = row[ATTRIBUTE.stream]?.S;
  if (text === undefined) return {};
  const [streamArn = "", created] = text.split("@", 2);
  const createdMs = Number(created);
  return { stream: { streamArn, createdMs: Number.isSafeInteger(createdMs) ? createdMs : undefined } };
}

function untilOf(row: LeaseRow): Pick<Lease, "untilMs"> {
  const untilMs = wholeOf(row, ATTRIBUTE.untilMs);
  return untilMs === undefined ? {} : { untilMs };
}

/** A balance hangs on it and no record: what is no number is as good as none. */
function throughputOf(row: LeaseRow): Pick<Lease, "throughputKBps"> {
  const throughputKBps = Number(row[ATTRIBUTE.throughputKBps]?.N ?? Number.NaN);
  return Number.isFinite(throughputKBps) && throughputKBps >= 0 ? { throughputKBps } : {};
}

function checkpointOf(row: LeaseRow, attribute: string, subAttribute: string): LeaseCheckpoint | undefined {
  const text = row[attribute]?.S;
  if (text === undefined) return undefined;
  switch (text) {
    case "TRIM_HORIZON":
    case "LATEST":
    case "AT_TIMESTAMP":
    case "SHARD_END":
      return text;
    default:
      if (!DECIMAL.test(text)) throw new UnreadableRow(`its ${attribute} is neither a number nor a sentinel`);
      return { sequenceNumber: text, subSequenceNumber: wholeOf(row, subAttribute) ?? 0 };
  }
}

function pendingOf(row: LeaseRow): PendingCheckpoint | undefined {
  const checkpoint = checkpointOf(row, ATTRIBUTE.pending, ATTRIBUTE.pendingSub);
  return checkpoint === undefined ? undefined : { checkpoint, state: row[ATTRIBUTE.pendingState]?.B };
}

function hashKeyRangeOf(row: LeaseRow): HashKeyRange | undefined {
  const startingHashKey = row[ATTRIBUTE.startingHashKey]?.S;
  const endingHashKey = row[ATTRIBUTE.endingHashKey]?.S;
  if (startingHashKey === undefined || endingHashKey === undefined) return undefined;
  const ordered =
    DECIMAL.test(startingHashKey) &&
    DECIMAL.test(endingHashKey) &&
    compareSequenceNumbers(startingHashKey, endingHashKey) < 0;
  if (!ordered) throw new UnreadableRow("its hash key range is not two numbers in order");
  return { startingHashKey, endingHashKey };
}

function wholeOf(row: LeaseRow, attribute: string): number | undefined {
  const text = row[attribute]?.N;
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new UnreadableRow(`its ${attribute} is not a whole number`);
  return value;
}
