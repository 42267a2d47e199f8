import { type Clock, errorFields, type ShardEvent } from "@kinesis-connectors/core";

import type { ConnectorEvent } from "./events.js";
import type {
  BatchSnapshot,
  ConnectorProgress,
  ConnectorTotals,
  LeaseRenewals,
  LeaseTableLooks,
  ShardSnapshot,
} from "./progress.js";
import { newTally, type ShardTally, type Writable } from "./shard-tally.js";

/** Facts that no event tells, asked for when somebody wants to see them. */
export interface ProgressSources {
  readonly readAheadBytes: () => number;
  readonly leaseRenewals: () => LeaseRenewals;
  readonly leaseTable: () => LeaseTableLooks;
  readonly hasLooked: () => boolean;
  readonly fleet: () => ConnectorProgress["fleet"];
  readonly retentionMs: () => number | undefined;
  readonly shardFacts: (shardId: string) => Pick<ShardSnapshot, "readThroughMs" | "retentionLeftMs">;
}

/** Facts that stay as they are. */
export type ConnectorFacts = Pick<
  ConnectorProgress,
  "application" | "stream" | "ownerId" | "maxReadAheadBytes" | "failoverTimeMs"
>;

/** How long a shard that was read to its end is still listed: long enough for whoever looks once in a while, and no longer, because each reshard leaves some. */
const ENDED_MS = 600_000;

const NOT_YET: ProgressSources = {
  readAheadBytes: () => 0,
  leaseRenewals: () => ({ count: 0, longestUnrenewedMs: 0 }),
  leaseTable: () => ({ lastLookMs: undefined, silentMs: 0, limitMs: 0 }),
  hasLooked: () => false,
  fleet: () => undefined,
  retentionMs: () => undefined,
  shardFacts: () => ({ readThroughMs: undefined, retentionLeftMs: undefined }),
};

/** Adds up what the events tell. What it keeps is bounded by the shards that this worker has, and those that ended within ten minutes. */
export class ProgressTally {
  readonly #clock: Pick<Clock, "now" | "monotonicNow">;
  readonly #facts: ConnectorFacts;
  readonly #startedMs: number;
  readonly #shards = new Map<string, ShardTally>();
  readonly #totals: Writable<ConnectorTotals> = {
    recordsRead: 0,
    bytesRead: 0,
    recordsEmitted: 0,
    recordsFiltered: 0,
    deadLetters: 0,
    recordsOfOtherShards: 0,
    bytesEmitted: 0,
    batchesEmitted: 0,
    commits: 0,
  };
  #sources = NOT_YET;
  /** Shards that this process lost in an outage do not fail, and nobody reads them: whoever cannot take any is not ready. */
  #isTaking = true;
  #unattended = 0;
  #isLeader = false;
  #fleetMode: string | undefined;
  #fleetRole: ConnectorProgress["fleetRole"] = "peer";

  constructor(clock: Pick<Clock, "now" | "monotonicNow">, facts: ConnectorFacts) {
    this.#clock = clock;
    this.#facts = facts;
    this.#startedMs = clock.now();
  }

  /** The parts of the connector are there. */
  attach(sources: ProgressSources): void {
    this.#sources = sources;
  }

  count(event: ConnectorEvent): void {
    switch (event.type) {
      case "shard-start":
        this.#begin(event.shardId, "reading");
        return;
      case "parent-wait":
        this.#begin(event.shardId, "waiting-for-parent");
        return;
      case "shard-pause":
        this.#begin(event.shardId, "paused", event.pausedMs);
        return;
      case "shard-resume":
        this.#leave(event.shardId, "paused");
        return;
      case "page-read":
        this.#page(event);
        return;
      case "buffer-flush":
        this.#emptyBuffer(event.shardId);
        return;
      case "batch-start":
        // A batch of dead letters alone is not told of as flushed.
        if (!event.inherited) this.#emptyBuffer(event.shardId);
        this.#of(event.shardId).batchUnderWay = this.#batch(event, 0, undefined);
        return;
      case "emit-retry":
        this.#of(event.shardId).batchUnderWay = this.#batch(event, event.attempt, event.error);
        return;
      case "batch-emit":
        this.#of(event.shardId).batchUnderWay = undefined;
        if (event.records > 0) this.#totals.batchesEmitted += 1;
        return;
      case "checkpoint-commit":
        this.#commit(event);
        return;
      case "aggregate-drop":
        this.#of(event.shardId).recordsOfOtherShards += event.records;
        this.#totals.recordsOfOtherShards += event.records;
        return;
      case "read-retry":
        this.#of(event.shardId).failingSinceMs ??= this.#clock.now();
        return;
      case "lease-retry":
        if (event.step === "take") this.#isTaking = false;
        return;
      case "lease-resume":
        if (event.step === "take") this.#isTaking = true;
        return;
      case "leases-unattended":
        this.#unattended = event.shardIds.length;
        return;
      case "leader-elect":
        this.#isLeader = event.leader;
        return;
      case "fleet-mode":
        this.#fleetMode = event.mode;
        this.#fleetRole = event.role;
        return;
      case "shard-end":
        this.#end(event.shardId);
        return;
      case "shard-stop":
        if (event.reason === "end") this.#end(event.shardId);
        else this.#leave(event.shardId, "reading");
        return;
      case "lease-lose":
      case "lease-evict":
        // An engine that still runs tells of its own end.
        this.#leave(event.shardId, "waiting-for-parent", "paused");
        return;
      case "lease-delete":
        this.#shards.delete(event.shardId);
        return;
      default:
    }
  }

  snapshot(): ConnectorProgress {
    this.#forgetEnded();
    const shards: ShardSnapshot[] = [];
    let millisBehindLatest: number | undefined;
    const leaseTable = this.#sources.leaseTable();
    let isReady = this.#isTaking && this.#unattended === 0 && leaseTable.silentMs <= leaseTable.limitMs;
    let batchesUnderWay = 0;
    let batchesRetrying = 0;
    for (const { endedMs: _endedMs, ...shard } of this.#shards.values()) {
      shards.push({ ...shard, ...this.#sources.shardFacts(shard.shardId) });
      if (shard.state !== "reading") continue;
      if (shard.batchUnderWay !== undefined) batchesUnderWay += 1;
      const isRetrying = (shard.batchUnderWay?.failedAttempts ?? 0) > 0;
      if (isRetrying) batchesRetrying += 1;
      if (shard.failingSinceMs !== undefined || isRetrying) isReady = false;
      if (shard.millisBehindLatest !== undefined) {
        millisBehindLatest = Math.max(millisBehindLatest ?? 0, shard.millisBehindLatest);
      }
    }
    shards.sort((a, b) => (a.shardId < b.shardId ? -1 : 1));
    const { recordsRead, recordsEmitted, recordsFiltered, deadLetters } = this.#totals;
    return {
      ...this.#facts,
      startedMs: this.#startedMs,
      firstLookDone: this.#sources.hasLooked(),
      fleet: this.#sources.fleet(),
      isLeader: this.#isLeader,
      fleetMode: this.#fleetMode,
      fleetRole: this.#fleetRole,
      recordsRead,
      recordsEmitted,
      recordsFiltered,
      deadLetters,
      totals: { ...this.#totals },
      millisBehindLatest,
      batchesUnderWay,
      batchesRetrying,
      readAheadBytes: this.#sources.readAheadBytes(),
      leaseRenewals: this.#sources.leaseRenewals(),
      leaseTable,
      retentionMs: this.#sources.retentionMs(),
      isReady,
      unattendedShards: this.#unattended,
      shards,
    };
  }

  #page(event: Extract<ShardEvent, { type: "page-read" }>): void {
    const tally = this.#of(event.shardId);
    tally.recordsRead += event.records;
    tally.bytesRead += event.bytes;
    tally.millisBehindLatest = event.millisBehindLatest ?? tally.millisBehindLatest;
    tally.bufferedRecords = event.bufferedRecords;
    tally.bufferedBytes = event.bufferedBytes;
    tally.lastPageMs = this.#clock.now();
    tally.failingSinceMs = undefined;
    this.#totals.recordsRead += event.records;
    this.#totals.bytesRead += event.bytes;
  }

  #commit(event: Extract<ShardEvent, { type: "checkpoint-commit" }>): void {
    const tally = this.#of(event.shardId);
    tally.checkpoint = event.checkpoint;
    tally.batchUnderWay = undefined;
    tally.lastCommitMs = this.#clock.now();
    for (const counted of [tally, this.#totals]) {
      counted.recordsEmitted += event.emitted;
      counted.recordsFiltered += event.filtered;
      counted.deadLetters += event.deadLettered;
    }
    this.#totals.bytesEmitted += event.bytes;
    this.#totals.commits += 1;
  }

  #batch(
    {
      shardId,
      batchId,
      records,
    }: { readonly shardId: string; readonly batchId: string; readonly records: number },
    failedAttempts: number,
    error: Error | undefined,
  ): BatchSnapshot {
    const before = this.#of(shardId).batchUnderWay;
    const sinceMs = before?.batchId === batchId ? before.sinceMs : this.#clock.now();
    const lastError = error === undefined ? undefined : errorFields(error).error;
    return { batchId, records, sinceMs, failedAttempts, lastError };
  }

  #emptyBuffer(shardId: string): void {
    const tally = this.#of(shardId);
    tally.bufferedRecords = 0;
    tally.bufferedBytes = 0;
  }

  #begin(shardId: string, state: "reading" | "waiting-for-parent" | "paused", pausedSinceMs?: number): void {
    this.#forgetEnded();
    const tally = this.#of(shardId);
    if (tally.state !== state) tally.sinceMs = this.#clock.now();
    tally.state = state;
    tally.pausedSinceMs = pausedSinceMs;
    tally.endedMs = undefined;
  }

  #end(shardId: string): void {
    this.#forgetEnded();
    const tally = this.#of(shardId);
    tally.state = "ended";
    tally.sinceMs = this.#clock.now();
    tally.endedMs = this.#clock.monotonicNow();
    tally.batchUnderWay = undefined;
    tally.failingSinceMs = undefined;
    this.#emptyBuffer(shardId);
  }

  /** A shard that is in one of these states is not ours any more. */
  #leave(shardId: string, ...states: readonly ShardSnapshot["state"][]): void {
    const state = this.#shards.get(shardId)?.state;
    if (state !== undefined && states.includes(state)) this.#shards.delete(shardId);
  }

  #forgetEnded(): void {
    const nowMs = this.#clock.monotonicNow();
    for (const { shardId, endedMs } of this.#shards.values())
      if (endedMs !== undefined && nowMs - endedMs >= ENDED_MS) this.#shards.delete(shardId);
  }

  #of(shardId: string): ShardTally {
    let tally = this.#shards.get(shardId);
    if (tally === undefined) {
      tally = newTally(shardId, this.#clock.now());
      this.#shards.set(shardId, tally);
    }
    return tally;
  }
}
