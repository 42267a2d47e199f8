import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { Lease, PendingCheckpoint } from "../lease.js";

/** How a row stands in its file. Bytes are base64; what is undefined is absent. */
interface StoredLease extends Omit<Lease, "pending"> {
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

/** A row as the text of its file. */
export function lineOf({ pending, ...lease }: Lease): string {
  const stored: StoredLease = {
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
  return `${JSON.stringify(stored)}\n`;
}

/**
 * The row that a file holds.
 * @throws KinesisConnectorError `KC_LEASE_TABLE` when it is damaged: a row that is passed over would be made anew, and its shard read twice
 */
export function leaseOf(file: string, text: string): Lease {
  let stored: Partial<StoredLease> | null;
  try {
    stored = JSON.parse(text) as Partial<StoredLease> | null;
  } catch (thrown) {
    throw damaged(file, "it is no JSON", thrown);
  }
  if (typeof stored !== "object" || stored === null || stored.v !== 1)
    throw damaged(file, "it is no row of this version");
  const { leaseKey, counter, checkpoint, pending } = stored;
  if (typeof leaseKey !== "string" || !Number.isSafeInteger(counter) || checkpoint === undefined)
    throw damaged(file, "leaseKey, counter or checkpoint is missing");
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
    ...(stored.throughputKBps === undefined ? {} : { throughputKBps: stored.throughputKBps }),
  };
}

function damaged(file: string, reason: string, cause?: unknown): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_LEASE_TABLE",
    `the row ${file} cannot be understood: ${reason}; put back a copy of it, or delete it and its shard begins at initialPosition again`,
    { cause },
  );
}
