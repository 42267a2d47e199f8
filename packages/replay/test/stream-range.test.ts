import { polling } from "@kinesis-connectors/consumer/reading";
import { hasCode, sleep } from "@kinesis-connectors/core";
import { memoryLeases } from "@kinesis-connectors/leases";
import { failureFrom, keepingLogger, seededRandom, virtualClock } from "@kinesis-connectors/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import { type ReplayOptions, type ReplayTotals, startReplay, streamRange } from "../src/index.js";
import { History } from "./support/history.js";
import { Place } from "./support/place.js";

const MINUTE_MS = 60_000;

let clock: ReturnType<typeof virtualClock>;
let leases: ReturnType<typeof memoryLeases>;
let place: Place;
let history: History;
let startMs: number;
beforeEach(() => {
  clock = virtualClock();
  leases = memoryLeases();
  place = new Place();
  history = new History(clock, 2);
  startMs = clock.now() - 60 * MINUTE_MS;
});

const at = (minute: number): Date => new Date(startMs + minute * MINUTE_MS);
const range = (from: number, until: number) =>
  streamRange({ stream: "clicks", from: at(from), until: at(until), kinesisApi: history.connect() });

type Options = Partial<ReplayOptions<string, string, { readonly key: string }>>;

type Totals = ReplayTotals & { readonly isComplete: boolean };

/** Starts a replay; it ends as time passes. */
async function begun(options: Options = {}): Promise<Totals> {
  const started = await startReplay({
    application: "again",
    pipeline: place.pipeline(),
    source: range(10, 20),
    leaseTable: leases.connect(),
    clock,
    random: seededRandom(1),
    ...options,
  });
  return await started.done;
}

/** Starts a replay and waits for its end in virtual time. */
const replay = async (options: Options = {}): Promise<Totals> => await clock.run(begun(options));

/** Puts a record each 10 seconds for half an hour, by turns into the shards that are open. */
function fill(each: (nth: number) => void = () => undefined): Map<string, number> {
  const put = new Map<string, number>();
  for (let nth = 0; nth < 180; nth += 1) {
    each(nth);
    const { openShardIds } = history;
    const shardId = openShardIds[nth % openShardIds.length] ?? "";
    const arrivalMs = startMs + nth * 10_000;
    history.put(shardId, arrivalMs, `r${nth}`);
    put.set(`r${nth}`, arrivalMs);
  }
  return put;
}
const within = (put: ReadonlyMap<string, number>, from: number, until: number): string[] =>
  [...put]
    .flatMap(([text, ms]) => (ms >= at(from).getTime() && ms < at(until).getTime() ? [text] : []))
    .toSorted();

describe("a replay of a range of a stream", () => {
  it("lands exactly what arrived from its beginning to before its end, and ends", async () => {
    const put = fill();
    const totals = await replay();
    expect(place.landed.toSorted()).toEqual(within(put, 10, 20));
    expect(totals).toMatchObject({
      isComplete: true,
      recordsEmitted: 60,
      recordsRead: 60,
      shards: 2,
      shardsEnded: 2,
    });
    expect([...leases.rows.values()].map(({ checkpoint }) => checkpoint)).toEqual(["SHARD_END", "SHARD_END"]);
  });

  it("reads children after their parents, and shards that were closed in it", async () => {
    const put = fill((nth) => {
      if (nth === 80) history.split("shardId-000000000000");
      if (nth === 95) history.split("shardId-000000000002");
    });
    const totals = await replay({ pipeline: place.pipeline(3) });
    expect(place.landed.toSorted()).toEqual(within(put, 10, 20));
    expect(totals.shardsEnded).toBe(6);
    const shardsInOrder = [...place.objects.keys()].map((key) => Number(key.split("/")[1]?.slice(-2)));
    expect(shardsInOrder.lastIndexOf(0)).toBeLessThan(shardsInOrder.indexOf(2));
    expect(shardsInOrder.lastIndexOf(2)).toBeLessThan(shardsInOrder.indexOf(4));
  });

  it("reads a shard that two were merged into after both of them, also where that comes while it runs", async () => {
    const put = fill((nth) => {
      if (nth === 70) history.split("shardId-000000000000");
      if (nth === 80) history.merge("shardId-000000000002", "shardId-000000000003");
    });
    const running = replay({ pipeline: place.pipeline(3), source: range(10, 65) });
    await clock.advance(2 * MINUTE_MS);
    // The last two that are open: nobody has listed what follows them.
    history.merge("shardId-000000000004", "shardId-000000000001");
    history.put("shardId-000000000005", clock.now(), "after the merge");
    const totals = await running;
    expect(place.landed.toSorted()).toEqual([...within(put, 10, 65), "after the merge"].toSorted());
    expect(totals).toMatchObject({ isComplete: true, shards: 6, shardsEnded: 6 });
    const inOrder = [...place.objects.keys()].map((key) => Number(key.split("/")[1]?.slice(-2)));
    expect(new Set(inOrder)).toEqual(new Set([0, 1, 2, 3, 4, 5]));
    const tooEarly = [
      [2, 0],
      [3, 0],
      [4, 2],
      [4, 3],
      [5, 4],
      [5, 1],
    ].filter(([child = 0, parent = 0]) => inOrder.indexOf(child) < inOrder.lastIndexOf(parent));
    expect(tooEarly).toEqual([]);
  });

  it("keeps to what arrived in it where arrival times fall back", async () => {
    const arrivals = [9, 10, 9.5, 10.5, 19.9, 21, 20, 19.95, 24.9, 12, 25, 13];
    for (const [nth, minute] of arrivals.entries())
      history.put("shardId-000000000000", at(minute).getTime(), `r${nth}`);
    await replay();
    // Five minutes past the end nothing is expected any more.
    expect(place.landed).toEqual(["r1", "r3", "r4", "r7", "r9"]);
  });

  it("waits for an end that has not come yet", async () => {
    fill();
    const running = replay({ source: range(10, 65) });
    await clock.advance(4 * MINUTE_MS);
    history.put("shardId-000000000001", clock.now(), "late");
    const totals = await running;
    expect(totals.isComplete).toBe(true);
    expect(place.landed).toContain("late");
    expect(clock.now()).toBeGreaterThanOrEqual(at(70).getTime());
  });

  it("goes on where it was stopped, with the same application, and does nothing once it is complete", async () => {
    const put = fill();
    const stop = new AbortController();
    const first = replay({
      pipeline: place.pipeline(4),
      signal: stop.signal,
      observe: ({ type }) => {
        if (type === "checkpoint-commit") stop.abort();
      },
    });
    expect((await first).isComplete).toBe(false);
    const landedFirst = place.landed.length;
    expect(landedFirst).toBeGreaterThan(0);
    expect(landedFirst).toBeLessThan(60);
    expect((await replay({ pipeline: place.pipeline(4) })).recordsEmitted).toBe(60 - landedFirst);
    expect(place.landed.toSorted()).toEqual(within(put, 10, 20));
    expect(await replay()).toMatchObject({ isComplete: true, recordsRead: 0 });
  });

  it("that is started twice at once is the last one's: the other one ends and says so, and each record lands once", async () => {
    const put = fill();
    const slowly = place.pipeline(2, () => sleep(clock, 1_000));
    const first = failureFrom(begun({ pipeline: slowly }));
    await clock.advance(10_000);
    expect(place.landed.length).toBeGreaterThan(0);
    expect(place.landed.length).toBeLessThan(60);
    const second = await replay({ pipeline: place.pipeline(3) });
    expect(second.isComplete).toBe(true);
    const failure = await clock.run(first);
    expect(hasCode(failure, "KC_LEASE_LOST")).toBe(true);
    expect(failure.message).toContain('another process took shards of the replay "again"');
    expect(place.landed.toSorted()).toEqual(within(put, 10, 20));
  });

  it("is refused where it begins in the future, and says that it waits where it ends there", async () => {
    fill();
    const refused = await failureFrom(replay({ source: range(61, 70) }));
    expect(hasCode(refused, "KC_OPTION_INVALID")).toBe(true);
    expect(refused.message).toContain("from lies in the future");
    const logger = keepingLogger();
    await replay({ source: range(10, 61), logger, pipeline: place.pipeline(100) });
    expect(logger.lines.join("\n")).toContain(
      "shards that go on are waited for until five minutes past the end of the range",
    );
  });

  it("is refused with another range under the same application", async () => {
    fill();
    await replay();
    for (const source of [range(11, 20), range(10, 21)])
      expect(hasCode(await failureFrom(replay({ source })), "KC_LEASE_TABLE")).toBe(true);
  });

  it("is refused where the stream keeps less than it asks for, unless what is left will do", async () => {
    const put = fill();
    history = new History(clock, 1, 24);
    history.put("shardId-000000000000", startMs, "kept");
    const from = new Date(clock.now() - 25 * 60 * MINUTE_MS);
    const source = () => streamRange({ stream: "clicks", from, until: at(5), kinesisApi: history.connect() });
    const refused = await failureFrom(replay({ source: source() }));
    expect(hasCode(refused, "KC_RETENTION_GAP")).toBe(true);
    expect(refused.message).toContain("s3Archive");
    await replay({ source: source(), onRetentionGap: "continue" });
    expect(place.landed).toEqual(["kept"]);
    expect(put.size).toBe(180);
  });

  it("tells of a shard that the stream forgot before it was read", async () => {
    fill();
    const stop = new AbortController();
    await replay({
      pipeline: place.pipeline(4),
      signal: stop.signal,
      observe: ({ type }) => {
        if (type === "checkpoint-commit") stop.abort();
      },
    });
    for (const shardId of history.openShardIds) history.forget(shardId);
    expect(hasCode(await failureFrom(replay({ pipeline: place.pipeline(4) })), "KC_RETENTION_GAP")).toBe(
      true,
    );
  });
});

describe("an emitter that hangs in its close", () => {
  it("is not waited for past the stop deadline: the replay ends with its name, and its records have landed", async () => {
    const put = fill();
    const never = new Promise<void>(() => undefined);
    const emitter = { ...place.emitter(), close: () => never };
    const beganMs = clock.monotonicNow();
    const failure = await failureFrom(
      replay({ pipeline: { ...place.pipeline(), emitter }, stopDeadlineMs: 20_000 }),
    );
    expect(hasCode(failure, "KC_STOP_DEADLINE")).toBe(true);
    expect(failure.message).toContain("the pipeline's emitter did not close within 20000 ms");
    expect(place.landed.toSorted()).toEqual(within(put, 10, 20));
    expect(clock.monotonicNow() - beganMs).toBeLessThan(60_000);
    expect(clock.pendingTimers()).toBe(0);
    // What was committed is.
    expect(await replay()).toMatchObject({ isComplete: true, recordsRead: 0 });
  });
});

describe("its speed", () => {
  it("stays below maxBytesPerSecond of each shard, in answers that leave room for the live reader", async () => {
    for (let nth = 0; nth < 2000; nth += 1)
      history.put("shardId-000000000000", at(12).getTime() + nth, "x".repeat(1000 + (nth % 5) * 1000));
    const beganMs = clock.now();
    await replay({ pipeline: place.pipeline(1000), maxBytesPerSecond: 100_000 });
    const answers = history.asked.filter(({ bytes }) => bytes > 0);
    const bytes = answers.reduce((sum, one) => sum + one.bytes, 0);
    expect(bytes).toBe(6_000_000);
    const lastMs = answers.at(-1)?.atMs ?? 0;
    expect(((bytes - (answers.at(-1)?.bytes ?? 0)) * 1000) / (lastMs - beganMs)).toBeLessThanOrEqual(100_000);
    expect(lastMs - beganMs).toBeLessThan(90_000);
    expect(Math.max(...answers.slice(1).map((one) => one.bytes))).toBeLessThan(150_000);
    const starts = history.asked
      .filter(({ shardId }) => shardId === "shardId-000000000000")
      .map(({ atMs }) => atMs);
    expect(starts.every((ms, nth) => nth === 0 || ms - (starts[nth - 1] ?? 0) >= 500)).toBe(true);
  });
});

describe("the answers of a shard of large records", () => {
  it("stay small while a shard of small ones is read beside it", async () => {
    for (let nth = 0; nth < 300; nth += 1)
      history.put("shardId-000000000000", at(12).getTime() + nth, "x".repeat(50_000));
    for (let nth = 0; nth < 20_000; nth += 1)
      history.put("shardId-000000000001", at(12).getTime() + nth, "y");
    await replay({ pipeline: place.pipeline(1000), maxBytesPerSecond: 100_000 });
    const sizes = history.asked.flatMap(({ shardId, bytes }) =>
      shardId === "shardId-000000000000" ? [bytes] : [],
    );
    // Nobody knows the size of the first one.
    expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(100_000);
  });
});

describe("what would double", () => {
  beforeEach(() => {
    fill();
  });

  it("is refused before anything is written, unless it is said to be another place", async () => {
    place.found = "batches that another application wrote, such as archive/1";
    const refused = await failureFrom(replay());
    expect(hasCode(refused, "KC_STEERING_REFUSED")).toBe(true);
    expect(refused.message).toContain("archive/1");
    expect(refused.message).toContain('into: "other"');
    expect(place.landed).toEqual([]);
    expect(leases.rows.size).toBe(0);
    expect(place.asked).toEqual([{ application: "again", stream: "clicks", keepsPositions: true }]);
    expect((await replay({ into: "other" })).recordsEmitted).toBe(60);
  });

  it("is refused of an emitter that does not tell", async () => {
    const { wouldDouble: _untold, ...emitter } = place.emitter();
    const pipeline = { ...place.pipeline(), emitter };
    expect(hasCode(await failureFrom(replay({ pipeline })), "KC_STEERING_REFUSED")).toBe(true);
  });

  it("is not asked once the replay has begun: what is there may be its own", async () => {
    const stop = new AbortController();
    await replay({
      pipeline: place.pipeline(4),
      signal: stop.signal,
      observe: ({ type }) => {
        if (type === "checkpoint-commit") stop.abort();
      },
    });
    place.found = "its own";
    expect((await replay({ pipeline: place.pipeline(4) })).isComplete).toBe(true);
  });
});

describe("a mistake", () => {
  it.each([
    ["until before from", () => range(20, 10)],
    [
      "a stream by two names",
      () => streamRange({ stream: "a", streamArn: "arn", from: at(1), until: at(2) }),
    ],
    ["no time", () => streamRange({ stream: "a", from: new Date(Number.NaN), until: at(2) })],
    [
      "a retrieval of another kind",
      () =>
        streamRange({
          stream: "a",
          from: at(1),
          until: at(2),
          retrieval: { ...polling(), type: "other" } as never,
        }),
    ],
  ])("%s is told at once", (_, make) => {
    expect(() => make()).toThrowError(expect.objectContaining({ code: "KC_OPTION_INVALID" }));
  });

  it("of a pipeline stops all shards in order, and what was read before it is committed", async () => {
    fill();
    const pipeline = place.pipeline(100, undefined, (line) => {
      if (line === "r100") throw new Error("no");
      return true;
    });
    const failure = await failureFrom(replay({ pipeline }));
    expect(hasCode(failure, "KC_RECORD_POISON")).toBe(true);
    expect(place.landed.length).toBeGreaterThan(0);
    expect(clock.pendingTimers()).toBe(0);
  });
});
