import { MAX_PAGE_RECORDS } from "../server/pages.js";
import type { Probe } from "./protocol.js";

/** Enough that the rates which a shard has leave little of a core idle, and few enough that each has its share of the memory. */
const BUSY_SHARDS = 4;
/** Polls of idle shards cost little: many of them are wanted for a figure. */
const MOST_SHARDS = 64;

/** A slow pipeline is given pages that it can pass in this time, so that several pass while it is measured. */
const PAGE_MS = 250;

/** What the first records cost, by what they cost once V8 has compiled what they run: three times and more. */
const COLD_BY_WARM = 3;

/**
 * Shards that are read while a pipeline is measured. One that waits for each record lets a shard pass few, and a core that mostly rests pays several times as
 * much for each poll and each record: it is given about as many shards as fill a core.
 */
export function busyShardsOf({ waitMs, cpuMs, concurrency }: Probe): number {
  if (waitMs === 0) return BUSY_SHARDS;
  const filling = Math.floor((COLD_BY_WARM * (waitMs / concurrency)) / Math.max(cpuMs, Number.EPSILON));
  return Math.max(BUSY_SHARDS, Math.min(MOST_SHARDS, filling));
}

/**
 * Idle shards whose polls are measured. What a poll takes depends on how often there is one, and the pages of a pipeline that waits are so small that a
 * difference in their polls would be told of its records: then there are as many idle shards as busy ones.
 */
export function idleShardsBeside(busyShards: number): number {
  return busyShards === BUSY_SHARDS ? MOST_SHARDS : busyShards;
}

/** A page that the pipeline passes in good time, by what it took for the first records. */
export function pageOf({ waitMs, cpuMs, concurrency }: Probe): number {
  const most = Math.floor(PAGE_MS / Math.max(waitMs / concurrency, cpuMs, Number.EPSILON));
  return Math.max(1, Math.min(MAX_PAGE_RECORDS, most));
}
