import {
  ByteBudget,
  definePipeline,
  type Emitter,
  type KinesisRecord,
  processShard,
  type ShardOutcome,
  text,
} from "@kinesis-connectors/core";
import { describe, expect, test } from "vitest";
import { type LeaseTable, memoryLeases, takeShard } from "../src/index.js";
import { SeededRandom } from "./support/seeded-random.js";
import { at, createWorld } from "./support/taking.js";
import { VirtualClock } from "./support/virtual-clock.js";

describe("the engine on shards that are taken", () => {
  /** A driver that is handed records and dies in the middle now and then, at whatever step of the row. */
  test("lands every record once over 300 deaths, with batches cut anew each time", async () => {
    const random = new SeededRandom(7);
    const records: readonly KinesisRecord[] = Array.from({ length: 1_000 }, (_, index) => ({
      ...at(index + 1),
      partitionKey: "k",
      arrivalTimeMs: 0,
      data: new TextEncoder().encode(`${index + 1}`),
    }));
    const objects = new Map<string, readonly string[]>();
    const leases = memoryLeases();
    const clock = new VirtualClock();
    let deaths = 0;
    for (let run = 1; ; run += 1) {
      const dying = new AbortController();
      let stepsLeft = deaths < 300 ? Math.floor(random.next() * 8) : Number.POSITIVE_INFINITY;
      const step = (): void => {
        stepsLeft -= 1;
        if (stepsLeft >= 0) return;
        dying.abort(new Error("killed"));
        throw new Error("killed");
      };
      const table: LeaseTable = leases.connect(() => {
        step();
        return undefined;
      });
      const emitter: Emitter<string, { key: string }> = {
        capabilities: { duplicates: "none", ordering: "shard" },
        plan: ({ first, last }) => ({ key: `${first.sequenceNumber}-${last.sequenceNumber}` }),
        emit: async ({ entries }, { plan }) => {
          step();
          if (!objects.has(plan.key))
            objects.set(
              plan.key,
              entries.map(({ output }) => output),
            );
          step();
          return { failed: [] };
        },
      };
      const pipeline = definePipeline({
        transformer: text(),
        buffer: { maxRecords: 1 + Math.floor(random.next() * 40) },
        emitter,
      });
      let outcome: ShardOutcome | undefined;
      try {
        const held = await takeShard({
          table,
          application: "orders",
          shardId: "s0",
          ownerId: `driver:${run}`,
          initialPosition: { type: "trim-horizon" },
          signal: dying.signal,
          clock,
          random,
        });
        outcome = await clock.run(
          processShard(pipeline, {
            application: "orders",
            stream: "orders",
            shardId: "s0",
            source: {
              open: (start) => ({
                next: () => {
                  const from =
                    start.type === "after"
                      ? Number(start.position.sequenceNumber)
                      : start.type === "at"
                        ? Number(start.position.sequenceNumber) - 1
                        : 0;
                  return Promise.resolve({ records: records.slice(from), bytes: 1, end: true as const });
                },
                close: () => Promise.resolve(),
              }),
            },
            checkpointer: held.checkpointer,
            initialPosition: held.initialPosition,
            clock,
            random,
            budget: new ByteBudget(1 << 20),
            observe: () => undefined,
            stopSignal: new AbortController().signal,
            abortSignal: AbortSignal.any([held.gone, dying.signal]),
          }),
        );
      } catch (thrown) {
        if (!/killed|this worker has let go of it/.test(String(thrown))) throw thrown;
        deaths += 1;
      }
      if (outcome !== undefined) break;
    }
    expect(deaths).toBeGreaterThan(50);
    expect([...objects.values()].flat().toSorted((a, b) => Number(a) - Number(b))).toEqual(
      records.map(({ sequenceNumber }) => sequenceNumber),
    );
    expect(leases.rows.get("s0")).toMatchObject({ checkpoint: at(1_000), pending: undefined });
  });

  test("taken for so long without a write that workers may have it, nothing more is sent: a driver that was frozen, and goes on", async () => {
    const { clock, take } = createWorld();
    const sent: string[][] = [];
    const isFrozen = { first: true };
    const emitter: Emitter<string> = {
      capabilities: { duplicates: "possible", ordering: "shard" },
      emit: async ({ entries }) => {
        if (isFrozen.first) {
          isFrozen.first = false;
          throw new Error("connection reset");
        }
        sent.push(entries.map(({ output }) => output));
        return { failed: [] };
      },
    };
    const pipeline = definePipeline({
      transformer: text(),
      emitter,
      // As long as the driver is frozen.
      retry: { baseDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    const record: KinesisRecord = {
      ...at(1),
      data: new TextEncoder().encode("one"),
      partitionKey: "k",
      arrivalTimeMs: 0,
    };
    for (const [failoverTimeMs, isSent] of [
      [10_000, false],
      [undefined, true],
    ] as const) {
      isFrozen.first = true;
      const held = await take("a:1", failoverTimeMs === undefined ? {} : { failoverTimeMs });
      const run = processShard(pipeline, {
        application: "orders",
        stream: "orders",
        shardId: "s0",
        source: {
          open: () => ({
            next: () => Promise.resolve({ records: [record], bytes: 1, end: true as const }),
            close: () => Promise.resolve(),
          }),
        },
        checkpointer: held.checkpointer,
        initialPosition: held.initialPosition,
        clock,
        random: { next: () => 0.999, uuid: () => "" },
        budget: new ByteBudget(1 << 20),
        observe: () => undefined,
        stopSignal: new AbortController().signal,
        abortSignal: held.gone,
      });
      const [end] = await clock.run(Promise.allSettled([run]));
      expect(end).toMatchObject(
        isSent ? { value: { type: "ended" } } : { reason: { code: "KC_LEASE_LOST" } },
      );
      expect(sent).toEqual(isSent ? [["one"]] : []);
    }
  });
});
