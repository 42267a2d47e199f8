import type { HashKeyRange } from "@aws-sdk/client-kinesis";
import type { Lease, NewLease } from "@kinesis-connectors/consumer";

/** The row of a shard that nobody has read yet. */
export function newRow(
  leaseKey: string,
  parentShardIds: readonly string[],
  range: Partial<HashKeyRange> | undefined,
): NewLease {
  return {
    leaseKey,
    checkpoint: "TRIM_HORIZON",
    parentShardIds,
    hashKeyRange: {
      startingHashKey: range?.StartingHashKey ?? "",
      endingHashKey: range?.EndingHashKey ?? "",
    },
  };
}

/** Who works on a shard: during a handoff the old owner. */
export function actualOwner({ owner, checkpointOwner }: Lease): string | undefined {
  return checkpointOwner ?? owner;
}

export function isEnded({ checkpoint }: Lease): boolean {
  return checkpoint === "SHARD_END";
}

const LED: ReadonlySet<string | undefined> = new Set([
  "CLIENT_VERSION_3X_WITH_ROLLBACK",
  "CLIENT_VERSION_3X",
]);

/** Whether a leader assigns the leases of a fleet in this mode, `cv` of the row `Migration3.0`. */
export function isLedMode(mode: string | undefined): boolean {
  return LED.has(mode);
}
