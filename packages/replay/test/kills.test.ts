import { type Clock, sleep } from "@kinesis-connectors/core";
import { type LeaseTable, memoryLeases } from "@kinesis-connectors/leases";
import { seededRandom, virtualClock } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { startReplay, streamRange } from "../src/index.js";
import { History } from "./support/history.js";
import { Place } from "./support/place.js";

const MINUTE_MS = 60_000;
const MAX_KILLS = 6;

/** A process that is killed, or frozen for a while, in the middle of a step of its table or destination. */
class Life {
  readonly #clock: Clock;
  #stepsLeft: number;
  readonly #frozenMs: number | undefined;
  #end: (() => void) | undefined;
  /** Settles when the process does nothing any more, for good or for now. */
  readonly over: Promise<"over">;
  kills = 0;

  constructor(clock: Clock, stepsLeft: number, frozenMs: number | undefined) {
    this.#clock = clock;
    this.#stepsLeft = stepsLeft;
    this.#frozenMs = frozenMs;
    this.over = new Promise((resolve) => {
      this.#end = () => resolve("over");
    });
  }

  readonly step = async (): Promise<void> => {
    this.#stepsLeft -= 1;
    if (this.#stepsLeft >= 0) return;
    this.#end?.();
    this.kills = 1;
    // Frozen, it goes on too late and does whatever it was about to do; killed, it never does.
    if (this.#frozenMs === undefined) await new Promise(() => undefined);
    else await sleep(this.#clock, this.#frozenMs);
  };
}

function tableOf(table: LeaseTable, step: () => Promise<void>): LeaseTable {
  return {
    ...table,
    get: async (key) => {
      await step();
      return await table.get(key);
    },
    create: async (lease) => {
      await step();
      return await table.create(lease);
    },
    update: async (seen, change) => {
      await step();
      const outcome = await table.update(seen, change);
      await step();
      return outcome;
    },
  };
}

async function runUnderKills(seed: number): Promise<{ readonly kills: number; readonly trace: string }> {
  const random = seededRandom(seed);
  const clock = virtualClock();
  const history = new History(clock, 1 + Math.floor(random.next() * 3));
  const startMs = clock.now() - 60 * MINUTE_MS;
  const from = new Date(startMs + 5 * MINUTE_MS);
  const until = new Date(startMs + 15 * MINUTE_MS);
  const wanted: string[] = [];
  for (let nth = 0; nth < 200; nth += 1) {
    if (random.next() < 0.02) history.split(history.openShardIds[0] ?? "");
    const { openShardIds } = history;
    const shardId = openShardIds[Math.floor(random.next() * openShardIds.length)] ?? "";
    const arrivalMs = Math.floor(startMs + nth * 6_000 + (random.next() - 0.5) * 20_000);
    history.put(shardId, arrivalMs, `r${nth}`);
    if (arrivalMs >= from.getTime() && arrivalMs < until.getTime() && nth % 7 !== 0) wanted.push(`r${nth}`);
  }
  const leases = memoryLeases();
  const place = new Place();
  let kills = 0;
  for (;;) {
    const isLast = kills === MAX_KILLS;
    const frozenMs = random.next() < 0.5 ? Math.floor(random.next() * 120_000) : undefined;
    const life = new Life(
      clock,
      isLast ? Number.POSITIVE_INFINITY : Math.floor(random.next() * 40),
      frozenMs,
    );
    const run = async (): Promise<"complete" | "over"> => {
      const replay = await startReplay({
        application: "again",
        pipeline: place.pipeline(
          1 + Math.floor(random.next() * 20),
          life.step,
          (line) => Number(line.slice(1)) % 7 !== 0,
        ),
        source: streamRange({ stream: "clicks", from, until, kinesisApi: history.connect() }),
        leaseTable: tableOf(leases.connect(), life.step),
        clock,
        random,
      });
      return (await replay.done).isComplete ? "complete" : "over";
    };
    const running = run();
    // A frozen one finds out, when it goes on, that its shards are gone.
    running.catch(() => undefined);
    const end = await clock.run(Promise.race([running, life.over]));
    kills += life.kills;
    if (end === "complete") break;
  }
  // Whoever was frozen goes on by now.
  await clock.advance(5 * MINUTE_MS);
  expect(place.landed.toSorted()).toEqual(wanted.toSorted());
  expect(
    [...leases.rows.values()].every(
      ({ checkpoint, pending }) => checkpoint === "SHARD_END" && pending === undefined,
    ),
  ).toBe(true);
  return { kills, trace: [...place.objects].map(([key, records]) => `${key} ${records.join()}`).join("\n") };
}

describe("a replay that is killed, or frozen and overtaken, at any step", () => {
  it("lands each record of the range once, over 40 seeds", async () => {
    let kills = 0;
    for (let seed = 1; seed <= 40; seed += 1) kills += (await runUnderKills(seed)).kills;
    expect(kills).toBeGreaterThan(100);
  });

  it("does the same for the same seed", async () => {
    expect((await runUnderKills(77)).trace).toBe((await runUnderKills(77)).trace);
  });
});
