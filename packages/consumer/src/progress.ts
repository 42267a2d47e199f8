import type { Position, ShardEvent } from "@kinesis-connectors/core";

import type { ConnectorEvent } from "./events.js";

/** How one shard is doing, counted since this process took it first. */
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
  /** How far behind the tip of the shard reading is, as the service said last. */
  readonly millisBehindLatest: number | undefined;
  /** The last commit of this process; undefined before the first. */
  readonly checkpoint: Position | undefined;
}

/** How a connector is doing. */
export interface ConnectorProgress {
  readonly recordsRead: number;
  readonly recordsEmitted: number;
  readonly recordsFiltered: number;
  readonly deadLetters: number;
  /** Of the shards being read, the one furthest behind. */
  readonly millisBehindLatest: number | undefined;
  /** False while reading fails (throttled, no network, no name): nothing is lost, and nothing moves. */
  readonly isReady: boolean;
  readonly shards: readonly ShardSnapshot[];
}

type Tally = { -readonly [Key in keyof ShardSnapshot]: ShardSnapshot[Key] } & { failing: boolean };

/** Adds up what the events tell. */
export class ProgressTally {
  readonly #shards = new Map<string, Tally>();

  count(event: ConnectorEvent): void {
    switch (event.type) {
      case "shard-start":
        this.#of(event.shardId).state = "reading";
        return;
      case "page-read":
        this.#page(event);
        return;
      case "checkpoint-commit": {
        const tally = this.#of(event.shardId);
        tally.recordsEmitted += event.emitted;
        tally.recordsFiltered += event.filtered;
        tally.deadLetters += event.deadLettered;
        tally.checkpoint = event.checkpoint;
        return;
      }
      case "aggregate-drop":
        this.#of(event.shardId).recordsOfOtherShards += event.records;
        return;
      case "read-retry":
        this.#of(event.shardId).failing = true;
        return;
      case "shard-end":
        this.#of(event.shardId).state = "ended";
        return;
      case "shard-stop":
        this.#of(event.shardId).state = "left";
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
    let isReady = true;
    for (const { failing, ...shard } of this.#shards.values()) {
      shards.push(shard);
      recordsRead += shard.recordsRead;
      recordsEmitted += shard.recordsEmitted;
      recordsFiltered += shard.recordsFiltered;
      deadLetters += shard.deadLetters;
      if (shard.state !== "reading") continue;
      if (failing) isReady = false;
      if (shard.millisBehindLatest !== undefined) {
        millisBehindLatest = Math.max(millisBehindLatest ?? 0, shard.millisBehindLatest);
      }
    }
    shards.sort((a, b) => (a.shardId < b.shardId ? -1 : 1));
    return { recordsRead, recordsEmitted, recordsFiltered, deadLetters, millisBehindLatest, isReady, shards };
  }

  #page(event: Extract<ShardEvent, { type: "page-read" }>): void {
    const tally = this.#of(event.shardId);
    tally.recordsRead += event.records;
    tally.bytesRead += event.bytes;
    tally.millisBehindLatest = event.millisBehindLatest ?? tally.millisBehindLatest;
    tally.failing = false;
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
        checkpoint: undefined,
        failing: false,
      };
      this.#shards.set(shardId, tally);
    }
    return tally;
  }
}
