import { describe, expect, test } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { failureFrom } from "@kinesis-connectors/testkit";
import { pageMessage } from "./support/kcl-shard.js";
import { at, createWorld, objectsEmitter, record, records, tableThat } from "./support/world.js";

const status = (responseFor: string): object => ({ action: "status", responseFor });
const checkpoint = (number: number, subSequenceNumber = 0): object => ({
  action: "checkpoint",
  ...(at(number, subSequenceNumber) as object),
});
const numbers = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe("a child of the daemon", () => {
  test("delivers what it is handed, and moves the daemon's checkpoint behind its own row, with the next page", async () => {
    const { start, objects, row, clock } = createWorld();
    const child = start();
    expect(await child.initialize()).toEqual([status("initialize")]);
    // The engine has nothing to commit yet: a batch is four records.
    expect(await child.page(records(1, 3))).toEqual([status("processRecords")]);
    expect(row()?.checkpoint).toBe("TRIM_HORIZON");
    await child.page(records(4, 5));
    await clock.advance(100);
    expect(row()?.checkpoint).toEqual(at(4));
    expect(await child.page(records(6, 6))).toEqual([checkpoint(4), status("processRecords")]);
    // Nothing new is committed: nothing is said.
    expect(await child.page([])).toEqual([status("processRecords")]);
    await clock.advance(10_000);
    expect(row()?.checkpoint).toEqual(at(6));
    expect(await child.page([])).toEqual([checkpoint(6), status("processRecords")]);
    await child.end();
    expect(objects.landed).toEqual(numbers(1, 6));
  });

  test("holds the status of a page back while the destination does not keep up", async () => {
    const { start, clock, objects } = createWorld();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const child = start({}, { emitter: objectsEmitter(objects, () => gate) });
    await child.initialize();
    let taken = 0;
    const feed = (async () => {
      for (let page = 0; page < 10; page += 1) {
        child.daemon.say(pageMessage(records(page * 4 + 1, page * 4 + 4)));
        await child.daemon.hear();
        taken += 1;
      }
    })();
    await clock.advance(60_000);
    // One batch is under way, one is full, and a page waits: the daemon reads no further.
    expect(taken).toBeLessThan(5);
    expect(child.daemon.said.filter(({ action }) => action === "checkpoint")).toEqual([]);
    open();
    child.daemon.end();
    await clock.run(Promise.all([child.done, feed.catch(() => undefined)]));
  });

  test("passes over what the row has come past, and says no more to the daemon than it was handed", async () => {
    const { start, objects, row } = createWorld();
    const first = start();
    await first.initialize();
    await first.page(records(1, 8));
    await first.end();
    expect(row()).toMatchObject({ checkpoint: at(8), owner: undefined });
    // The daemon's checkpoint was lost with it: it begins again.
    const second = start();
    await second.initialize();
    expect(await second.page(records(1, 3))).toEqual([checkpoint(3), status("processRecords")]);
    expect(await second.page(records(4, 7))).toEqual([checkpoint(7), status("processRecords")]);
    expect(await second.page(records(8, 10))).toEqual([checkpoint(8), status("processRecords")]);
    await second.end();
    expect(objects.landed).toEqual(numbers(1, 10));
  });

  test("finishes the batch that an earlier child prepared, at its place, and reads on behind it in the same page", async () => {
    const { start, objects, row, clock } = createWorld();
    const frozen = new Promise<void>(() => undefined);
    const first = start({ stopDeadlineMs: 1_000 }, { emitter: objectsEmitter(objects, () => frozen) });
    await first.initialize();
    await first.page(records(1, 5));
    await clock.advance(100);
    expect(row()?.pending?.checkpoint).toEqual(at(4));
    const second = start({}, { buffer: { maxRecords: 3, maxAgeMs: 10_000 } });
    await second.initialize();
    await second.page(records(1, 2));
    await second.page(records(3, 7));
    await second.page([]);
    await second.end();
    expect([...objects.written.values()]).toEqual([numbers(1, 4), numbers(5, 7)]);
    expect(row()).toMatchObject({ checkpoint: at(7), pending: undefined });
    first.daemon.end();
    await clock.run(first.done);
    expect(objects.landed).toEqual(numbers(1, 7));
  });

  test("tells of a prepared batch whose first records the stream has let go of, and stops by default", async () => {
    const { start, objects, row, clock } = createWorld();
    const first = start(
      { stopDeadlineMs: 1 },
      { emitter: objectsEmitter(objects, () => new Promise(() => undefined)) },
    );
    await first.initialize();
    await first.page(records(1, 4));
    await clock.advance(100);
    expect(row()?.pending?.checkpoint).toEqual(at(4));
    const events: string[] = [];
    const second = start({ observe: ({ type }) => void events.push(type) });
    await second.initialize();
    second.daemon.say(pageMessage(records(3, 5)));
    const error = await failureFrom(clock.run(second.done));
    expect(hasCode(error, "KC_RETENTION_GAP")).toBe(true);
    expect(events).toContain("retention-gap");
    expect(row()?.checkpoint).toEqual(at(4));
    expect(objects.landed).toEqual(["3", "4"]);
  });

  test("takes aggregates apart no further than the daemon has, and commits within one", async () => {
    const { start, objects, row, clock } = createWorld();
    const aggregate = [record(1), ...[1, 2, 3, 4, 5, 6].map((sub) => record(1, sub))];
    const first = start();
    await first.initialize();
    await first.page(aggregate.slice(0, 5));
    await clock.advance(100);
    expect(row()?.checkpoint).toEqual(at(1, 3));
    expect(await first.page([])).toEqual([checkpoint(1, 3), status("processRecords")]);
    first.daemon.end();
    await clock.run(first.done);
    expect(row()?.checkpoint).toEqual(at(1, 4));
    // A worker of the KCL reads the record again, and leaves out what its own checkpoint covers.
    const second = start();
    await second.initialize(at(1, 3));
    await second.page(aggregate.slice(4));
    await second.end();
    expect(objects.landed).toEqual(["1", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6"]);
  });

  test("goes on from the daemon's checkpoint where the journal has no row yet, and says so", async () => {
    const { start, row, objects, lines } = createWorld();
    const child = start();
    await child.initialize(at(7));
    expect(row()).toMatchObject({ checkpoint: at(7) });
    expect(lines.some((line) => line.startsWith("the journal has no row of a shard"))).toBe(true);
    await child.page(records(8, 9));
    await child.end();
    expect(objects.landed).toEqual(["8", "9"]);
  });

  test.each([
    ["a later position", at(9)],
    ["the end of the shard", "SHARD_END" as const],
  ])("refuses a daemon that has come further than the row, to %s, with the cure", async (_, ahead) => {
    const { start, clock, leases, objects } = createWorld();
    const first = start();
    await first.initialize();
    await first.page(records(1, 8));
    await first.end();
    const second = start({ leaseTable: leases.connect() });
    second.daemon.say({
      action: "initialize",
      shardId: "s0",
      ...(typeof ahead === "string" ? { sequenceNumber: ahead } : ahead),
    });
    const error = await failureFrom(clock.run(second.done));
    expect(error).toMatchObject({ code: "KC_REPLAY_DIFFERS" });
    expect(error.message).toContain("has come to 4960008.0 only");
    expect(error.message).toContain('set "checkpoint" of s0 in the daemon\'s table clicks back');
    expect(second.daemon.said).toEqual([]);
    expect(objects.landed).toEqual(numbers(1, 8));
  });

  test("refuses a daemon that begins at LATEST, which would pass over records after a crash", async () => {
    const { start, clock, leases } = createWorld();
    const child = start();
    child.daemon.say({ action: "initialize", shardId: "s0", sequenceNumber: "LATEST", subSequenceNumber: 0 });
    const error = await failureFrom(clock.run(child.done));
    expect(error).toMatchObject({ code: "KC_OPTION_INVALID" });
    expect(error.message).toContain("initialPositionInStreamExtended");
    expect(leases.rows.size).toBe(0);
  });

  test("waits for a journal that does not answer, and tells of it", async () => {
    const { start, clock, leases, lines, objects } = createWorld();
    let isDown = true;
    const child = start({ leaseTable: tableThat(leases.connect(), () => isDown) });
    child.daemon.say({ action: "initialize", shardId: "s0", sequenceNumber: "TRIM_HORIZON" });
    await clock.advance(120_000);
    expect(child.daemon.said).toEqual([]);
    const told = lines.filter((line) => line.startsWith("the journal does not do what it is asked"));
    expect(told.length).toBeGreaterThan(5);
    isDown = false;
    await clock.advance(20_000);
    expect(child.daemon.said).toEqual([status("initialize")]);
    await child.daemon.hear();
    await child.page(records(1, 2));
    await child.end();
    expect(objects.landed).toEqual(["1", "2"]);
  });

  test("stops with what stops a shard, and leaves the page without an answer", async () => {
    const { start, clock, row } = createWorld();
    const emitter = {
      ...objectsEmitter(createWorld().objects),
      emit: () => Promise.reject(new Error("denied")),
    };
    const child = start({}, { emitter, retry: { maxAttempts: 2, baseDelayMs: 1 } });
    await child.initialize();
    for (const page of [1, 2, 3, 4]) child.daemon.say(pageMessage(records(page * 4 - 3, page * 4)));
    const error = await failureFrom(clock.run(child.done));
    expect(hasCode(error, "KC_EMIT_FAILED") || hasCode(error, "KC_DAEMON_BROKEN")).toBe(true);
    expect(row()?.checkpoint).toBe("TRIM_HORIZON");
  });
});
