export { HeldLease, type HeldLeaseOptions } from "./held-lease.js";
export {
  actualOwner,
  compareCheckpoints,
  type HashKeyRange,
  type Lease,
  type LeaseCheckpoint,
  leaseFrom,
  type NewLease,
  type PendingCheckpoint,
  type Sentinel,
  type StreamIdentity,
  wasOurs,
} from "./lease.js";
export { leaseCheckpointer, ownPending } from "./lease-checkpointer.js";
export type { FleetTable, LeaderLock, ModeChange, WorkerReport } from "./fleet/fleet-table.js";
export type { FleetOperation, MemoryFleet } from "./fleet/memory-fleet.js";
export {
  changed,
  isAsSeen,
  isSwitch,
  type LeaseChange,
  type LeaseFacts,
  type LeaseTable,
  type WriteOutcome,
} from "./lease-table.js";
export {
  type Intercept,
  type MemoryLeases,
  memoryLeases,
  type TableCall,
  type TableFault,
} from "./memory-lease-table.js";
export { fileLeases, type FileLeasesOptions } from "./file-leases/file-leases.js";
export { firstCheckpoint, type InitialPosition, startPositionOf } from "./start-position.js";
export { tableOfStream, type TableOfStreamOptions } from "./table-of-stream.js";
export { type HeldShard, takeShard, type TakeShardOptions } from "./take-shard.js";
