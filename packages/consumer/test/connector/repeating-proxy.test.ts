import { type Clock, type Logger, silentLogger, sleep, systemClock } from "@kinesis-connectors/core";
import { memoryLeases } from "@kinesis-connectors/leases";
import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import { repeatingProxy } from "../support/repeating-proxy.js";
import { collector, optionsFor, startAws, STREAM, textPipeline } from "./support.js";

const SHARDS = 8;
const RECORDS = 1_600;
const MOST_REPEATS = 12;
const STUCK_MS = 8_000;

/** A few seeds each time; all of them, and others, by REPEAT_SEEDS=200 and REPEAT_FROM. */
const SEEDS = Number(process.env["REPEAT_SEEDS"] ?? 10);
const FROM = Number(process.env["REPEAT_FROM"] ?? 1);

/** Numbers below a bound, the same for the same seed (mulberry32). */
function picking(seed: number): (below: number) => number {
  let state = seed * 0x9e3779b9;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
}

/** Waits of up to a second take some milliseconds, so that a shard is read as fast as a repeat may come. */
function hurried(pick: (below: number) => number): Clock {
  return {
    ...systemClock,
    setTimer: (delayMs, callback) => systemClock.setTimer(delayMs > 1_000 ? delayMs : pick(4), callback),
  };
}

/** Until every record has come, or none has come for a long time: then some are lost, and are counted. */
async function untilAllOrStuck(all: () => readonly string[]): Promise<void> {
  let count = 0;
  let sinceMs = systemClock.monotonicNow();
  while (new Set(all()).size < RECORDS && systemClock.monotonicNow() - sinceMs < STUCK_MS) {
    await sleep(systemClock, 10);
    if (all().length === count) continue;
    count = all().length;
    sinceMs = systemClock.monotonicNow();
  }
}

interface Seen {
  readonly lost: number;
  readonly duplicated: number;
  readonly repeats: number;
  readonly told: number;
}

async function read(seed: number): Promise<Seen> {
  const pick = picking(seed);
  await using local = await startAws({ shards: SHARDS });
  const records = Array.from({ length: RECORDS }, (_, n) => ({
    partitionKey: `key ${n}`,
    data: `record ${n}`,
  }));
  local.kinesis.putRecords(STREAM, records);
  await using proxy = await repeatingProxy(local.endpoints.kinesis, pick, MOST_REPEATS);
  const collected = collector();
  let told = 0;
  const logger: Logger = {
    ...silentLogger,
    warn: (_fields, message) => {
      if (message === "answer-unasked") told += 1;
    },
  };
  const options = optionsFor(local, textPipeline(collected.emitter));
  const connector = await startConnector({
    ...options,
    endpoints: { kinesis: proxy.endpoint },
    leaseTable: memoryLeases().connect(),
    leases: { bootstrapJitterMs: 0, failoverTimeMs: 10_000, takePeriodMs: 100 },
    retrieval: { type: "polling", idlePollMs: 200, maxRecordsPerRead: 20 },
    clock: hurried(pick),
    logger,
  });
  const listening = (async () => {
    for await (const event of connector) {
      if (event.type === "page-refuse") told += 1;
      if (event.type === "read-retry" && event.error.cause instanceof Error)
        if (event.error.cause.name === "HttpFormatError") told += 1;
    }
  })();
  await untilAllOrStuck(collected.all);
  // What is wrongly delivered comes behind what is right.
  await sleep(systemClock, 30);
  await connector.stop();
  await listening;
  const all = collected.all();
  const distinct = new Set(all);
  return {
    lost: records.filter(({ data }) => !distinct.has(data)).length,
    duplicated: all.length - distinct.size,
    repeats: proxy.repeats(),
    told,
  };
}

describe("a proxy that sends answers two or three times", () => {
  it(
    `costs no record and doubles none, and is told (${SEEDS} seeds from ${FROM})`,
    async () => {
      const wrong: unknown[] = [];
      const sum = { repeats: 0, told: 0 };
      for (let seed = FROM; seed < FROM + SEEDS; seed += 1) {
        const seen = await read(seed);
        sum.repeats += seen.repeats;
        sum.told += seen.told;
        // One that comes last of all, over a connection that nobody uses any more, may be seen by nobody.
        const isTold = seen.told > 0 || seen.repeats < 3;
        if (seen.lost > 0 || seen.duplicated > 0 || !isTold) wrong.push({ seed, ...seen });
      }
      expect(wrong).toEqual([]);
      expect(sum.repeats).toBeGreaterThan(SEEDS);
      expect(sum.told).toBeGreaterThan(SEEDS);
    },
    SEEDS * 20_000,
  );
});
