import { describe, expect, it } from "vitest";
import { guardedEmitter } from "../../src/guards/emitter-guard.js";
import {
  type BatchStep,
  definePipeline,
  type Emitter,
  json,
  KinesisConnectorError,
  notifying,
  type PlannedRange,
} from "../../src/index.js";
import { recordsOf } from "../support/memory-shard.js";
import { createWorld, type Numbered, runIn } from "../support/world.js";

interface Plan {
  readonly key: string;
}

/** Runs 25 records, ten to a batch, and tells what happened in which order, and how the shard ended. */
async function ran(
  around: Emitter<Numbered, Plan>["around"],
  wrap: (of: Emitter<Numbered, Plan>) => typeof of = (of) => of,
) {
  const world = createWorld(recordsOf(25));
  world.shard.close();
  const told: string[] = [];
  const emitter: Emitter<Numbered, Plan> = {
    capabilities: { duplicates: "none", ordering: "shard" },
    plan: ({ batchId }) => ({ key: batchId }),
    emit: () => {
      told.push("emit");
      return Promise.resolve({ failed: [] });
    },
    ...(around === undefined ? {} : { around }),
  };
  const run = runIn(
    world,
    definePipeline({ transformer: json<Numbered>(), buffer: { maxRecords: 10 }, emitter: wrap(emitter) }),
  );
  const error: unknown = await world.clock.run(run.done).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const writes = world.lease.writes.map(({ type }) => type);
  return { told, error, writes, commits: run.eventsOf("checkpoint-commit").length };
}

describe("around", () => {
  it("is called around each prepare and each commit, with the batch, and they happen as without it", async () => {
    const steps: { step: BatchStep; batchId: string; recordCount: number; opened: boolean }[] = [];
    const { error, writes, commits } = await ran(async (step, batch, run) => {
      steps.push({
        step,
        batchId: batch.batchId,
        recordCount: batch.recordCount,
        opened: "openedMs" in batch,
      });
      await run();
    });
    expect(error).toBeUndefined();
    expect(writes).toEqual((await ran(undefined)).writes);
    expect(commits).toBe(3);
    expect(steps.map(({ step, recordCount }) => [step, recordCount])).toEqual([
      ["prepare", 10],
      ["commit", 10],
      ["prepare", 10],
      ["commit", 10],
      ["prepare", 5],
      ["commit", 5],
    ]);
    for (const [index, { batchId }] of steps.entries())
      expect(batchId).toBe(steps[index - (index % 2)]?.batchId);
    expect(steps.filter(({ step }) => step === "prepare").every(({ opened }) => opened)).toBe(true);
  });

  it("cannot leave a step out: that stops the shard before anything is committed", async () => {
    const { error, commits } = await ran((step, _batch, run) =>
      step === "commit" ? Promise.resolve() : run(),
    );
    expect(error).toMatchObject({
      code: "KC_EMITTER_BROKEN",
      message: expect.stringContaining("emitter.around settled without calling run"),
    });
    expect(commits).toBe(0);
  });

  it("cannot hide with what a step failed, by swallowing it or by an error of its own", async () => {
    const lost = new KinesisConnectorError("KC_LEASE_LOST", "taken by another worker");
    const at = { sequenceNumber: "1", subSequenceNumber: 0 };
    const batch: PlannedRange = {
      batchId: "b",
      application: "a",
      stream: "s",
      shardId: "s0",
      first: at,
      last: at,
      recordCount: 1,
    };
    for (const after of [() => undefined, () => Promise.reject(new Error("its own"))]) {
      const { around } = guardedEmitter("emitter", {
        capabilities: { duplicates: "possible", ordering: "none" },
        emit: () => Promise.resolve({ failed: [] }),
        around: async (_step, _batch, run) => {
          await run().catch(() => undefined);
          await after();
        },
      } satisfies Emitter<string>);
      await expect(around?.("commit", batch, () => Promise.reject(lost))).rejects.toBe(lost);
    }
  });

  it("cannot make a step happen twice, and is named when it has a mistake in its code", async () => {
    let calls = 0;
    const { error, writes } = await ran(async (_step, _batch, run) => {
      calls += 1;
      await Promise.all([run(), run()]).catch(() => undefined);
    });
    expect(error).toBeUndefined();
    expect(writes).toHaveLength(calls);
    const hidden = await ran(async (step, _batch, run) => {
      await run().catch(() => undefined);
      if (step === "commit") throw new TypeError("a mistake of its own");
    });
    expect(hidden.error).toMatchObject({
      code: "KC_EMITTER_BROKEN",
      message: expect.stringContaining("TypeError"),
    });
  });

  it("is passed on by an emitter that notifies", async () => {
    const steps: BatchStep[] = [];
    const { error } = await ran(
      (step, _batch, run) => {
        steps.push(step);
        return run();
      },
      (emitter) =>
        notifying({
          emitter,
          notifications: ({ key }) => [key],
          to: {
            capabilities: { duplicates: "possible", ordering: "none" },
            emit: () => Promise.resolve({ failed: [] }),
          },
        }),
    );
    expect(error).toBeUndefined();
    expect(steps).toHaveLength(6);
  });
});
