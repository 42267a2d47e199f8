import { describe, expect, it } from "vitest";
import { asCliError } from "../src/app/as-cli-error.js";
import { shownError } from "../src/app/errors.js";
import { durationOf, momentOf, shardIdOf } from "../src/app/inputs.js";
import { shortOwner, shortPosition, shortShard } from "../src/output/short.js";
import { tableLines } from "../src/output/table.js";
import { shownDuration, shownMoment } from "../src/output/time.js";
import { placeOf } from "../src/records/place.js";

describe("what is shown", () => {
  it("times are ages of at most two units", () => {
    const ages = [400, 12_000, 59_400, 6 * 60_000, 3_600_000, 8_040_000, 100 * 3_600_000];
    expect(ages.map(shownDuration)).toEqual(["0 s", "12 s", "59 s", "6 min", "1 h", "2 h 14 min", "4 d 4 h"]);
    // What rounds to the next unit is one of it.
    expect([59_700, 3_590_000, 86_390_000].map(shownDuration)).toEqual(["1 min", "1 h", "1 d"]);
    expect(shownMoment(undefined, { nowMs: 0, utc: false })).toBe("-");
    // A writer's clock may be ahead.
    expect(shownMoment(2_000, { nowMs: 1_000, utc: false })).toBe("0 s ago");
    expect(shownMoment(0, { nowMs: 1_000, utc: true })).toBe("1970-01-01T00:00:00.000Z");
  });

  it("shards, positions and owners are shortened, but not to something else", () => {
    expect([shortShard("shardId-000000000012"), shortShard("odd")]).toEqual(["12", "odd"]);
    expect(shortPosition("49671234567890136492", 3)).toBe("...136492 (.3)");
    expect(shortPosition("TRIM_HORIZON", 0)).toBe("TRIM_HORIZON");
    expect(shortOwner("host-a:3f1c3c4a-0000-4000-8000-000000000001")).toBe("host-a:3f1c");
    expect(shortOwner("worker-a")).toBe("worker-a");
  });

  it("tables align numbers to the right, are cut to their width, and keep control characters from the terminal", () => {
    const columns = [{ title: "NAME" }, { title: "COUNT", isNumber: true }];
    expect(
      tableLines(columns, [
        ["a\u001B[31m\nb", "7"],
        ["long name", "1234"],
      ]),
    ).toEqual(["NAME       COUNT", "a?[31m?b       7", "long name   1234"]);
    expect(tableLines(columns, [["long name", "1234"]], 10)).toEqual(["NAME   ...", "long na..."]);
  });
});

describe("what AWS or its client said", () => {
  const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

  it.each([
    ["a region that nobody gave", new Error("Region is missing"), "set --region, or AWS_REGION"],
    ["no credentials", named("CredentialsProviderError", "none"), "set AWS_ACCESS_KEY_ID"],
    ["a session that is over", named("ExpiredTokenException", "is expired"), "renew the session's"],
    ["a key that is not known", named("UnrecognizedClientException", "is invalid"), "check the credentials"],
    [
      "a clock that is off",
      named("InvalidSignatureException", "Signature expired: 1"),
      "set the machine's clock",
    ],
    [
      "no such host",
      Object.assign(new Error("no"), { code: "ENOTFOUND" }),
      "check the region, the endpoints",
    ],
  ])("%s is shown with its cure, also as the cause of another error", (_, thrown, cure) => {
    const whole = shownError(asCliError(thrown)).message;
    expect(whole).toMatch(new RegExp(`^${thrown.message}: .*${cure}`));
    const outer = new Error("ListShards failed", { cause: thrown });
    expect(shownError(asCliError(outer)).message).toContain(`ListShards failed: `);
  });

  it("anything else is shown as it is", () => {
    const thrown = new Error("no more");
    expect(asCliError(thrown)).toBe(thrown);
  });
});

describe("what is read", () => {
  it("lengths of time have a unit", () => {
    expect(["500ms", "30s", "5m", "5 min", "1.5h", "2d"].map(durationOf)).toEqual([
      500, 30_000, 300_000, 300_000, 5_400_000, 172_800_000,
    ]);
    for (const text of ["5", "5 weeks", "", "-5m"])
      expect(() => durationOf(text)).toThrow("give a length of time");
  });

  it("moments are stamps with their zone, epoch milliseconds, or how long ago", () => {
    const at = { type: "at", atMs: Date.UTC(2026, 10, 29, 3) };
    for (const text of [
      "2026-11-29T03:00Z",
      "2026-11-29T04:00+01:00",
      "2026-11-29T03:00:00.000Z",
      String(at.atMs),
    ])
      expect(momentOf(text)).toEqual(at);
    expect(momentOf("5m")).toEqual({ type: "ago", agoMs: 300_000 });
    for (const text of ["2026-11-29T03:00", "yesterday", "2026-13-01", "2026-02-30", "2026-02-30T01:00Z"])
      expect(() => momentOf(text)).toThrow("give a time");
  });

  it("places are sequence numbers, and moments are none", () => {
    const number = "49671234567890123456789012345678901234567890123456789762";
    expect(placeOf(number)).toEqual({ type: "position", sequenceNumber: number, subSequenceNumber: 0 });
    expect(placeOf(`${number}.12`)).toMatchObject({ subSequenceNumber: 12 });
    expect(placeOf("horizon")).toEqual({ type: "horizon" });
    expect(placeOf("1h")).toEqual({ type: "moment", moment: { type: "ago", agoMs: 3_600_000 } });
    expect(["7", "shardId-x"].map(shardIdOf)).toEqual(["shardId-000000000007", "shardId-x"]);
  });
});
