import type { ConsoleShard, ConsoleSnapshot, ConsoleState, ConsoleWorker } from "../src/index.js";

export const NOW_MS = 1_796_000_000_000;

export const idOf = (index: number): string => `shardId-${String(index).padStart(12, "0")}`;

export function shardOf(index: number, more: Partial<ConsoleShard> = {}): ConsoleShard {
  return {
    shardId: idOf(index),
    state: "reading",
    owner: "host-a:1",
    ownerKind: "ours",
    nextOwner: null,
    readThroughMs: NOW_MS - 4_000,
    deliveredAgoMs: 4_000,
    checkpoint: "49671234567890",
    subSequenceNumber: 0,
    pending: null,
    parents: [],
    children: [],
    paused: null,
    ownerSwitches: 0,
    hashKeyRange: null,
    ...more,
  };
}

export const workerOf = (owner: string, more: Partial<ConsoleWorker> = {}): ConsoleWorker => ({
  owner,
  kind: "ours",
  shards: 1,
  renewedAgoMs: 500,
  isRenewing: true,
  ...more,
});

export function stateOf(
  shards: readonly ConsoleShard[],
  more: Partial<ConsoleState> & { readonly workers?: readonly ConsoleWorker[] } = {},
): ConsoleState {
  const { workers = [workerOf("host-a:1")], ...rest } = more;
  return {
    nowMs: NOW_MS,
    application: "click-archive",
    access: "allowed",
    fleet: {
      leaseTable: "click-archive",
      stream: "clicks",
      fleetMode: null,
      failoverTimeMs: 10_000,
      lookedMs: NOW_MS,
      shards,
      workers,
    },
    trouble: null,
    processes: [],
    ...rest,
  };
}

export function snapshotOf(more: Partial<ConsoleSnapshot> = {}): ConsoleSnapshot {
  return {
    state: "running",
    health: { status: "ok", reasons: [] },
    application: "click-archive",
    stream: "clicks",
    ownerId: "host-a:1",
    startedMs: NOW_MS - 60_000,
    isLeader: true,
    fleetRole: "peer",
    failoverTimeMs: 10_000,
    totals: {
      recordsRead: 0,
      recordsEmitted: 0,
      recordsFiltered: 0,
      deadLetters: 0,
      bytesRead: 0,
      batchesEmitted: 0,
      commits: 0,
    },
    readAheadBytes: 0,
    maxReadAheadBytes: 1,
    leaseRenewals: { count: 0, longestUnrenewedMs: 0 },
    shards: [],
    ...more,
  };
}

export const liveShard = (
  index: number,
  more: Partial<ConsoleSnapshot["shards"][number]> = {},
): ConsoleSnapshot["shards"][number] => ({
  shardId: idOf(index),
  state: "reading",
  recordsRead: 0,
  recordsEmitted: 0,
  recordsFiltered: 0,
  deadLetters: 0,
  bufferedRecords: 0,
  bufferedBytes: 0,
  ...more,
});

export const processOf = (snapshot: ConsoleSnapshot): ConsoleState["processes"][number] => ({
  url: null,
  problem: null,
  snapshot,
  errors: [],
  config: null,
});
