import type { ConnectorEvent, ConnectorProgress, ShardSnapshot } from "@kinesis-connectors/consumer";

const STREAM = "clicks";
const at = (n: number) => ({ sequenceNumber: String(n), subSequenceNumber: 0 });

export function pageRead(
  shardId: string,
  of: { records?: number; bytes?: number; behindMs?: number } = {},
): ConnectorEvent {
  return {
    type: "page-read",
    stream: STREAM,
    shardId,
    records: of.records ?? 10,
    bytes: 2 * (of.bytes ?? 1000),
    dataBytes: of.bytes ?? 1000,
    millisBehindLatest: of.behindMs ?? 0,
    durationMs: 20,
    bufferedRecords: 0,
    bufferedBytes: 0,
  };
}

export function committed(
  shardId: string,
  of: { emitted?: number; filtered?: number; deadLettered?: number; oldestArrivalMs?: number } = {},
): ConnectorEvent {
  const { emitted = 10, filtered = 0, deadLettered = 0 } = of;
  return {
    type: "checkpoint-commit",
    stream: STREAM,
    shardId,
    checkpoint: at(1),
    inherited: false,
    read: emitted + filtered + deadLettered,
    emitted,
    filtered,
    deadLettered,
    bytes: 1000,
    oldestArrivalMs: of.oldestArrivalMs,
  };
}

export function batchEmitted(
  shardId: string,
  of: { durationMs?: number; outputs?: number } = {},
): ConnectorEvent {
  const outputs = of.outputs ?? 10;
  return {
    type: "batch-emit",
    stream: STREAM,
    shardId,
    batchId: "0".repeat(32),
    records: outputs,
    outputs,
    bytes: 1000,
    attempts: 1,
    inherited: false,
    durationMs: of.durationMs ?? 20,
  };
}

export function started(shardId: string): ConnectorEvent {
  return { type: "shard-start", stream: STREAM, shardId, checkpoint: undefined, inherited: false };
}

export function ended(shardId: string, childShardIds: readonly string[] = []): ConnectorEvent {
  return { type: "shard-end", stream: STREAM, shardId, childShardIds };
}

export function stopped(shardId: string): ConnectorEvent {
  return { type: "shard-stop", stream: STREAM, shardId, reason: "stop" };
}

export function connectorStarted(application: string, ownerId = "worker-1:uuid"): ConnectorEvent {
  return {
    type: "connector-start",
    application,
    stream: STREAM,
    ownerId,
  };
}

/** A shard that is read, with nothing behind it. */
export function shard(of: Partial<ShardSnapshot> = {}): ShardSnapshot {
  return {
    shardId: "shardId-000000000000",
    state: "reading",
    sinceMs: 0,
    pausedSinceMs: undefined,
    recordsRead: 0,
    bytesRead: 0,
    recordsEmitted: 0,
    recordsFiltered: 0,
    deadLetters: 0,
    recordsOfOtherShards: 0,
    millisBehindLatest: 0,
    bufferedRecords: 0,
    bufferedBytes: 0,
    batchUnderWay: undefined,
    checkpoint: undefined,
    readThroughMs: undefined,
    retentionLeftMs: undefined,
    lastCommitMs: undefined,
    lastPageMs: undefined,
    failingSinceMs: undefined,
    ...of,
  };
}

/** A connector that has started well, with these shards. */
export function progressOf(
  shards: readonly ShardSnapshot[],
  of: Partial<ConnectorProgress> = {},
): ConnectorProgress {
  return {
    application: "clicks-to-s3",
    stream: STREAM,
    ownerId: "worker-1:uuid",
    startedMs: 0,
    firstLookDone: true,
    isLeader: false,
    fleetMode: undefined,
    fleet: { workers: 3, availableLeases: 1 },
    fleetRole: "peer",
    unattendedShards: 0,
    recordsRead: 0,
    recordsEmitted: 0,
    recordsFiltered: 0,
    deadLetters: 0,
    totals: {
      recordsRead: 0,
      bytesRead: 0,
      recordsEmitted: 0,
      recordsFiltered: 0,
      deadLetters: 0,
      recordsOfOtherShards: 0,
      bytesEmitted: 0,
      batchesEmitted: 0,
      commits: 0,
    },
    millisBehindLatest: undefined,
    batchesUnderWay: 0,
    batchesRetrying: 0,
    readAheadBytes: 0,
    maxReadAheadBytes: 1000,
    leaseRenewals: { count: 0, longestUnrenewedMs: 0 },
    leaseTable: { lastLookMs: 0, silentMs: 0, limitMs: 30_000 },
    failoverTimeMs: 10_000,
    retentionMs: 24 * 3_600_000,
    isReady: true,
    shards,
    ...of,
  };
}

export function shardName(n: number): string {
  return `shardId-${String(n).padStart(12, "0")}`;
}
