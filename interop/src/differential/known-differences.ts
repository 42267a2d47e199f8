const REWRITTEN = "the KCL writes it again as it was";
const UNOWNED = "of a lease that its owner gave back, or that nobody had yet";
const OWNER = "owners are unique to a start of a process: a table restored from a backup fences too";
const PASSING = "there between a prepare and its commit, and seen by luck";
const THIRD_VERSION = "of KCL 3 alone, whose workers take a row without it for a lease as well";

/** Differences that are meant, and why. Any other fails the scenario. */
export const KNOWN_DIFFERENCES: Readonly<Record<string, string>> = {
  "java row entityType:S": THIRD_VERSION,
  "java row throughputKBps:N": "of KCL 3 alone: its leader balances by it",
  "java row pendingCheckpoint:S": PASSING,
  "java row pendingCheckpointState:B": PASSING,
  "java row pendingCheckpointSubSequenceNumber:N": PASSING,
  "ours row pendingCheckpoint:S": PASSING,
  "ours row pendingCheckpointState:B": PASSING,
  "ours row pendingCheckpointSubSequenceNumber:N": PASSING,
  "java create entityType:S": THIRD_VERSION,
  "java renew throughputKBps:N": "of KCL 3 alone: its leader balances by it",
  "java renew if no checkpointOwner": "KCL 3 sees a handover by it; ours sees that the owner is another",
  "java commit startingHashKey:S": REWRITTEN,
  "java commit endingHashKey:S": REWRITTEN,
  "java prepare startingHashKey:S": REWRITTEN,
  "java prepare endingHashKey:S": REWRITTEN,
  "java prepare checkpoint:S": REWRITTEN,
  "java prepare checkpointSubSequenceNumber:N": REWRITTEN,
  "java prepare ownerSwitchesSinceCheckpoint:N": REWRITTEN,
  "java prepare childShardIds:SS": REWRITTEN,
  "java tell childShardIds:SS": "ours writes it together with SHARD_END",
  "java tell if leaseKey =": "the same as that the row exists",
  "ours tell childShardIds:SS": "a write of its own where the KCL repeats it",
  "ours tell if has leaseKey": "the same as that leaseKey is what it is",
  "ours commit childShardIds:SS": "the KCL writes it before, and again with SHARD_END",
  "java commit childShardIds:SS": "ours has written it before",
  "ours take -checkpointOwner": "KCL 3 does so too, KCL 2 does not know of it",
  "ours take if leaseOwner =": OWNER,
  "ours take if no leaseOwner": UNOWNED,
  "ours renew if leaseOwner =": OWNER,
  "ours prepare if leaseOwner =": OWNER,
  "ours commit if leaseOwner =": OWNER,
  "ours give back leaseCounter:N": UNOWNED,
  "ours give back -leaseOwner": UNOWNED,
  "ours give back -checkpointOwner": UNOWNED,
  "ours give back if leaseCounter =": UNOWNED,
  "ours give back if leaseOwner =": UNOWNED,
};
