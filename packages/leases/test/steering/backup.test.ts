import { describe, expect, test } from "vitest";
import { backupLeases, type Lease, restoreFrom } from "../../src/index.js";
import { leaseWith } from "../support/leases.js";
import { execute, owned, paused, pending, plan, SmallFleet } from "./fleet.js";

/** A backup of rows of one shard that somebody has touched. */
function damaged(...rows: readonly object[]): object {
  return {
    format: "kinesis-connectors lease rows",
    v: 1,
    rows: rows.map((row) => Object.assign({ v: 1, leaseKey: "s0", counter: 1, checkpoint: "LATEST" }, row)),
  };
}

describe("a backup", () => {
  const rows = (): readonly Lease[] => [
    paused("s0", { readThroughMs: 77, startTimestampMs: 3 }),
    paused("s1", { checkpoint: "LATEST", startTimestampMs: 4, readThroughMs: undefined }),
  ];

  test("survives JSON, and a reset is undone by a restore of it", async () => {
    const fleet = new SmallFleet(rows());
    const text = JSON.stringify(await backupLeases(fleet.table));
    await execute(fleet, await plan(fleet, { type: "horizon" }));
    expect(fleet.row("s1").checkpoint).toBe("TRIM_HORIZON");
    const planned = await plan(fleet, restoreFrom(text));
    expect((await execute(fleet, planned)).isComplete).toBe(true);
    for (const { leaseKey, checkpoint, readThroughMs, startTimestampMs } of rows())
      expect(fleet.row(leaseKey)).toMatchObject({ checkpoint, readThroughMs, startTimestampMs });
  });

  test("holds what was prepared, byte by byte", async () => {
    const fleet = new SmallFleet([paused("s0", { pending })]);
    const [row] = restoreFrom(JSON.parse(JSON.stringify(await backupLeases(fleet.table)))).rows;
    expect(row?.pending?.state).toEqual(pending.state);
  });

  test("restores by the rules of any reset: what has ended stays so, and what came since is left alone", async () => {
    const fleet = new SmallFleet(rows());
    const kept = restoreFrom(await backupLeases(fleet.table));
    fleet.leases.rows.delete("s0");
    fleet.leases.rows.set("s2", leaseWith("s2"));
    const planned = await plan(fleet, kept);
    expect(planned.shards.map(({ shardId }) => shardId)).toEqual(["s1"]);
    expect(planned.warnings).toEqual([
      expect.stringContaining("no row any more of s0"),
      expect.stringContaining("know nothing of s2"),
    ]);
    fleet.leases.rows.set("s1", owned("s1", { checkpoint: "SHARD_END" }));
    expect((await plan(fleet, kept, { shardIds: ["s1"] })).shards[0]?.refusal?.code).toBe("ended");
    const over = { type: "rows", rows: [paused("s2", { checkpoint: "SHARD_END" })] } as const;
    fleet.leases.rows.set("s2", paused("s2"));
    expect((await plan(fleet, over, { shardIds: ["s2"] })).shards[0]?.refusal?.code).toBe("ended");
  });

  test("of another stream is refused: its positions mean nothing there", async () => {
    const stream = { streamArn: "arn:aws:kinesis:eu-central-1:1:stream/a", createdMs: 1_000 };
    const to = (kept: Lease["stream"]) => ({ type: "rows", rows: [paused("s0", { stream: kept })] }) as const;
    const fleet = new SmallFleet([paused("s0", { stream })]);
    const other = await plan(fleet, to({ ...stream, streamArn: stream.streamArn.replace("/a", "/b") }));
    expect(other.isRefused).toBe(true);
    expect(other.shards[0]?.refusal).toMatchObject({
      code: "other-stream",
      reason: expect.stringContaining("stream/b") as unknown,
    });
    // Deleted and created anew under its name.
    expect((await plan(fleet, to({ ...stream, createdMs: 2_000 }))).shards[0]?.refusal?.code).toBe(
      "other-stream",
    );
    // Rows that others made do not say it.
    for (const known of [stream, { ...stream, createdMs: undefined }, undefined])
      expect((await plan(fleet, to(known))).isRefused).toBe(false);
  });

  test.each([
    ["no JSON", "{", /no JSON/],
    ["something else", { v: 1 }, /must be what backupLeases returned/],
    ["another version", { format: "kinesis-connectors lease rows", v: 2, rows: [] }, /version 1/],
    ["a row of nothing", { format: "kinesis-connectors lease rows", v: 1, rows: [null] }, /row 1/],
    [
      "a checkpoint that is none",
      {
        format: "kinesis-connectors lease rows",
        v: 1,
        rows: [{ v: 1, leaseKey: "s0", counter: 1, checkpoint: "NOWHERE" }],
      },
      /checkpoint of s0/,
    ],
    ["a shard twice", damaged({}, {}), /s0 has two rows/],
    [
      "a part of a record that is none",
      damaged({ checkpoint: { sequenceNumber: "7", subSequenceNumber: -1 } }),
      /checkpoint of s0/,
    ],
    [
      "a number with zeros before it",
      damaged({ checkpoint: { sequenceNumber: "007", subSequenceNumber: 0 } }),
      /checkpoint of s0/,
    ],
    ["a time that is none", damaged({ readThroughMs: "yesterday" }), /readThroughMs of s0 is no time/],
    ["a moment that is missing", damaged({ checkpoint: "AT_TIMESTAMP" }), /which one is missing/],
  ])("that is %s is refused", (_, backup, message) => {
    expect(() => restoreFrom(backup)).toThrow(message);
  });
});
