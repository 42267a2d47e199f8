import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { Lease, PendingCheckpoint } from "../lease.js";

/** How a row stands in its file. Bytes are base64; what is undefined is absent. */
export interface StoredLease extends Omit<Lease, "pending"> {
  readonly v: 1;
  readonly pending?: { readonly checkpoint: PendingCheckpoint["checkpoint"]; readonly state?: string };
}

/** The ending of a row's file. */
export const ROW_ENDING = ".json";

/**
 * The file of a row. Everything but lower-case letters, digits, `-` and `_` is escaped, so that file systems which do not tell cases apart, and
 * keys with dots and slashes, do no harm.
 */
export function fileNameOf(leaseKey: string): string {
  const escaped = [...Buffer.from(leaseKey)].map((byte) => {
    const character = String.fromCodePoint(byte);
    return /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return escaped.join("") + ROW_ENDING;
}

/** A row as JSON can hold it. */
export function storedOf({ pending, ...lease }: Lease): StoredLease {
  return {
    v: 1,
    ...lease,
    ...(pending === undefined
      ? {}
      : {
          pending: {
            checkpoint: pending.checkpoint,
            ...(pending.state === undefined ? {} : { state: Buffer.from(pending.state).toString("base64") }),
          },
        }),
  };
}

/** A row as the text of its file. */
export function lineOf(lease: Lease): string {
  return `${JSON.stringify(storedOf(lease))}\n`;
}

/**
 * The row that a file holds.
 * @throws KinesisConnectorError `KC_LEASE_TABLE` when it is damaged: a row that is passed over would be made anew, and its shard read twice
 */
export function leaseOf(file: string, text: string): Lease {
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch (thrown) {
    throw damaged(file, "it is no JSON", thrown);
  }
  const lease = leaseFromStored(stored);
  if (typeof lease === "string") throw damaged(file, lease);
  return lease;
}

/** The row that was stored; what is wrong with it, where it is none. */
export function leaseFromStored(value: unknown): Lease | string {
  const stored = value as Partial<StoredLease> | null | undefined;
  if (typeof stored !== "object" || stored === null || stored.v !== 1) return "it is no row of this version";
  const { leaseKey, counter, checkpoint, pending } = stored;
  if (typeof leaseKey !== "string" || !Number.isSafeInteger(counter) || checkpoint === undefined)
    return "leaseKey, counter or checkpoint is missing";
  return {
    leaseKey,
    owner: stored.owner,
    counter: counter ?? 0,
    ownerSwitches: stored.ownerSwitches ?? 0,
    checkpoint,
    pending:
      pending === undefined
        ? undefined
        : {
            checkpoint: pending.checkpoint,
            state:
              pending.state === undefined ? undefined : Uint8Array.from(Buffer.from(pending.state, "base64")),
          },
    parentShardIds: stored.parentShardIds ?? [],
    childShardIds: stored.childShardIds ?? [],
    hashKeyRange: stored.hashKeyRange,
    checkpointOwner: stored.checkpointOwner,
    startTimestampMs: stored.startTimestampMs,
    readThroughMs: stored.readThroughMs,
    protocolOwner: stored.protocolOwner,
    ...(stored.stream === undefined
      ? {}
      : { stream: { streamArn: stored.stream.streamArn, createdMs: stored.stream.createdMs } }),
    ...(stored.untilMs === undefined ? {} : { untilMs: stored.untilMs }),
    ...pauseOf(stored),
    ...(stored.throughputKBps === undefined ? {} : { throughputKBps: stored.throughputKBps }),
  };
}

/** Also as somebody has typed it into the file: the shard is meant to be held. */
function pauseOf(stored: Partial<StoredLease>): Pick<Lease, "pausedMs" | "pausedBy" | "pauseDoneMs"> {
  const paused: unknown = stored.pausedMs;
  const by: unknown = stored.pausedBy;
  const pauseDoneMs = timeOf(stored.pauseDoneMs);
  return {
    ...(paused === undefined || paused === null ? {} : { pausedMs: timeOf(paused) ?? 0 }),
    ...(typeof by === "string" ? { pausedBy: by } : {}),
    ...(pauseDoneMs === undefined ? {} : { pauseDoneMs }),
  };
}

function timeOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? Math.floor(value) : undefined;
}

function damaged(file: string, reason: string, cause?: unknown): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_LEASE_TABLE",
    `the row ${file} cannot be understood: ${reason}; put back a copy of it, or delete it and its shard begins at initialPosition again`,
    { cause },
  );
}
