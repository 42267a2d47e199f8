import type { Lease } from "@kinesis-connectors/consumer";

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
