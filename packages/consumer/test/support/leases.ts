import { type Lease, leaseFrom, type NewLease } from "@kinesis-connectors/leases";

/** A new lease of a shard that holds the whole hash key space, unless told otherwise. */
export function newLease(leaseKey: string, more: Partial<NewLease> = {}): NewLease {
  return {
    leaseKey,
    checkpoint: "TRIM_HORIZON",
    parentShardIds: [],
    hashKeyRange: { startingHashKey: "0", endingHashKey: `${(1n << 128n) - 1n}` },
    ...more,
  };
}

/** A lease row in any state. */
export function leaseWith(leaseKey: string, more: Partial<Lease> = {}): Lease {
  return { ...leaseFrom(newLease(leaseKey)), ...more };
}
