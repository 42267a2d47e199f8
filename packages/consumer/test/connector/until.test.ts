import {
  type Clock,
  definePipeline,
  type Emitter,
  KinesisConnectorError,
  systemClock,
  text,
} from "@kinesis-connectors/core";
import type { LocalAws } from "@kinesis-connectors/local";
import { type MemoryLeases, memoryLeases } from "@kinesis-connectors/leases";
import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import type { ConnectorEvent } from "../../src/events.js";
import type { ConnectorOptions } from "../../src/options.js";
import { collector, optionsFor, startAws, STREAM, textPipeline, until } from "./support.js";

const MINUTE_MS = 60_000;

/** The machine's clock with a calendar that is turned by hand: records arrive when the test says. */
function turnableClock(): Clock & { readonly turnTo: (ms: number) => void } {
  let turnedMs = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + turnedMs,
    turnTo: (ms) => {
      turnedMs = ms - systemClock.now();
    },
  };
}

/** A stream of two shards whose records arrived around a moment. */
async function around(options: { readonly tail: boolean }) {
  const clock = turnableClock();
  const nowMs = systemClock.now();
  const atMs = nowMs - 60 * MINUTE_MS;
  clock.turnTo(atMs - 30 * MINUTE_MS);
  const local = await startAws({ shards: 2, local: { clock } });
  const put = (arrivalMs: number, name: string): void => {
    clock.turnTo(arrivalMs);
    const records = Array.from({ length: 60 }, (_, n) => ({
      partitionKey: `key-${n}`,
      data: `${name} ${n}`,
    }));
    local.kinesis.putRecords(STREAM, records);
  };
  put(atMs - 20 * MINUTE_MS, "early");
  put(atMs - 5_000, "just before");
  put(atMs, "at the end");
  put(atMs + 2 * MINUTE_MS, "late");
  if (options.tail) put(atMs + 6 * MINUTE_MS, "much later");
  clock.turnTo(nowMs);
  const wanted = ["early", "just before"]
    .flatMap((name) => Array.from({ length: 60 }, (_, n) => `${name} ${n}`))
    .toSorted();
  return { local, clock, at: new Date(atMs), wanted };
}

function rangeOptions(
  local: LocalAws,
  emitter: Emitter<string>,
  { clock, at, leases }: { readonly clock: Clock; readonly at: Date; readonly leases: MemoryLeases },
): ConnectorOptions<string, string> {
  return {
    ...optionsFor(local, textPipeline(emitter)),
    clock,
    leaseTable: leases.connect(),
    until: { at },
  };
}

function checkpointsOf(leases: MemoryLeases): unknown[] {
  return [...leases.rows.values()].map(({ checkpoint }) => checkpoint);
}

describe("reading until a moment", () => {
  it.each([
    ["a record that arrived long past it tells that it is over", true],
    ["a shard at its tip tells that it is over", false],
  ])("delivers what arrived before it, and ends: %s", async (_why, tail) => {
    const { local, clock, at, wanted } = await around({ tail });
    await using _aws = local;
    const leases = memoryLeases();
    const collected = collector();
    const events: ConnectorEvent[] = [];
    await using connector = await startConnector({
      ...rangeOptions(local, collected.emitter, { clock, at, leases }),
      observe: (event) => void events.push(event),
    });
    await connector.done;
    expect(collected.all().toSorted()).toEqual(wanted);
    expect(checkpointsOf(leases)).toEqual(["SHARD_END", "SHARD_END"]);
    expect(events.filter(({ type }) => type === "lease-end")).toMatchObject([
      { childShardIds: [] },
      { childShardIds: [] },
    ]);
    expect(connector.progress().shards.map(({ state }) => state)).toEqual(["ended", "ended"]);

    // Once more: there is nothing left to do.
    await using again = await startConnector(rangeOptions(local, collected.emitter, { clock, at, leases }));
    await again.done;
    expect(collected.all()).toHaveLength(wanted.length);
  });

  it("waits for the moment, and five minutes more for what comes late", async () => {
    const clock = turnableClock();
    await using local = await startAws({ local: { clock } });
    const at = new Date(clock.now() + MINUTE_MS);
    const leases = memoryLeases();
    const collected = collector();
    local.kinesis.putRecords(STREAM, [{ partitionKey: "k", data: "one" }]);
    await using connector = await startConnector(
      rangeOptions(local, collected.emitter, { clock, at, leases }),
    );
    let isDone = false;
    void connector.done.then(() => {
      isDone = true;
    });
    await until(() => collected.all().length === 1);
    clock.turnTo(at.getTime() + 4.9 * MINUTE_MS);
    local.kinesis.putRecords(STREAM, [{ partitionKey: "k", data: "too late" }]);
    const readOf = (): number => connector.progress().shards[0]?.lastPageMs ?? 0;
    const turnedMs = clock.now();
    await until(() => readOf() > turnedMs + 500);
    expect(isDone).toBe(false);
    clock.turnTo(at.getTime() + 5.1 * MINUTE_MS);
    await connector.done;
    expect(collected.all()).toEqual(["one"]);
  });

  it("follows a split that came before the moment, and reads the children to it", async () => {
    const clock = turnableClock();
    const nowMs = systemClock.now();
    clock.turnTo(nowMs - 90 * MINUTE_MS);
    await using local = await startAws({ local: { clock, kinesis: { transitionMs: 0 } } });
    const put = (text: string): void => {
      local.kinesis.putRecords(
        STREAM,
        Array.from({ length: 12 }, (_, n) => ({ partitionKey: `key-${n}`, data: `${text} ${n}` })),
      );
    };
    put("parent");
    local.kinesis.call("SplitShard", {
      StreamName: STREAM,
      ShardToSplit: "shardId-000000000000",
      NewStartingHashKey: (2n ** 127n).toString(),
    });
    put("child");
    const at = new Date(nowMs - 60 * MINUTE_MS);
    clock.turnTo(nowMs - 30 * MINUTE_MS);
    put("after");
    clock.turnTo(nowMs);
    const leases = memoryLeases();
    const collected = collector();
    await using connector = await startConnector(
      rangeOptions(local, collected.emitter, { clock, at, leases }),
    );
    await connector.done;
    expect(collected.all().toSorted()).toEqual(
      ["child", "parent"].flatMap((text) => Array.from({ length: 12 }, (_, n) => `${text} ${n}`)).toSorted(),
    );
    expect(checkpointsOf(leases)).toEqual(["SHARD_END", "SHARD_END", "SHARD_END"]);
  });

  it("killed with batches prepared, and started again: every record of the range once", async () => {
    const { local, clock, at, wanted } = await around({ tail: true });
    await using _aws = local;
    const leases = memoryLeases();
    const places = new Map<string, string[]>();
    // An emitter that creates named places once, as that of S3 does.
    const placing = (isDead: () => boolean): Emitter<string, { readonly place: string }> => ({
      capabilities: { duplicates: "none", ordering: "shard" },
      plan: ({ batchId }) => ({ place: batchId }),
      isWritten: (_range, { plan }) => Promise.resolve(places.has(plan.place)),
      emit: ({ entries }, { plan }) => {
        if (isDead()) return Promise.reject(new Error("the destination is away"));
        if (!places.has(plan.place))
          places.set(
            plan.place,
            entries.map(({ output }) => output),
          );
        return Promise.resolve({ failed: [] });
      },
    });
    const start = (maxEmits: number) => {
      let emits = 0;
      const pipeline = definePipeline({
        transformer: text(),
        emitter: placing(() => ++emits > maxEmits),
        buffer: { maxRecords: 7, maxAgeMs: 100 },
      });
      return startConnector({
        ...rangeOptions(local, collector().emitter, { clock, at, leases }),
        pipeline,
        stopDeadlineMs: 50,
      });
    };
    for (const maxEmits of [0, 1, 2, 3]) {
      const killed = await start(maxEmits);
      await until(() =>
        killed.progress().shards.some(({ batchUnderWay }) => (batchUnderWay?.failedAttempts ?? 0) > 0),
      );
      await killed.stop();
      await expect(killed.done).rejects.toMatchObject({ code: "KC_STOP_DEADLINE" });
    }
    expect([...leases.rows.values()].some(({ pending }) => pending?.state !== undefined)).toBe(true);
    await using last = await start(Number.POSITIVE_INFINITY);
    await last.done;
    expect([...places.values()].flat().toSorted()).toEqual(wanted);
    expect(checkpointsOf(leases)).toEqual(["SHARD_END", "SHARD_END"]);
  });

  it("refuses the rows of an application that reads on, and those of another moment, before anything is read", async () => {
    const { local, clock, at } = await around({ tail: true });
    await using _aws = local;
    const collected = collector();
    const rows = async (first: object, second: object): Promise<unknown> => {
      const leases = memoryLeases();
      const options = {
        ...optionsFor(local, textPipeline(collected.emitter)),
        clock,
        leaseTable: leases.connect(),
      };
      await using one = await startConnector({ ...options, ...first });
      await one.stop();
      return await startConnector({ ...options, ...second }).catch((thrown: unknown) => thrown);
    };
    const other = new Date(at.getTime() + 1);
    for (const [first, second, words] of [
      [{}, { until: { at } }, /has been read without until, and is now to be read until/],
      [{ until: { at } }, {}, /has been read until .*, and is now to be read without it/],
      [{ until: { at } }, { until: { at: other } }, /has been read until .*, and is now to be read until/],
    ] as const) {
      const thrown = await rows(first, second);
      expect(KinesisConnectorError.isInstance(thrown) && thrown.code).toBe("KC_LEASE_TABLE");
      expect(String(thrown)).toMatch(words);
    }
  });

  it.each([
    ["no date", { until: { at: new Date(Number.NaN) } }, "until must be { at: a valid Date }"],
    ["a moment before all streams", { until: { at: new Date(-1) } }, "until.at lies before 1970"],
    [
      "a moment before the beginning",
      { until: { at: new Date(1_000) }, initialPosition: { at: new Date(2_000) } },
      "until.at must be later than initialPosition",
    ],
    [
      "a moment that has passed, from LATEST on",
      { until: { at: new Date(1_000) }, initialPosition: "LATEST" },
      "until.at must be later than initialPosition",
    ],
  ] as const)("refuses %s", async (_what, given, words) => {
    const options = { application: "orders", stream: "orders", pipeline: textPipeline(collector().emitter) };
    await expect(startConnector({ ...options, ...given })).rejects.toThrow(words);
  });
});
