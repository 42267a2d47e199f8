import type { ShardReader } from "@kinesis-connectors/core";
import { seededRandom } from "@kinesis-connectors/testkit";
import { fullHashKeyRange } from "@kinesis-connectors/wire";
import { expect, it } from "vitest";
import type { KinesisApi } from "../../src/kinesis/kinesis-api.js";
import { polling, pollingSource } from "../../src/reading/polling-reader.js";
import { breathe, VirtualTime } from "./virtual-time.js";

const SHARDS = 64;
const SECONDS = 30;

/** Shards without records, and when each of them was read. */
function idleShards(time: VirtualTime) {
  const readsMs = Array.from({ length: SHARDS }, (): number[] => []);
  const api = {
    getShardIterator: (shardId: string) => Promise.resolve(shardId),
    getRecords: (iterator: string) => {
      readsMs[Number(iterator)]?.push(time.monotonicNow());
      return Promise.resolve({
        records: [],
        nextIterator: iterator,
        millisBehindLatest: 0,
        childShards: undefined,
      });
    },
  } satisfies Partial<KinesisApi>;
  const readers = readsMs.map((_, shard) =>
    pollingSource(
      {
        api: api as unknown as KinesisApi,
        stream: "clicks",
        shardId: String(shard),
        range: fullHashKeyRange,
        clock: time,
        random: seededRandom(shard),
        observe: () => undefined,
      },
      polling(),
    ).open({ type: "trim-horizon" }),
  );
  return { readsMs, readers };
}

/** Reads all of them until that time; all that happens at one moment has happened before the next one. */
async function readUntil(time: VirtualTime, readers: readonly ShardReader[], endMs: number): Promise<void> {
  const endings = readers.map(() => new AbortController());
  const read = async (reader: ShardReader, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) await reader.next(signal);
  };
  const reading = Promise.all(
    endings.map(({ signal }, shard) => read(readers[shard] as ShardReader, signal)),
  );
  await breathe();
  while (time.monotonicNow() < endMs && time.fireNext()) await breathe();
  for (const ending of endings) ending.abort();
  await reading;
}

it("idle shards that a worker takes up together are not read in the same moment, each of them about every second", async () => {
  const time = new VirtualTime();
  const { readsMs, readers } = idleShards(time);
  await readUntil(time, readers, SECONDS * 1_000);
  for (const times of readsMs) {
    const pauses = times.slice(1).map((atMs, read) => atMs - (times[read] ?? 0));
    const [first = 0, ...others] = pauses;
    expect(first).toBeGreaterThanOrEqual(500);
    expect(first).toBeLessThanOrEqual(1_500);
    expect(Math.min(...others)).toBeGreaterThanOrEqual(900);
    expect(Math.max(...others)).toBeLessThanOrEqual(1_100);
    expect(Math.abs(times.length - SECONDS)).toBeLessThanOrEqual(2);
  }
  // Of 64 reads in a second, 6 on the average fall into a tenth of it.
  expect(mostInTenth(readsMs.flat().filter((atMs) => atMs > 2_000))).toBeLessThan(SHARDS / 3);
});

it("idle shards whose reads a busy process has made at once are parted again", async () => {
  const time = new VirtualTime();
  const { readsMs, readers } = idleShards(time);
  await readUntil(time, readers, 3_000);
  // All of them are due by the end of it.
  time.skip(2_000);
  const stalledMs = time.monotonicNow();
  await readUntil(time, readers, stalledMs + 20_000);
  const reads = readsMs.flat();
  expect(mostInTenth(reads.filter((atMs) => atMs >= stalledMs && atMs < stalledMs + 100))).toBe(SHARDS);
  expect(mostInTenth(reads.filter((atMs) => atMs > stalledMs + 15_000))).toBeLessThan(SHARDS / 2);
});

/** The most reads within a tenth of a second. */
function mostInTenth(readsMs: readonly number[]): number {
  const perTenth = new Map<number, number>();
  for (const atMs of readsMs) {
    const tenth = Math.floor(atMs / 100);
    perTenth.set(tenth, (perTenth.get(tenth) ?? 0) + 1);
  }
  return Math.max(0, ...perTenth.values());
}
