import { KinesisConnectorError, type PreparedBatch } from "@kinesis-connectors/core";
import { describe, expect, test } from "vitest";
import {
  changed,
  HeldLease,
  type Intercept,
  type Lease,
  leaseCheckpointer,
  type LeaseTable,
  memoryLeases,
  type MemoryLeases,
  type TableCall,
} from "../src/index.js";
import { newLease } from "./support/leases.js";
import { SeededRandom } from "./support/seeded-random.js";
import { VirtualClock } from "./support/virtual-clock.js";

const F = 10_000;
const ME = "me:1";

interface Setup {
  readonly clock: VirtualClock;
  readonly leases: MemoryLeases;
  readonly held: HeldLease;
  readonly lost: string[];
  readonly warnings: string[];
  readonly row: () => Lease;
  readonly checkpointer: ReturnType<typeof leaseCheckpointer>;
  /** What happens to calls from now on. */
  intercept: Intercept;
}

function at(sequenceNumber: number | string, subSequenceNumber = 0) {
  return { sequenceNumber: `${sequenceNumber}`, subSequenceNumber };
}

function batch(first: number, last: number, batchId = `b${first}-${last}`): PreparedBatch {
  const range = { first: at(first), last: at(last), recordCount: last - first + 1 };
  return { v: 1, batchId, ...range, filtered: 0, deadLettered: 0, plan: { key: batchId } };
}

/** A lease of `s0` that was taken at time 0 through a table whose calls can go wrong. */
async function holding(more: Partial<Lease> = {}): Promise<Setup> {
  const clock = new VirtualClock();
  const leases = memoryLeases();
  const plain = leases.connect();
  await plain.create(newLease("s0"));
  await plain.create(newLease("s1"));
  const created = leases.rows.get("s0");
  if (created === undefined) throw new Error("no row");
  const taken = { ...changed(created, { type: "take", owner: ME }), ...more };
  leases.rows.set("s0", taken);
  const lost: string[] = [];
  const warnings: string[] = [];
  const table: LeaseTable = leases.connect((call) => setup.intercept(call));
  const held = new HeldLease(taken, 0, {
    table,
    ownerId: ME,
    clock,
    random: new SeededRandom(1),
    failoverTimeMs: F,
    lost: (reason) => void lost.push(reason),
  });
  const quiet = (): void => undefined;
  const logger = {
    debug: quiet,
    info: quiet,
    error: quiet,
    warn: (_: object, text: string) => void warnings.push(text),
  };
  const setup: Setup = {
    clock,
    leases,
    held,
    lost,
    warnings,
    row: () => {
      const row = leases.rows.get("s0");
      if (row === undefined) throw new Error("no row");
      return row;
    },
    checkpointer: leaseCheckpointer(held, logger),
    intercept: () => undefined,
  };
  return setup;
}

/** Does something to the first `times` updates of a kind, or to all. */
function onUpdate(
  type: "renew" | "prepare" | "commit" | "evict" | "any",
  fault: NonNullable<Awaited<ReturnType<Intercept>>>,
  times = 1,
): Intercept {
  let left = times;
  return ({ operation, change }: TableCall) => {
    if (operation !== "update" || (type !== "any" && change?.type !== type) || left <= 0) return undefined;
    left -= 1;
    return fault;
  };
}

function codeOf(error: unknown): string {
  return KinesisConnectorError.isInstance(error) ? error.code : "another error";
}

/** Another worker takes the lease. */
async function steal({ leases }: Setup): Promise<void> {
  const row = leases.rows.get("s0");
  if (row !== undefined) await leases.connect().update(row, { type: "take", owner: "other:1" });
}

const writes = {
  renew: (setup: Setup) => setup.held.renew(),
  prepare: (setup: Setup) => setup.checkpointer.prepare(batch(1, 5)),
  commit: (setup: Setup) => setup.checkpointer.commit(at(5)),
} as const;

describe.each(["renew", "prepare", "commit"] as const)("%s", (name) => {
  const write = writes[name];

  test.each(["lose-reply", "repeat", "fail", "throttle"] as const)(
    "F04 K03 K05: with the outcome '%s' of the first try it is applied once, and the lease is kept",
    async (type) => {
      const setup = await holding();
      setup.intercept = onUpdate(name, { type });
      await setup.clock.run(write(setup));
      expect(setup.row()).toEqual(setup.held.lease);
      expect(setup.row()).toMatchObject({ owner: ME, counter: 2 });
      expect(setup.lost).toEqual([]);
      expect(setup.row().checkpoint).toEqual(name === "commit" ? at(5) : "TRIM_HORIZON");
      expect(setup.row().pending?.checkpoint).toEqual(name === "prepare" ? at(5) : undefined);
    },
  );

  test("F04 a first try that arrives after its repetition changes nothing", async () => {
    const setup = await holding();
    const { promise, resolve } = deferred();
    setup.intercept = onUpdate(name, { type: "late", when: promise });
    await setup.clock.run(write(setup));
    const before = setup.row();
    resolve();
    await setup.clock.advance(1);
    expect(setup.row()).toEqual(before);
    expect(setup.lost).toEqual([]);
  });

  test("F04 a renewal that was given up and arrives late does not cost the lease", async () => {
    const setup = await holding();
    const { promise, resolve } = deferred();
    let updates = 0;
    setup.intercept = ({ operation }) => {
      if (operation !== "update") return undefined;
      updates += 1;
      if (updates === 1) return { type: "late", when: promise };
      // The late one arrives between the read-back and the second try.
      if (updates === 2) resolve();
      return undefined;
    };
    await setup.clock.run(setup.held.renew());
    await setup.clock.run(write(setup));
    expect(setup.row()).toEqual(setup.held.lease);
    expect(setup.lost).toEqual([]);
  });

  test("K05 F32 after a theft it is refused, the lease is dropped, and the row stays the thief's", async () => {
    const setup = await holding();
    await steal(setup);
    const before = setup.row();
    await expect(setup.clock.run(write(setup))).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    expect(setup.row()).toEqual(before);
    expect(setup.lost).toHaveLength(1);
    expect(setup.held.gone.aborted).toBe(true);
  });

  test("F26 K04 after a pause longer than the failover time nothing is sent, although nobody took the lease", async () => {
    const setup = await holding();
    const calls: string[] = [];
    setup.intercept = ({ operation }) => void calls.push(operation);
    await setup.clock.advance(F);
    await expect(setup.held.write({ type: "renew" })).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    // A renewal of a lease that is gone is passed over; the others are refused.
    const end = await setup.clock.run(write(setup).then(() => "passed over", codeOf));
    expect(end).toBe(name === "renew" ? "passed over" : "KC_LEASE_LOST");
    expect(calls).toEqual([]);
    expect(setup.lost).toHaveLength(1);
  });

  test("F03 F36 with the table down for longer than the failover time the lease is dropped and nothing was written", async () => {
    const setup = await holding();
    const before = setup.row();
    setup.intercept = () => ({ type: "fail" });
    await expect(setup.clock.run(write(setup))).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    expect(setup.row()).toEqual(before);
    expect(setup.clock.monotonicNow()).toBeGreaterThanOrEqual(F);
  });

  test("F02 throttled for half of the failover time, it goes through and the lease is kept", async () => {
    const setup = await holding();
    setup.intercept = ({ operation }) =>
      operation === "update" && setup.clock.monotonicNow() < F / 2 ? { type: "throttle" } : undefined;
    await setup.clock.run(write(setup));
    expect(setup.lost).toEqual([]);
    expect(setup.row()).toMatchObject({ owner: ME, counter: 2 });
  });
});

describe("a held lease", () => {
  test("K02 what was not written is not remembered: a renewal after a failed commit does not bring it back", async () => {
    const setup = await holding();
    setup.intercept = ({ change }) => {
      if (change?.type === "commit") throw new Error("the table broke");
      return undefined;
    };
    await expect(setup.clock.run(setup.checkpointer.commit(at(5)))).rejects.toThrow("the table broke");
    expect(setup.held.lease.checkpoint).toBe("TRIM_HORIZON");
    await setup.clock.run(setup.held.renew());
    expect(setup.row()).toMatchObject({ checkpoint: "TRIM_HORIZON", counter: 2 });
  });

  test("F27 renewals and checkpoints at the same moment follow one another, and none is lost", async () => {
    const setup = await holding();
    let inFlight = 0;
    let most = 0;
    const table = setup.intercept;
    setup.intercept = async (call) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await new Promise<void>((resolve) => {
        setup.clock.setTimer(20, resolve);
      });
      inFlight -= 1;
      return await table(call);
    };
    const writing: Promise<void>[] = [];
    for (let index = 1; index <= 10; index += 1) {
      writing.push(
        setup.checkpointer.commit(at(index)),
        setup.held.renew(),
        setup.held.write({ type: "renew" }),
      );
    }
    await setup.clock.run(Promise.all(writing));
    expect(most).toBe(1);
    expect(setup.row()).toEqual(setup.held.lease);
    expect(setup.row().checkpoint).toEqual(at(10));
    // 10 commits and 10 forced renewals; the others found a write under way, which renews as well.
    expect(setup.row().counter).toBe(21);
    expect(setup.lost).toEqual([]);
  });

  test("F28 a second process under the same worker name has its own owner id: the first is fenced", async () => {
    const setup = await holding();
    const row = setup.row();
    await setup.leases.connect().update(row, { type: "take", owner: "me:2" });
    await expect(setup.clock.run(setup.held.renew())).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    expect(setup.row().owner).toBe("me:2");
  });

  test("K04 a lease taken again is another one: what the old one writes is refused", async () => {
    const setup = await holding();
    const row = setup.row();
    await setup.leases.connect().update(row, { type: "take", owner: ME });
    const renewed = setup.row();
    await setup.leases.connect().update(renewed, { type: "commit", checkpoint: at(50) });
    await expect(setup.clock.run(setup.checkpointer.commit(at(5)))).rejects.toMatchObject({
      code: "KC_LEASE_LOST",
    });
    expect(setup.row().checkpoint).toEqual(at(50));
  });

  test.each(["prepare", "commit"] as const)(
    "F04 a renewal of ours whose outcome never became known is taken up, and not mistaken for the %s after it",
    async (name) => {
      const setup = await holding();
      await setup.leases.connect().update(setup.row(), { type: "renew" });
      await setup.clock.run(writes[name](setup));
      expect(setup.row()).toMatchObject({ owner: ME, counter: 3 });
      expect(setup.row().pending?.checkpoint ?? setup.row().checkpoint).toEqual(at(5));
      expect(setup.row()).toEqual(setup.held.lease);
      expect(setup.lost).toEqual([]);
    },
  );

  test("its time runs from the moment a write was sent, not from its answer", async () => {
    const setup = await holding();
    setup.intercept = async () => {
      await new Promise<void>((resolve) => {
        setup.clock.setTimer(8_000, resolve);
      });
      return undefined;
    };
    await setup.clock.run(setup.held.renew());
    await setup.clock.advance(F - setup.clock.monotonicNow());
    expect(setup.held.dropIfOverdue()).toBe(true);
  });

  test("how far it was read rides along with renewals and never goes back", async () => {
    const setup = await holding();
    setup.held.noteReadThrough(5_000.7);
    setup.held.noteReadThrough(4_000);
    await setup.clock.run(setup.held.renew());
    expect(setup.row().readThroughMs).toBe(5_000);
    setup.held.noteReadThrough(3_000);
    await setup.clock.run(setup.held.renew());
    expect(setup.row().readThroughMs).toBe(5_000);
  });

  test("after an eviction whose answer was lost it is not written again", async () => {
    const setup = await holding();
    setup.intercept = onUpdate("evict", { type: "lose-reply" });
    await setup.clock.run(setup.held.write({ type: "evict" }));
    expect(setup.row()).toMatchObject({ owner: undefined, counter: 2 });
    expect(setup.lost).toEqual([]);
    await expect(setup.clock.run(setup.checkpointer.commit(at(5)))).rejects.toMatchObject({
      code: "KC_LEASE_LOST",
    });
  });
});

describe("the checkpointer of a lease", () => {
  test("F31 a batch prepared before a restart is found by the next owner, byte for byte", async () => {
    const setup = await holding();
    const prepared = batch(1, 5);
    await setup.clock.run(setup.checkpointer.prepare(prepared));
    expect(await setup.clock.run(setup.checkpointer.load())).toEqual({
      checkpoint: undefined,
      pending: prepared,
    });
    await setup.clock.run(setup.checkpointer.commit(at(5)));
    expect(await setup.clock.run(setup.checkpointer.load())).toEqual({
      checkpoint: at(5),
      pending: undefined,
    });
  });

  test("the plan of a prepared batch can be amended, its range cannot", async () => {
    const setup = await holding();
    await setup.clock.run(setup.checkpointer.prepare(batch(1, 5)));
    const amended = { ...batch(1, 5), deadLetterPlan: { key: "dead" } };
    await setup.clock.run(setup.checkpointer.prepare(amended));
    expect((await setup.clock.run(setup.checkpointer.load())).pending).toEqual(amended);
    await expect(setup.checkpointer.prepare(batch(1, 6))).rejects.toMatchObject({
      code: "KC_REPLAY_DIFFERS",
    });
    await expect(setup.checkpointer.commit(at(4))).rejects.toMatchObject({ code: "KC_REPLAY_DIFFERS" });
    expect((await setup.clock.run(setup.checkpointer.load())).pending).toEqual(amended);
  });

  test("a commit of what is there already writes nothing", async () => {
    const setup = await holding();
    await setup.clock.run(setup.checkpointer.commit(at(5)));
    const { counter } = setup.row();
    await setup.clock.run(setup.checkpointer.commit(at(5)));
    expect(setup.row().counter).toBe(counter);
  });

  test("F33 F73 a checkpoint never goes back; sequence numbers compare as integers", async () => {
    const setup = await holding();
    await setup.clock.run(setup.checkpointer.commit(at(9)));
    await setup.clock.run(setup.checkpointer.commit(at(10, 3)));
    await expect(setup.checkpointer.commit(at(9))).rejects.toThrow("never goes back");
    await expect(setup.checkpointer.commit(at(10, 2))).rejects.toThrow("never goes back");
    await expect(setup.checkpointer.prepare(batch(1, 9))).rejects.toThrow("never goes back");
    expect(setup.row().checkpoint).toEqual(at(10, 3));
  });

  test("F21 nothing is written over SHARD_END", async () => {
    const setup = await holding({ checkpoint: "SHARD_END" });
    await expect(setup.checkpointer.commit(at(5))).rejects.toThrow("read to its end");
    await expect(setup.checkpointer.prepare(batch(1, 5))).rejects.toThrow("read to its end");
    await expect(setup.clock.run(setup.checkpointer.load())).rejects.toThrow("read to its end");
    expect(setup.row().checkpoint).toBe("SHARD_END");
  });

  test("F34 only the row of its own shard is ever written", async () => {
    const setup = await holding();
    const keys = new Set<string | undefined>();
    setup.intercept = ({ leaseKey }) => void keys.add(leaseKey);
    const other = setup.leases.rows.get("s1");
    await setup.clock.run(setup.checkpointer.prepare(batch(1, 5)));
    await setup.clock.run(setup.checkpointer.commit(at(5)));
    await setup.clock.run(setup.held.renew());
    expect([...keys]).toEqual(["s0"]);
    expect(setup.leases.rows.get("s1")).toEqual(other);
  });

  test.each([
    { name: "bytes that are no text", state: Uint8Array.of(255, 0, 128) },
    { name: "another application's JSON", state: new TextEncoder().encode('{"v":2,"file":"x"}') },
    { name: "a batch of another range", state: new TextEncoder().encode(JSON.stringify(batch(1, 4))) },
  ])("a pending checkpoint with $name is passed over with a warning", async ({ state }) => {
    const setup = await holding({ checkpoint: at(1), pending: { checkpoint: at(5), state } });
    expect(await setup.clock.run(setup.checkpointer.load())).toEqual({
      checkpoint: at(1),
      pending: undefined,
    });
    expect(setup.warnings).toHaveLength(1);
  });

  test("F25 the row is read again at the start: a lease stolen meanwhile is noticed before anything is read", async () => {
    const setup = await holding();
    await steal(setup);
    await expect(setup.clock.run(setup.checkpointer.load())).rejects.toMatchObject({
      code: "KC_LEASE_LOST",
    });
  });
});

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((onResolve) => {
    resolve = onResolve;
  });
  return { promise, resolve };
}

describe("a checkpoint that somebody else has moved under a living owner", () => {
  const byHand = (setup: Setup, more: Partial<Lease>): void => {
    setup.leases.rows.set("s0", { ...setup.row(), ...more });
  };

  test("with the counter raised by one is no renewal of ours: the lease is lost, and nothing undoes the reset", async () => {
    const setup = await holding({ checkpoint: at(9) });
    byHand(setup, { checkpoint: at(2), counter: setup.row().counter + 1 });
    const error = await setup.held.renew().catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe("KC_LEASE_LOST");
    expect(setup.lost).toEqual(["its row holds what this worker did not write"]);
    await expect(setup.checkpointer.commit(at(12))).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    expect(setup.row().checkpoint).toEqual(at(2));
  });

  test("is no renewal of ours either when the answer to the renewal was lost", async () => {
    const setup = await holding({ checkpoint: at(9) });
    setup.intercept = ({ operation, change }) => {
      if (operation !== "update" || change?.type !== "renew") return undefined;
      byHand(setup, { checkpoint: at(2), counter: setup.row().counter + 1 });
      return { type: "fail" };
    };
    await expect(setup.held.renew()).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    expect(setup.row().checkpoint).toEqual(at(2));
  });

  test("is not taken for a prepare or a commit of ours that went through", async () => {
    const pending = { checkpoint: at(12), state: undefined };
    for (const change of [
      { type: "prepare", pending },
      { type: "commit", checkpoint: at(12) },
    ] as const) {
      const setup = await holding({ checkpoint: at(9) });
      setup.intercept = ({ operation }) => {
        if (operation !== "update") return undefined;
        const more = change.type === "prepare" ? { pending } : { pending: undefined };
        byHand(setup, { ...more, checkpoint: at(2), counter: setup.row().counter + 1 });
        return { type: "fail" };
      };
      await expect(setup.held.write(change)).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
      expect(setup.row().checkpoint).toEqual(at(2));
    }
  });

  test("by a reset of ours is noticed by the owner's next renewal, which is refused by the owner", async () => {
    const setup = await holding({ checkpoint: at(9) });
    await setup.leases.connect().update(setup.row(), { type: "reset", checkpoint: at(2) });
    await expect(setup.held.renew()).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    expect(setup.lost).toEqual(["it belongs to nobody"]);
    expect(setup.row()).toMatchObject({ owner: undefined, checkpoint: at(2) });
  });

  test("without raising the counter is noticed by a look at the table", async () => {
    const setup = await holding({ checkpoint: at(9) });
    setup.held.notice(setup.row());
    expect(setup.lost).toEqual([]);
    byHand(setup, { checkpoint: at(2) });
    setup.held.notice(setup.row());
    expect(setup.lost).toEqual(["its row holds what this worker did not write"]);
    expect(setup.held.gone.aborted).toBe(true);
  });

  test("a look at the table that is behind what was written here proves nothing", async () => {
    const setup = await holding({ checkpoint: at(9) });
    const behind = setup.row();
    await setup.checkpointer.commit(at(12));
    setup.held.notice(behind);
    expect(setup.lost).toEqual([]);
  });

  test("a renewal that says a pause is done is sent again until that stands in the row", async () => {
    const setup = await holding({ pausedMs: 5 });
    setup.intercept = onUpdate("renew", { type: "lose-reply" });
    await setup.clock.run(setup.held.write({ type: "renew", pauseDoneMs: 7 }));
    expect(setup.row()).toMatchObject({ pausedMs: 5, pauseDoneMs: 7, counter: 2 });
    setup.intercept = ({ operation }) => {
      if (operation !== "update") return undefined;
      setup.intercept = () => undefined;
      // A renewal of ours from before arrives instead.
      byHand(setup, { counter: setup.row().counter + 1, pauseDoneMs: undefined });
      return { type: "fail" };
    };
    await setup.clock.run(setup.held.write({ type: "renew", pauseDoneMs: 8 }));
    expect(setup.row()).toMatchObject({ pauseDoneMs: 8, counter: 4 });
    expect(setup.lost).toEqual([]);
  });
});
