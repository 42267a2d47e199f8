import type { ConsoleState } from "../../src/index.js";
import type { Row } from "./rows.js";
import { behindOf, deliveredOf } from "./verdict.js";

/** One look, for the charts. Null where nothing was known. */
export interface Sample {
  readonly atMs: number;
  readonly deliveredS: number | null;
  readonly behindS: number | null;
  readonly readPerS: number | null;
  readonly emittedPerS: number | null;
}

/** Ten minutes at one look in two seconds. */
const MAX_SAMPLES = 300;
const MAX_SHARD_SAMPLES = 40;

interface Totals {
  readonly atMs: number;
  readonly read: number;
  readonly emitted: number;
}

/** What was seen since the page was opened, bounded. */
export class History {
  #samples: Sample[] = [];
  readonly #shards = new Map<string, number[]>();
  readonly #totals = new Map<string, Totals>();

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Delays of a shard in seconds, the oldest first. */
  ofShard(shardId: string): readonly number[] {
    return this.#shards.get(shardId) ?? [];
  }

  get last(): Sample | undefined {
    return this.#samples.at(-1);
  }

  note(state: ConsoleState, rows: readonly Row[]): void {
    const delivered = deliveredOf(rows);
    const behind = behindOf(rows);
    const rates = this.#ratesOf(state);
    this.#samples.push({
      atMs: state.nowMs,
      deliveredS: delivered === null ? null : delivered / 1000,
      behindS: behind === null ? null : behind / 1000,
      ...rates,
    });
    if (this.#samples.length > MAX_SAMPLES) this.#samples = this.#samples.slice(-MAX_SAMPLES);
    const known = new Set<string>();
    for (const { shardId, deliveredAgoMs, state: is } of rows) {
      if (is === "ended" || deliveredAgoMs === null) continue;
      known.add(shardId);
      const values = this.#shards.get(shardId) ?? [];
      values.push(deliveredAgoMs / 1000);
      if (values.length > MAX_SHARD_SAMPLES) values.shift();
      this.#shards.set(shardId, values);
    }
    for (const shardId of this.#shards.keys()) if (!known.has(shardId)) this.#shards.delete(shardId);
  }

  /** What all processes together read and emitted since the look before; null at the first of each. */
  #ratesOf({ processes, nowMs }: ConsoleState): Pick<Sample, "readPerS" | "emittedPerS"> {
    let [readPerS, emittedPerS]: [number | null, number | null] = [null, null];
    const known = new Set<string>();
    for (const { snapshot } of processes) {
      if (snapshot === null) continue;
      const { ownerId, totals } = snapshot;
      known.add(ownerId);
      const before = this.#totals.get(ownerId);
      this.#totals.set(ownerId, { atMs: nowMs, read: totals.recordsRead, emitted: totals.recordsEmitted });
      if (before === undefined || nowMs <= before.atMs) continue;
      const seconds = (nowMs - before.atMs) / 1000;
      readPerS = (readPerS ?? 0) + (totals.recordsRead - before.read) / seconds;
      emittedPerS = (emittedPerS ?? 0) + (totals.recordsEmitted - before.emitted) / seconds;
    }
    for (const ownerId of this.#totals.keys()) if (!known.has(ownerId)) this.#totals.delete(ownerId);
    return { readPerS, emittedPerS };
  }
}
