import { hasCode } from "@kinesis-connectors/core";
import { failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, test } from "vitest";
import { pageMessage } from "./support/kcl-shard.js";
import { at, createWorld, objectsEmitter, records, tableThat } from "./support/world.js";

const status = (responseFor: string): object => ({ action: "status", responseFor });
const atTheEnd = { action: "checkpoint", sequenceNumber: null, subSequenceNumber: null };
const shardEnded = { action: "shardEnded" };
const shutdownRequested = { action: "shutdownRequested" };
const leaseLost = { action: "leaseLost" };
const never = new Promise<never>(() => undefined);

describe("at the end of a shard", () => {
  test("everything has landed and the row says so, before the daemon's row does", async () => {
    const { start, objects, row } = createWorld();
    const child = start();
    await child.initialize();
    await child.page(records(1, 6));
    child.daemon.say(shardEnded);
    expect(await child.daemon.hear()).toEqual(atTheEnd);
    expect(row()).toMatchObject({ checkpoint: "SHARD_END", pending: undefined });
    expect(objects.landed).toHaveLength(6);
    child.daemon.say({ ...atTheEnd, error: null });
    expect(await child.daemon.hear()).toEqual(status("shardEnded"));
    await child.end();
  });

  test.each(["ThrottlingException", "KinesisClientLibDependencyException", "InvalidStateException"])(
    "the daemon is asked again after a %s, for as long as it takes, and it is told",
    async (error) => {
      const { start, clock, lines } = createWorld();
      const child = start();
      await child.initialize();
      const heard = child.ask(shardEnded, error);
      await clock.advance(60_000);
      expect(child.daemon.said.length).toBeGreaterThan(5);
      expect(child.daemon.said).not.toContainEqual(status("shardEnded"));
      expect(
        lines.some((line) => line.startsWith("the daemon could not store the end") && line.includes(error)),
      ).toBe(true);
      child.daemon.end();
      await clock.run(child.done);
      await heard;
    },
  );

  test("a daemon that has lost the lease is answered, and keeps its checkpoint", async () => {
    const { start } = createWorld();
    const child = start();
    await child.initialize();
    expect(await child.ask(shardEnded, "ShutdownException")).toEqual([atTheEnd, status("shardEnded")]);
    await child.end();
  });

  test("a child that comes after a crash between the two rows only has the daemon come after", async () => {
    const { start, objects, row } = createWorld();
    const first = start();
    await first.initialize();
    await first.page(records(1, 4));
    first.daemon.say(shardEnded);
    await first.daemon.hear();
    await first.end();
    expect(row()?.checkpoint).toBe("SHARD_END");
    const second = start();
    await second.initialize();
    expect(await second.page(records(1, 3))).toEqual([
      { action: "checkpoint", ...(at(3) as object) },
      status("processRecords"),
    ]);
    await second.page(records(4, 4));
    expect(await second.ask(shardEnded)).toEqual([atTheEnd, status("shardEnded")]);
    await second.end();
    expect(objects.landed).toEqual(["1", "2", "3", "4"]);
  });
});

describe("when the daemon stops", () => {
  test("by shutdownRequested, what was read lands, the daemon's checkpoint follows, and the row is given back", async () => {
    const { start, objects, row } = createWorld();
    const child = start();
    await child.initialize();
    await child.page(records(1, 6));
    expect(await child.ask(shutdownRequested)).toEqual([
      { action: "checkpoint", ...(at(6) as object) },
      status("shutdownRequested"),
    ]);
    expect(row()).toMatchObject({ checkpoint: at(6), owner: undefined });
    // The KCL tells of the lease that it let go of besides.
    expect(await child.ask(leaseLost)).toEqual([status("leaseLost")]);
    await child.end();
    expect(objects.landed).toHaveLength(6);
  });

  test("by shutdownRequested, a destination that hangs is left at the deadline, and what was prepared stays for the next child", async () => {
    const { start, objects, row, lines } = createWorld();
    const child = start({ stopDeadlineMs: 5_000 }, { emitter: objectsEmitter(objects, () => never) });
    await child.initialize();
    await child.page(records(1, 4));
    expect(await child.ask(shutdownRequested)).toEqual([status("shutdownRequested")]);
    expect(lines.some((line) => line.startsWith("the deadline of the stop has passed"))).toBe(true);
    expect(row()).toMatchObject({
      checkpoint: "TRIM_HORIZON",
      pending: { checkpoint: at(4) },
      owner: undefined,
    });
    await child.end();
  });

  test("by closing the pipe alone, what was read lands and the row is given back", async () => {
    const { start, objects, row } = createWorld();
    const child = start();
    await child.initialize();
    await child.page(records(1, 6));
    await child.end();
    expect(objects.landed).toHaveLength(6);
    expect(row()).toMatchObject({ checkpoint: at(6), owner: undefined });
  });

  test("while the row is being taken, it is not taken any more", async () => {
    const { start, clock, leases } = createWorld();
    let isDown = true;
    const child = start({ leaseTable: tableThat(leases.connect(), () => isDown) });
    child.daemon.say({ action: "initialize", shardId: "s0", sequenceNumber: "TRIM_HORIZON" });
    await clock.advance(10_000);
    child.daemon.end();
    await clock.run(child.done);
    isDown = false;
    await clock.advance(60_000);
    expect(leases.rows.size).toBe(0);
    expect(clock.pendingTimers()).toBe(0);
  });

  test("in the middle of a page that waits for a slow destination, the stop does not wait for that page", async () => {
    const { start, clock, objects, row } = createWorld();
    const child = start({ stopDeadlineMs: 5_000 }, { emitter: objectsEmitter(objects, () => never) });
    await child.initialize();
    for (let page = 0; page < 4; page += 1) {
      child.daemon.say(pageMessage(records(page * 4 + 1, page * 4 + 4)));
      await clock.advance(10);
      if (child.daemon.said.length < page + 2) break;
    }
    child.daemon.end();
    await clock.run(child.done, 10_000);
    expect(row()).toMatchObject({ pending: { checkpoint: at(4) }, owner: undefined });
  });
});

describe("when the lease has gone to another worker", () => {
  test("by leaseLost, what is under way ends at once, and nothing more is written", async () => {
    const { start, objects, row, clock } = createWorld();
    let aborted = false;
    const emitter = objectsEmitter(objects, ({ signal }) => {
      signal.addEventListener("abort", () => (aborted = true), { once: true });
      return never;
    });
    const child = start({}, { emitter });
    await child.initialize();
    await child.page(records(1, 4));
    const before = row();
    expect(await child.ask(leaseLost)).toEqual([status("leaseLost")]);
    expect(aborted).toBe(true);
    await child.end();
    expect(row()).toEqual(before);
    expect(clock.pendingTimers()).toBe(0);
  });

  test("by the row alone, pages are passed over without a checkpoint until the daemon knows", async () => {
    const { start, objects, row, lines } = createWorld();
    const old = start();
    await old.initialize();
    await old.page(records(1, 2));
    const heir = start();
    await heir.initialize();
    expect(await old.page(records(3, 6))).toEqual([status("processRecords")]);
    expect(await old.page(records(7, 12))).toEqual([status("processRecords")]);
    expect(lines.some((line) => line.startsWith("another child has the shard"))).toBe(true);
    await heir.page(records(1, 4));
    await heir.page([]);
    expect(row()?.checkpoint).toEqual(at(4));
    expect(await old.ask(leaseLost)).toEqual([status("leaseLost")]);
    await old.end();
    await heir.page(records(5, 8));
    await heir.end();
    expect(objects.landed).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
  });

  test("by the row alone, and the daemon does not learn of it: it is ended, so that its next start reads again", async () => {
    const { start, clock } = createWorld();
    const old = start();
    await old.initialize();
    const zombie = start();
    await zombie.initialize();
    await old.page(records(1, 6));
    for (let looks = 0; looks < 8; looks += 1) {
      await clock.advance(7_000);
      expect(await old.page([])).toEqual([status("processRecords")]);
    }
    await clock.advance(40_000);
    old.daemon.say(pageMessage([]));
    const error = await failureFrom(clock.run(old.done));
    expect(hasCode(error, "KC_LEASE_LOST")).toBe(true);
    expect(error.message).toContain("its next start takes the shard again");
    await zombie.end();
  });
});

describe("when another child has the row of a shard that is at its end", () => {
  test("the daemon is answered once that one has brought it there", async () => {
    const { start, clock, objects } = createWorld();
    const old = start();
    await old.initialize();
    const heir = start();
    await heir.initialize();
    await old.page(records(1, 6));
    old.daemon.say(shardEnded);
    await clock.advance(10_000);
    expect(old.daemon.said.at(-1)).toEqual(status("processRecords"));
    await heir.page(records(1, 6));
    expect(await heir.ask(shardEnded)).toEqual([atTheEnd, status("shardEnded")]);
    await clock.advance(2_000);
    expect(old.daemon.said.at(-1)).toEqual(atTheEnd);
    old.daemon.say({ ...atTheEnd, error: "ShutdownException" });
    await clock.advance(0);
    expect(old.daemon.said.at(-1)).toEqual(status("shardEnded"));
    await old.end();
    await heir.end();
    expect(objects.landed).toHaveLength(6);
  });

  test("and does not bring it there, the daemon is ended: told that all was well it would wait for ever", async () => {
    const { start, clock } = createWorld();
    const old = start();
    await old.initialize();
    await start().initialize();
    await old.page(records(1, 6));
    old.daemon.say(shardEnded);
    await expect(clock.run(old.done)).rejects.toMatchObject({ code: "KC_LEASE_LOST" });
    expect(old.daemon.said).not.toContainEqual(status("shardEnded"));
  });
});

test("a row that others take as quickly is taken again", async () => {
  const { start, leases, clock, row, lines } = createWorld();
  const own = leases.connect();
  const other = leases.connect();
  let robberies = 3;
  const child = start({
    leaseTable: {
      ...own,
      update: async (seen, change) => {
        const now = await other.get("s0");
        if (change.type === "take" && now !== undefined && robberies > 0) {
          robberies -= 1;
          await other.update(now, { type: "take", owner: `other:${robberies}` });
        }
        return await own.update(seen, change);
      },
    },
  });
  const answer = child.initialize();
  await clock.advance(5_000);
  expect(await answer).toEqual([status("initialize")]);
  expect(robberies).toBe(0);
  expect(row()?.owner).not.toMatch(/^other/);
  expect(lines.some((line) => line.includes("KC_LEASE_LOST"))).toBe(true);
  await child.end();
});

describe("the answers to checkpoints", () => {
  test("that are refusals are told, the page is answered all the same, and the next page asks again", async () => {
    const { start, lines } = createWorld();
    const child = start();
    await child.initialize();
    await child.page(records(1, 4));
    const wanted = { action: "checkpoint", ...(at(4) as object) };
    for (const _ of [1, 2, 3])
      expect(await child.page([], "ThrottlingException")).toEqual([wanted, status("processRecords")]);
    expect(lines.filter((line) => line.startsWith("the daemon did not store a checkpoint"))).toHaveLength(1);
    expect(await child.page([])).toEqual([wanted, status("processRecords")]);
    expect(await child.page([])).toEqual([status("processRecords")]);
    await child.end();
  });

  test("that do not come are waited for and told of, while what was read is delivered", async () => {
    const { start, clock, lines, objects } = createWorld();
    const child = start();
    await child.initialize();
    await child.page(records(1, 4));
    child.daemon.say(pageMessage(records(5, 6)));
    expect(await child.daemon.hear()).toMatchObject({ action: "checkpoint" });
    await clock.advance(200_000);
    expect(objects.landed).toHaveLength(6);
    expect(lines.filter((line) => line.startsWith("the daemon has not answered a checkpoint"))).toHaveLength(
      3,
    );
    expect(child.daemon.said.at(-1)).toMatchObject({ action: "checkpoint" });
    await child.end();
    expect(clock.pendingTimers()).toBe(0);
  });
});

describe("a daemon that does not keep to its protocol", () => {
  const dialogues: readonly (readonly [string, readonly (object | string)[]])[] = [
    ["what is no JSON", ['{"action":"initi']],
    ["a list", ["[1]"]],
    ["an action of another protocol", [{ action: "shutdown", reason: "ZOMBIE" }]],
    ["records before initialize", [pageMessage(records(1, 1))]],
    [
      "two initializes",
      [
        { action: "initialize", shardId: "s0" },
        { action: "initialize", shardId: "s1" },
      ],
    ],
    ["a shard without a name", [{ action: "initialize", sequenceNumber: "TRIM_HORIZON" }]],
    ["an answer that nobody asked for", [{ action: "checkpoint", sequenceNumber: "1", error: null }]],
    [
      "a record without a place",
      [
        { action: "initialize", shardId: "s0" },
        { action: "processRecords", records: [{ data: "" }] },
      ],
    ],
    ["a page without records", [{ action: "initialize", shardId: "s0" }, { action: "processRecords" }]],
  ];

  test.each(dialogues)("by %s is told apart, and nothing of it is delivered", async (_, said) => {
    const { start, clock, objects } = createWorld();
    const child = start();
    for (const line of said) {
      child.daemon.say(line);
      await clock.advance(0);
    }
    const error = await failureFrom(clock.run(child.done));
    expect(error).toMatchObject({ code: "KC_DAEMON_BROKEN" });
    expect(error.message).toContain("amazon-kinesis-client-multilang");
    expect(objects.written.size).toBe(0);
  });

  test("by an action before the last one was answered", async () => {
    const { start, clock, objects } = createWorld();
    const child = start({}, { emitter: objectsEmitter(objects, () => never) });
    await child.initialize();
    for (let page = 0; page < 6; page += 1)
      child.daemon.say(pageMessage(records(page * 4 + 1, page * 4 + 4)));
    await expect(clock.run(child.done)).rejects.toMatchObject({ code: "KC_DAEMON_BROKEN" });
  });

  test("does not find a record's data in what is told of it", async () => {
    const { start, clock, lines } = createWorld();
    const child = start();
    child.daemon.say('{"action":"processRecords","records":[{"data":"c2VjcmV0');
    const error = await failureFrom(clock.run(child.done));
    expect(`${error.message} ${lines.join(" ")}`).not.toContain("c2VjcmV0");
  });
});

test("empty lines are passed over, and a daemon without a row begins at the oldest record", async () => {
  const { start, objects } = createWorld();
  const child = start();
  child.daemon.say("");
  child.daemon.say("  ");
  expect(
    await child.ask({ action: "initialize", shardId: "s0", sequenceNumber: null, subSequenceNumber: null }),
  ).toEqual([status("initialize")]);
  await child.page(records(1, 2));
  await child.end();
  expect(objects.landed).toEqual(["1", "2"]);
});

test("an emitter is made ready before the shard begins and closed at the end, also where that fails", async () => {
  const { start, objects, lines } = createWorld();
  const steps: string[] = [];
  const emitter = {
    ...objectsEmitter(objects),
    open: () => Promise.resolve(void steps.push("open")),
    close: () => {
      steps.push("close");
      return Promise.reject(new Error("broken pipe"));
    },
  };
  const child = start(
    {
      observe: () => {
        throw new Error("observer");
      },
    },
    { emitter },
  );
  await child.initialize();
  expect(steps).toEqual(["open"]);
  await child.page(records(1, 2));
  await child.end();
  expect(steps).toEqual(["open", "close"]);
  expect(lines.filter((line) => line.startsWith("an emitter could not be closed"))).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith("the option observe threw"))).toHaveLength(1);
});

test.each([
  ["application", { application: "" }, "application"],
  ["leaseTable", { leaseTable: "clicks" }, "the daemon's own table"],
  ["leaseTable", { leaseTable: {} }, "a function open"],
  ["stopDeadlineMs", { stopDeadlineMs: 0 }, "stopDeadlineMs"],
  ["maxReadAheadBytes", { maxReadAheadBytes: -1 }, "maxReadAheadBytes"],
  ["onRetentionGap", { onRetentionGap: "skip" }, "onRetentionGap"],
  ["observe", { observe: 1 }, "observe"],
  ["pipeline", { pipeline: undefined }, "pipeline"],
  ["leaseTabel", { leaseTabel: "x" }, "did you mean leaseTable"],
])("an option %s that cannot work is refused by its name", async (_, more, said) => {
  const { start } = createWorld();
  const error = await failureFrom(start(more as unknown as Parameters<typeof start>[0]).done);
  expect(error).toMatchObject({ code: "KC_OPTION_INVALID" });
  expect(error.message).toContain(said);
});
