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
export type {
  FleetTable,
  LeaderLock,
  ModeChange,
  WorkerMeasures,
  WorkerReport,
} from "./fleet/fleet-table.js";
export type { FleetOperation, MemoryFleet } from "./fleet/memory-fleet.js";
export {
  changed,
  described,
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
export type { StoredLease } from "./file-leases/lease-file.js";
export { fileLeases, type FileLeasesOptions } from "./file-leases/file-leases.js";
export { factWrites, type FieldChange, fieldChange, type FieldWrites } from "./stores/field-change.js";
export { type LeaseField, leaseFields, type LeaseFields, leaseOfFields } from "./stores/lease-fields.js";
export { StoreCalls, type StoreCallsOptions, type StoreFailure } from "./stores/store-calls.js";
export {
  isEnded,
  type OwnerKind,
  ownerKindOf,
  type ShardState,
  type ShardStatus,
  shardStatuses,
} from "./shard-status.js";
export { firstCheckpoint, type InitialPosition, startPositionOf } from "./start-position.js";
export { backupLeases, type LeaseBackup, restoreFrom } from "./steering/backup.js";
export type { SteeringOptions } from "./steering/chosen-rows.js";
export {
  executeReset,
  type ExecuteResetOptions,
  type ResetOutcome,
  type ResetResult,
} from "./steering/execute-reset.js";
export {
  type PausedShard,
  type PauseOptions,
  pauseShards,
  type ResumedShard,
  resumeShards,
} from "./steering/pause.js";
export type { Refusal, RefusalCode, RefusedShard } from "./steering/refusals.js";
export { planReset, type ResetOptions, type ResetPlan, type ShardReset } from "./steering/reset-plan.js";
export type { ResetTarget, ResetValues } from "./steering/reset-target.js";
export {
  type PauseState,
  type PauseWait,
  waitForPause,
  type WaitForPauseOptions,
} from "./steering/wait-for-pause.js";
export { tableOfRange, type TableOfRangeOptions } from "./tables/table-of-range.js";
export { tableOfStream, type TableOfStreamOptions } from "./tables/table-of-stream.js";
export { type HeldShard, takeShard, type TakeShardOptions } from "./take-shard.js";
