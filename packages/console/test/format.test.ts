import { describe, expect, it } from "vitest";
import { commandOf, choiceFrom, targetOf } from "../app/model/commands.js";
import {
  ago,
  bytes,
  clockTime,
  count,
  duration,
  fineDuration,
  percent,
  rate,
  shortOwner,
  shortPosition,
  shortShard,
} from "../app/model/format.js";
import { linesOf } from "../app/model/outline.js";

describe("what is written for people", () => {
  it.each([
    [0, "0 s"],
    [59_400, "59 s"],
    [60_000, "1 min"],
    [3_600_000, "1 h"],
    [8_040_000, "2 h 14 min"],
    [273_600_000, "3 d 4 h"],
    [-4_000, "-4 s"],
  ])("%i ms is %s", (ms, text) => expect(duration(ms)).toBe(text));

  it("what is fast when all is well has a digit more", () => {
    expect([0, 420, 9_900, 9_999, 12_400].map(fineDuration)).toEqual([
      "0 s",
      "0.4 s",
      "9.9 s",
      "10 s",
      "12 s",
    ]);
  });

  it("nothing is known of nothing, and no clock shows the future", () => {
    expect([duration(null), ago(undefined), count(null), rate(undefined), bytes(null)]).toEqual(
      Array.from({ length: 5 }, () => "–"),
    );
    expect(ago(-300)).toBe("0 s ago");
  });

  it("figures have their thousands, sizes their unit", () => {
    expect([count(41_200), rate(0), rate(0.25), rate(41_200.4)]).toEqual(["41,200", "0", "0.3", "41,200"]);
    expect([512, 3_250_586, 268_435_456, 2 ** 50].map(bytes)).toEqual([
      "512 B",
      "3.1 MiB",
      "256 MiB",
      "1024 TiB",
    ]);
    expect([percent(0.25), clockTime(Date.UTC(2026, 10, 29, 14, 2, 11))]).toEqual(["25.0 %", "14:02:11"]);
  });

  it("names are as short as they can be told apart", () => {
    expect(shortShard("shardId-000000000012")).toBe("12");
    expect(shortShard("shardId-000000000000")).toBe("0");
    expect(shortShard("my-shard")).toBe("my-shard");
    expect(shortPosition("49671234567890140007", 3)).toBe("…140007 (.3)");
    expect(shortPosition("TRIM_HORIZON", 0)).toBe("TRIM_HORIZON");
    expect(shortOwner("host-a:3f1c90aa-4c1e-4d2f-8000-000000000001")).toBe("host-a:3f1c");
    expect(shortOwner("x".repeat(60))).toHaveLength(40);
  });
});

describe("the command line that does the same", () => {
  const of = { application: "click-archive", leaseTable: "click-archive" };

  it("names the shards that are meant, and the table where it has another name", () => {
    expect(commandOf({ verb: "pause", shardIds: undefined }, of)).toBe(
      "kinesis-connectors pause click-archive",
    );
    expect(
      commandOf(
        { verb: "resume", shardIds: ["shardId-000000000002", "other"] },
        { ...of, leaseTable: "leases" },
      ),
    ).toBe("kinesis-connectors resume click-archive --shard 2 --shard other --lease-table leases");
  });

  it("of a reset says where to, and that it is done", () => {
    const to = choiceFrom("time", " 2026-11-29T03:00Z ");
    if (to === undefined) throw new Error("a time");
    expect(commandOf({ verb: "reset", shardIds: undefined, to, discardPending: true }, of)).toBe(
      "kinesis-connectors checkpoint reset click-archive --to 2026-11-29T03:00Z --discard-pending --execute",
    );
  });

  it("what a shell would take apart is quoted", () => {
    expect(
      commandOf(
        { verb: "pause", shardIds: undefined },
        { ...of, application: "it's; rm", leaseTable: undefined },
      ),
    ).toBe(`kinesis-connectors pause 'it'\\''s; rm'`);
  });

  it("takes times with their zone and whole positions, and nothing else", () => {
    for (const text of ["", "yesterday", "2026-11-29T03:00", "2026-13-40T03:00Z", "3"])
      expect(choiceFrom("time", text)).toBeUndefined();
    for (const text of ["", "12", "49x", `${"4".repeat(56)}.`])
      expect(choiceFrom("position", text)).toBeUndefined();
    const position = choiceFrom("position", `${"4".repeat(56)}.7`);
    expect(position && targetOf(position)).toEqual({ sequenceNumber: "4".repeat(56), subSequenceNumber: 7 });
    expect(targetOf({ type: "horizon" })).toBe("horizon");
  });
});

it("a configuration is shown as the lines of a file", () => {
  const config = { a: { b: [1, { c: "x: y" }], d: {} }, e: null };
  expect(
    linesOf(config).map(
      ({ depth, name, value }) => `${" ".repeat(depth)}${name}${value === undefined ? "" : ` ${value}`}`,
    ),
  ).toEqual(["a:", " b:", "  - 1", "  -", '   c: "x: y"', " d: {}", "e: null"]);
});
