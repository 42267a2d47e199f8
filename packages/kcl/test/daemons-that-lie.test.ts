import { failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, test } from "vitest";
import { at, createWorld, objectsEmitter, record, records } from "./support/world.js";

const numbers = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe("records that the daemon hands over again, to the same child,", () => {
  test("land once, before and after they were committed, and it is told", async () => {
    const { start, objects, lines, clock, row } = createWorld();
    const child = start();
    await child.initialize();
    await child.page(records(1, 3));
    await child.page(records(2, 5));
    await clock.advance(100);
    expect(row()?.checkpoint).toEqual(at(4));
    await child.page(records(1, 5));
    await child.page(records(3, 9));
    await child.end();
    expect(objects.landed).toEqual(numbers(1, 9));
    expect(lines.filter((line) => line.startsWith("the daemon has handed records over again"))).toHaveLength(
      3,
    );
  });

  test("are told apart within an aggregate", async () => {
    const { start, objects } = createWorld();
    const child = start();
    await child.initialize();
    await child.page([record(1, 0), record(1, 1)]);
    await child.page([record(1, 1), record(1, 2), record(2)]);
    await child.end();
    expect(objects.landed).toEqual(["1", "1.1", "1.2", "2"]);
  });

  test("do not take the daemon's checkpoint back", async () => {
    const { start, clock } = createWorld();
    const child = start();
    await child.initialize();
    await child.page(records(1, 4));
    await clock.advance(100);
    expect(await child.page(records(1, 2))).toEqual([
      { action: "checkpoint", ...(at(4) as object) },
      { action: "status", responseFor: "processRecords" },
    ]);
    await child.end();
  });
});

test.each([
  ["in another order", [record(1), record(3), record(2)]],
  ["twice in one page", [record(1), record(2), record(2)]],
  ["of an aggregate in another order", [record(1, 1), record(1, 0)]],
])("records %s are no page of a daemon, and nothing of it is delivered", async (_, page) => {
  const { start, clock, objects } = createWorld();
  const child = start();
  await child.initialize();
  child.daemon.say({
    action: "processRecords",
    records: page.map(({ data, ...rest }) => ({ ...rest, data: Buffer.from(data).toString("base64") })),
  });
  const error = await failureFrom(clock.run(child.done));
  expect(error).toMatchObject({ code: "KC_DAEMON_BROKEN" });
  expect(objects.landed).toEqual([]);
});

test.each(["shardEnded", "leaseLost"])(
  "records after %s are not answered as if they were delivered",
  async (action) => {
    const { start, clock } = createWorld();
    const child = start();
    await child.initialize();
    await child.page(records(1, 2));
    await child.ask({ action });
    expect(await child.page(records(3, 4)).catch(() => [])).toEqual([]);
    const error = await failureFrom(clock.run(child.done));
    expect(error).toMatchObject({ code: "KC_DAEMON_BROKEN" });
    expect(error.message).toContain(`records after ${action}`);
  },
);

test("an observer whose promise rejects is told once, and ends no process", async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  try {
    const { start, objects, lines } = createWorld();
    const rejecting: () => unknown = () => Promise.reject(new Error("metrics are down"));
    const child = start({ observe: rejecting });
    await child.initialize();
    await child.page(records(1, 4));
    await child.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
    expect(objects.landed).toEqual(numbers(1, 4));
    expect(lines.filter((line) => line.startsWith("the option observe threw"))).toHaveLength(1);
  } finally {
    process.off("unhandledRejection", note);
  }
});

describe("an emitter that hangs keeps no process whose daemon is gone:", () => {
  const never = new Promise<never>(() => undefined);

  test("in its open", async () => {
    const { start, objects, clock } = createWorld();
    const child = start({}, { emitter: { ...objectsEmitter(objects), open: () => never } });
    child.daemon.say({ action: "initialize", shardId: "s0", sequenceNumber: "TRIM_HORIZON" });
    await clock.advance(1_000);
    let isOver = false;
    void child.done.then(() => (isOver = true));
    child.daemon.end();
    await clock.advance(10_000);
    expect(isOver).toBe(true);
  });

  test("in its close, and what was read has landed", async () => {
    const { start, objects, clock, lines } = createWorld();
    const child = start({}, { emitter: { ...objectsEmitter(objects), close: () => never } });
    await child.initialize();
    await child.page(records(1, 2));
    let isOver = false;
    void child.done.then(() => (isOver = true));
    child.daemon.end();
    await clock.advance(10_000);
    expect(isOver).toBe(true);
    expect(objects.landed).toEqual(["1", "2"]);
    expect(lines.filter((line) => line.startsWith("an emitter does not close"))).toHaveLength(1);
  });
});
