import { compareCheckpoints, type LeaseTable, memoryLeases } from "@kinesis-connectors/leases";
import { definePipeline, type Emitter, text } from "@kinesis-connectors/core";
import { seededRandom, virtualClock } from "@kinesis-connectors/testkit";
import { describe, expect, test } from "vitest";
import { runKclChild } from "../src/index.js";
import { KclShard } from "./support/kcl-shard.js";
import { ScriptedDaemon } from "./support/scripted-daemon.js";
import { Objects, objectsEmitter, type Plan, record } from "./support/world.js";

/** Who dies at a step: the child; the daemon, whose orphan sees the end of its pipe; or the daemon while its orphan is frozen and goes on much later. */
const BLOWS = ["child", "daemon", "frozen-orphan"] as const;
type Blow = (typeof BLOWS)[number];

/** A blow at a step of a child's life: calls of its row, writes to the destination, lines. */
interface Crash {
  readonly step: number;
  readonly blow: Blow;
}

const FROZEN_MS = 30_000;
const RECORDS = Array.from({ length: 24 }, (_, index) =>
  // The second half of them comes in aggregates of three.
  index < 12 ? record(index + 1) : record(13 + Math.floor((index - 12) / 3), (index - 12) % 3),
);
const NAMES = RECORDS.map(({ data }) => Buffer.from(data).toString());

interface Outcome {
  readonly landed: readonly string[];
  readonly steps: readonly number[];
  readonly rowEnd: unknown;
}

/** Lets one child after the other work on a shard, each struck at its step, until one of them has seen it through. */
async function play(crashes: readonly Crash[], seed: number): Promise<Outcome> {
  const random = seededRandom(seed);
  const clock = virtualClock();
  const leases = memoryLeases();
  const objects = new Objects();
  const shard = new KclShard(RECORDS);
  shard.onCheckpoint = (checkpoint) => {
    const row = leases.rows.get("s0")?.checkpoint ?? "TRIM_HORIZON";
    if (compareCheckpoints(checkpoint, row) > 0)
      throw new Error("the daemon's checkpoint is ahead of the row");
  };
  const steps: number[] = [];
  const orphans: Promise<void>[] = [];

  const life = async (crash: Crash | undefined, number: number): Promise<boolean> => {
    const daemon = new ScriptedDaemon();
    let taken = 0;
    let isFrozen = false;
    let isDead = false;
    let strike: () => void = () => undefined;
    const struck = new Promise<"struck">((resolve) => {
      strike = () => resolve("struck");
    });
    let thaw: () => void = () => undefined;
    const thawed = new Promise<void>((resolve) => {
      thaw = resolve;
    });
    const blow = (): void => {
      if (crash?.blow === "child") isDead = true;
      if (crash?.blow === "frozen-orphan") {
        isFrozen = true;
        clock.setTimer(FROZEN_MS, () => {
          isFrozen = false;
          daemon.end();
          thaw();
        });
      }
      // A child that is dead hears and says nothing more; to an orphan the pipe is closed.
      if (crash?.blow === "daemon") daemon.end();
      strike();
    };
    const step = async (): Promise<void> => {
      taken += 1;
      if (taken === crash?.step) blow();
      if (isDead) await new Promise(() => undefined);
      if (isFrozen) await thawed;
    };
    const around = async <Value>(call: () => Promise<Value>): Promise<Value> => {
      await step();
      const value = await call();
      await step();
      return value;
    };
    const own = leases.connect();
    const table: LeaseTable = {
      ...own,
      get: (key) => around(() => own.get(key)),
      create: (lease) => around(() => own.create(lease)),
      update: (seen, change) => around(() => own.update(seen, change)),
    };
    const emitter: Emitter<string, Plan> = objectsEmitter(objects, step, step);
    const done = runKclChild<string, string, Plan>({
      application: "clicks",
      pipeline: definePipeline({
        transformer: text(),
        buffer: { maxRecords: 1 + Math.floor(random.next() * 7), maxAgeMs: 5_000 },
        emitter,
      }),
      leaseTable: table,
      link: {
        lines: steppedLines(daemon.link.lines, step),
        write: (line) => {
          if (isDead || isFrozen) return;
          daemon.link.write(line);
        },
        close: daemon.link.close,
      },
      stopDeadlineMs: 3_000,
      clock,
      random: seededRandom(seed * 100 + number),
    });
    orphans.push(done.catch(() => undefined));
    const handed = shard.handTo(daemon, () => 1 + Math.floor(random.next() * 6));
    const result = await Promise.race([handed, struck, done.then(() => "struck" as const)]);
    steps.push(taken);
    if (result === true) daemon.end();
    return result === true;
  };

  let number = 0;
  for (const crash of [...crashes, undefined, undefined]) {
    number += 1;
    if (await clock.run(life(crash, number))) break;
  }
  // Frozen orphans go on, and change nothing.
  await clock.advance(4 * FROZEN_MS);
  return { landed: objects.landed, steps, rowEnd: leases.rows.get("s0")?.checkpoint };
}

/** Each line is a step before it is looked at. */
async function* steppedLines(
  lines: AsyncIterable<string>,
  step: () => Promise<void>,
): AsyncGenerator<string, void> {
  for await (const line of lines) {
    await step();
    yield line;
  }
}

const undisturbed = await play([], 1);
const LAST_STEP = undisturbed.steps[0] ?? 0;

describe("every record lands once, and the shard comes to its end", () => {
  test("without a crash", () => {
    expect(undisturbed.landed).toEqual(NAMES);
    expect(undisturbed.rowEnd).toBe("SHARD_END");
    expect(LAST_STEP).toBeGreaterThan(40);
  });

  test.each(BLOWS)("with one crash at every step: %s", async (blow) => {
    for (let step = 1; step <= LAST_STEP; step += 1) {
      const { landed, rowEnd } = await play([{ step, blow }], 1);
      expect({ step, landed, rowEnd }).toEqual({ step, landed: NAMES, rowEnd: "SHARD_END" });
    }
  });

  test("with up to four crashes in a row, in 150 storms", async () => {
    let struck = 0;
    for (let seed = 1; seed <= 150; seed += 1) {
      const random = seededRandom(seed + 5_000);
      const crashes = Array.from({ length: 1 + Math.floor(random.next() * 4) }, () => ({
        step: 1 + Math.floor(random.next() * LAST_STEP * 0.7),
        blow: BLOWS[Math.floor(random.next() * BLOWS.length)] ?? "child",
      }));
      const { landed, steps, rowEnd } = await play(crashes, seed);
      struck += steps.length - 1;
      expect({ seed, landed, rowEnd }).toEqual({ seed, landed: NAMES, rowEnd: "SHARD_END" });
    }
    expect(struck).toBeGreaterThan(200);
  });
});
