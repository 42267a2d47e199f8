import type { Clock } from "@kinesis-connectors/core";

import type { KinesisApi } from "../kinesis/kinesis-api.js";
import { Loop } from "../worker/loop.js";
import type { ReadEvent } from "./read-events.js";

const HOUR_MS = 3_600_000;

// IncreaseStreamRetentionPeriod, API reference: a stream keeps its records for at least 24 hours. Below the margin of that nothing is at
// risk, whatever the retention is, and nobody has to be asked.
const SHORTEST_RETENTION_MS = 24 * HOUR_MS;

/** Less than this part of the retention left: the risk is told. */
const RISK_SHARE = 0.25;
/** At least this part left again: it is over, and the next one is told anew. In between nothing changes, so nothing flutters. */
const SAFE_SHARE = 0.3;

const PERIOD_MS = 60_000;

export interface RetentionWatchOptions {
  readonly api: Pick<KinesisApi, "describeStream">;
  readonly stream: string;
  readonly clock: Clock;
  readonly observe: (event: ReadEvent) => void;
  /** The retention as it was at the start. It is asked for again when it matters, because it may be shortened while we run. */
  readonly retentionMs: number;
  /** A look that failed; the next one follows. */
  readonly failed: (error: Error) => void;
}

/** Facts about the reading of one shard, for the watch. */
export interface WatchedShard {
  /** Something was read: everything that arrived until `throughMs` (wall time) has been read, and waits for its commit. */
  readonly read: (throughMs: number) => void;
  /** Everything that arrived until `throughMs` has been read and committed. */
  readonly committed: (throughMs: number) => void;
  /** The shard is no longer read here. */
  readonly end: () => void;
}

/** Facts about one shard, for whoever looks now. */
export interface RetentionFacts {
  /** Everything that arrived until then has been read and committed, in epoch milliseconds; undefined where unknown. */
  readonly readThroughMs: number | undefined;
  /** Until records that are not committed are gone, in milliseconds; undefined for a shard that is not read here. */
  readonly retentionLeftMs: number | undefined;
}

interface Watched {
  /** Wall time until which everything that arrived is read and committed. */
  readThroughMs: number | undefined;
  /** Wall time since which what arrived may still be needed from the stream. */
  neededSinceMs: number;
  hasCommitted: boolean;
  isAtRisk: boolean;
}

/**
 * Warns before retention takes records away that nobody has delivered. Driven by a timer, because it is a destination or a stream that
 * does not answer that stops everything else.
 *
 * A record is needed from the stream until it is committed, not until it is read: a process that ends before that reads it again.
 */
export class RetentionWatch {
  readonly #options: RetentionWatchOptions;
  readonly #stopping = new AbortController();
  readonly #shards = new Map<string, Watched>();
  readonly #loop: Loop;
  #retentionMs: number;

  constructor(options: RetentionWatchOptions) {
    this.#options = options;
    this.#retentionMs = options.retentionMs;
    this.#loop = new Loop({
      clock: options.clock,
      firstDelayMs: PERIOD_MS,
      delayMs: () => PERIOD_MS,
      kind: "delay",
      step: () => this.#look(),
      failed: options.failed,
    });
  }

  /** Begins to watch a shard. `readThroughMs`: until when earlier owners had delivered everything; undefined where unknown. */
  watch(shardId: string, readThroughMs: number | undefined): WatchedShard {
    const watched: Watched = {
      readThroughMs,
      // Where nothing is known, what was in the shard before now is told by the first answer.
      neededSinceMs: readThroughMs ?? this.#options.clock.now(),
      hasCommitted: false,
      isAtRisk: false,
    };
    this.#shards.set(shardId, watched);
    return {
      read: (throughMs) => {
        if (!watched.hasCommitted) watched.neededSinceMs = Math.min(watched.neededSinceMs, throughMs);
      },
      committed: (throughMs) => {
        watched.hasCommitted = true;
        watched.neededSinceMs = throughMs;
        watched.readThroughMs = Math.max(watched.readThroughMs ?? 0, throughMs);
      },
      end: () => {
        if (this.#shards.get(shardId) === watched) this.#shards.delete(shardId);
      },
    };
  }

  factsOf(shardId: string): RetentionFacts {
    const watched = this.#shards.get(shardId);
    if (watched === undefined) return { readThroughMs: undefined, retentionLeftMs: undefined };
    const { readThroughMs } = watched;
    return { readThroughMs, retentionLeftMs: this.#leftMs(watched, this.#options.clock.now()) };
  }

  /** How long the stream keeps its records, as it said last, in milliseconds. */
  get retentionMs(): number {
    return this.#retentionMs;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop.stop();
  }

  #leftMs({ neededSinceMs }: Watched, nowMs: number): number {
    return Math.max(0, this.#retentionMs - Math.max(0, nowMs - neededSinceMs));
  }

  async #look(): Promise<void> {
    const { api, stream, clock, observe } = this.#options;
    const nowMs = clock.now();
    let oldestMs = nowMs;
    for (const { neededSinceMs } of this.#shards.values()) oldestMs = Math.min(oldestMs, neededSinceMs);
    if (nowMs - oldestMs > SHORTEST_RETENTION_MS * (1 - SAFE_SHARE)) {
      // A stream that does not answer now is when the warning is needed most: what was known last has to do.
      const answer = await api.describeStream(this.#stopping.signal).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      if (answer !== undefined) this.#retentionMs = answer.retentionHours * HOUR_MS;
    }
    const retentionMs = this.#retentionMs;
    for (const [shardId, watched] of this.#shards) {
      const ageMs = Math.max(0, nowMs - watched.neededSinceMs);
      const leftMs = this.#leftMs(watched, nowMs);
      if (leftMs >= retentionMs * SAFE_SHARE) watched.isAtRisk = false;
      if (watched.isAtRisk || leftMs >= retentionMs * RISK_SHARE) continue;
      watched.isAtRisk = true;
      observe({ type: "retention-risk", stream, shardId, ageMs, leftMs, retentionMs });
    }
  }
}
