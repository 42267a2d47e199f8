import { type Clock, errorFields, type Position, type ShardEvent } from "@kinesis-connectors/core";

import type { ConnectorEvent } from "./events.js";

/** A batch on its way to its destination. */
export interface BatchSnapshot {
  readonly batchId: string;
  /** Outputs that are not written yet, as far as is known. */
  readonly records: number;
  /** When it went on its way, in epoch milliseconds. */
  readonly sinceMs: number;
  /** Tries that failed so far: from the first on the destination is in doubt. */
  readonly failedAttempts: number;
  /** Code or name of what the last of them failed with. */
  readonly lastError: string | undefined;
}

/** The state of one shard, counted since this process took it first. */
export interface ShardSnapshot {
  readonly shardId: string;
  /** `reading`: owned by this worker. `ended`: closed and read to its end. `left`: given back or lost. */
  readonly state: "reading" | "ended" | "left";
  readonly recordsRead: number;
  readonly bytesRead: number;
  /** Outputs, records and dead letters of committed batches. */
  readonly recordsEmitted: number;
  readonly recordsFiltered: number;
  readonly deadLetters: number;
  /** User records of aggregates that belong to another shard and were left out; their producer puts them again. */
  readonly recordsOfOtherShards: number;
  /** Distance of the reading from the tip of the shard, as the service said last. */
  readonly millisBehindLatest: number | undefined;
  /** The batch that is on its way to the destination; undefined between two batches. */
  readonly batchUnderWay: BatchSnapshot | undefined;
  /** The last commit of this process; undefined before the first. */
  readonly checkpoint: Position | undefined;
}

/** The state of a connector. */
export interface ConnectorProgress {
  readonly recordsRead: number;
  readonly recordsEmitted: number;
  readonly recordsFiltered: number;
  readonly deadLetters: number;
  /** Of the shards being read, the one furthest behind. */
  readonly millisBehindLatest: number | undefined;
  /** Batches on their way to the destination, at most one for each shard; and how many of them have failed and are tried again. */
  readonly batchesUnderWay: number;
  readonly batchesRetrying: number;
  /**
   * False while reading, emitting or the taking of shards fails (throttled, no network, no credentials, destination down): nothing is lost, and nothing
   * moves. Also while there are `unattendedShards`.
   */
  readonly isReady: boolean;
  /**
   * Shards whose lease nobody renews although a leader should have assigned it (KCL 3.x mode): they are not read by anybody. This worker takes
   * them once that leader has had its time.
   */
  readonly unattendedShards: number;
  readonly shards: readonly ShardSnapshot[];
}

type Tally = { -readonly [Key in keyof ShardSnapshot]: ShardSnapshot[Key] } & { failing: boolean };

/** Adds up what the events tell. */
export class ProgressTally {
  readonly #clock: Pick<Clock, "now">;
  readonly #shards = new Map<string, Tally>();
  /** Shards that this process lost in an outage do not fail, and nobody reads them: whoever cannot take any is not ready. */
  #isTaking = true;
  #unattended = 0;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  count(event: ConnectorEvent): void {
    switch (event.type) {
      case "shard-start":
        this.#of(event.shardId).state = "reading";
        return;
      case "page-read":
        this.#page(event);
        return;
      case "batch-start":
        this.#of(event.shardId).batchUnderWay = this.#batch(event, 0, undefined);
        return;
      case "emit-retry":
        this.#of(event.shardId).batchUnderWay = this.#batch(event, event.attempt, event.error);
        return;
      case "batch-emit":
        this.#of(event.shardId).batchUnderWay = undefined;
        return;
      case "checkpoint-commit": {
        const tally = this.#of(event.shardId);
        tally.recordsEmitted += event.emitted;
        tally.recordsFiltered += event.filtered;
        tally.deadLetters += event.deadLettered;
        tally.checkpoint = event.checkpoint;
        tally.batchUnderWay = undefined;
        return;
      }
      case "aggregate-drop":
        this.#of(event.shardId).recordsOfOtherShards += event.records;
        return;
      case "read-retry":
        this.#of(event.shardId).failing = true;
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
      case "shard-end":
        this.#end(event.shardId, "ended");
        return;
      case "shard-stop":
        this.#end(event.shardId, "left");
        return;
      case "lease-delete":
        this.#shards.delete(event.shardId);
        return;
      default:
    }
  }

  snapshot(): ConnectorProgress {
    const shards: ShardSnapshot[] = [];
    let recordsRead = 0;
    let recordsEmitted = 0;
    let recordsFiltered = 0;
    let deadLetters = 0;
    let millisBehindLatest: number | undefined;
    let isReady = this.#isTaking && this.#unattended === 0;
    let batchesUnderWay = 0;
    let batchesRetrying = 0;
    for (const { failing, ...shard } of this.#shards.values()) {
      shards.push(shard);
      recordsRead += shard.recordsRead;
      recordsEmitted += shard.recordsEmitted;
      recordsFiltered += shard.recordsFiltered;
      deadLetters += shard.deadLetters;
      if (shard.state !== "reading") continue;
      if (shard.batchUnderWay !== undefined) batchesUnderWay += 1;
      const isRetrying = (shard.batchUnderWay?.failedAttempts ?? 0) > 0;
      if (isRetrying) batchesRetrying += 1;
      if (failing || isRetrying) isReady = false;
      if (shard.millisBehindLatest !== undefined) {
        millisBehindLatest = Math.max(millisBehindLatest ?? 0, shard.millisBehindLatest);
      }
    }
    shards.sort((a, b) => (a.shardId < b.shardId ? -1 : 1));
    return {
      recordsRead,
      recordsEmitted,
      recordsFiltered,
      deadLetters,
      millisBehindLatest,
      batchesUnderWay,
      batchesRetrying,
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
    tally.failing = false;
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

  #end(shardId: string, state: "ended" | "left"): void {
    const tally = this.#of(shardId);
    tally.state = state;
    tally.batchUnderWay = undefined;
  }

  #of(shardId: string): Tally {
    let tally = this.#shards.get(shardId);
    if (tally === undefined) {
      tally = {
        shardId,
        state: "reading",
        recordsRead: 0,
        bytesRead: 0,
        recordsEmitted: 0,
        recordsFiltered: 0,
        deadLetters: 0,
        recordsOfOtherShards: 0,
        millisBehindLatest: undefined,
        batchUnderWay: undefined,
        checkpoint: undefined,
        failing: false,
      };
      this.#shards.set(shardId, tally);
    }
    return tally;
  }
}
