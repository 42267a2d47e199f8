import { thrownBy } from "@kinesis-connectors/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { encodeValue, PartitionPaths } from "../../src/partitions/partition-path.js";

/** Values that have broken keys of others, and any text. */
const nasty = fc.constantFrom(
  "",
  ".",
  "..",
  "...",
  "/",
  "a/b",
  "../../etc",
  "%2F",
  "%",
  "a=b",
  "_x",
  ".x",
  "__HIVE_DEFAULT_PARTITION__",
  "%5F_HIVE_DEFAULT_PARTITION__",
  "\u0000",
  "\ud800",
  "\udfff",
  "\ufffd",
  "Österreich",
  "😀",
  "a b",
  "~",
  "!",
);
const value = fc.oneof(
  nasty,
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ maxLength: 300 }),
  // Lone surrogates and other units that no well-formed text holds.
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map((units) => String.fromCharCode(...units)),
);
const styles = ["hive", "plain"] as const;

/** Percent-decoding, byte by byte, to what the encoder was given, lone surrogates included. */
function decoded(text: string): string {
  if (text === "__HIVE_DEFAULT_PARTITION__") return "";
  const bytes = Buffer.from(
    text.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
  let result = "";
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at] ?? 0;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const piece = bytes.subarray(at, at + length);
    // A surrogate has its own three bytes, which UTF-8 does not know.
    const isSurrogate = length === 3 && lead === 0xed && (piece[1] ?? 0) >= 0xa0;
    result += isSurrogate
      ? String.fromCharCode(0xd000 | (((piece[1] ?? 0) & 0x3f) << 6) | ((piece[2] ?? 0) & 0x3f))
      : piece.toString("utf8");
    at += length;
  }
  return result;
}

describe.each(styles)("a partition value in %s style", (style) => {
  it("S03 is one folder name that gives the value back, or ends in its digest", () => {
    fc.assert(
      fc.property(value, (text) => {
        const encoded = encodeValue(text, style);
        expect(encoded).toMatch(/^[A-Za-z0-9_.%!-]{1,128}$/);
        expect(encoded).not.toMatch(/^\.+$/);
        expect(style === "hive" || text === "" || /^[^._]/.test(encoded)).toBe(true);
        expect(encoded.includes("!") ? /![0-9a-f]{32}$/.test(encoded) : decoded(encoded) === text).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });

  it("S03 stays distinct from every other of 100,000 values, under one prefix, at one depth, within 1,024 bytes", () => {
    const prefix = "p".repeat(300);
    const paths = new PartitionPaths(style, 1024 - 300 - prefix.length);
    const keys = new Map<string, string>();
    const values = new Set<string>();
    for (const text of fc.sample(value, { numRuns: 130_000, seed: 7 })) values.add(text);
    for (let extra = 0; values.size < 100_000; extra += 1) values.add(`${"long ".repeat(60)}${extra}`);
    expect(values.size).toBeGreaterThanOrEqual(100_000);
    let wrong = 0;
    for (const text of values) {
      const key = `${prefix}/${paths.of({ tenant: text, date: "2026-03-29" })}/${"n".repeat(300 - 1)}`;
      const folders = key.split("/");
      if (folders.length !== 4 || folders[0] !== prefix || Buffer.byteLength(key) > 1024 || keys.has(key))
        wrong += 1;
      keys.set(key, text);
    }
    expect(wrong).toBe(0);
  });
});

describe("partition paths", () => {
  it("look like Hive's, or plain", () => {
    const values = { date: "2026-03-29", hour: 7, isBot: false, id: 12n };
    expect(new PartitionPaths("hive", 500).of(values)).toBe("date=2026-03-29/hour=7/isBot=false/id=12");
    expect(new PartitionPaths("plain", 500).of(values)).toBe("2026-03-29/7/false/12");
  });

  it.each([
    ["", "c=__HIVE_DEFAULT_PARTITION__"],
    ["a/b=c", "c=a%2Fb%3Dc"],
    ["..", "c=%2E%2E"],
    ["2026-03-29T01:00:00Z", "c=2026-03-29T01%3A00%3A00Z"],
    ["Österreich", "c=%C3%96sterreich"],
  ])("encode %j as %s", (text, path) => {
    expect(new PartitionPaths("hive", 500).of({ c: text })).toBe(path);
  });

  it.each([[undefined], [null], [Number.NaN], [Number.POSITIVE_INFINITY], [{}], [[]]])(
    "refuse the value %j by name, without showing it",
    (bad) => {
      const paths = new PartitionPaths("hive", 500);
      const values: Record<string, never> = JSON.parse("{}") as Record<string, never>;
      const error = thrownBy(() => paths.of(Object.assign(values, { country: bad })));
      expect(hasCode(error, "KC_RECORD_POISON")).toBe(true);
      expect(error.message).toContain("country");
    },
  );

  it("refuse a record with other names than the first one: the depth is the same for all", () => {
    const paths = new PartitionPaths("hive", 500);
    paths.of({ date: "1", country: "AT" });
    for (const values of [
      { date: "1" },
      { country: "AT", date: "1" },
      { date: "1", country: "AT", city: "W" },
    ])
      expect(
        hasCode(
          thrownBy(() => paths.of(values)),
          "KC_RECORD_POISON",
        ),
      ).toBe(true);
    expect(paths.of({ date: "2", country: "CH" })).toBe("date=2/country=CH");
  });

  it.each([[{}], [{ "a/b": "x" }], [{ "": "x" }], [{ "1a": "x" }]])("refuse the names of %j", (values) => {
    expect(
      hasCode(
        thrownBy(() => new PartitionPaths("hive", 500).of(values)),
        "KC_RECORD_POISON",
      ),
    ).toBe(true);
  });

  it("shorten values where a long prefix and many folders leave less room, and refuse where it is too little", () => {
    const long = "x".repeat(200);
    expect(new PartitionPaths("plain", 150).of({ a: long, b: long }).length).toBeLessThanOrEqual(150);
    expect(() => new PartitionPaths("plain", 90).of({ a: "x", b: "y" })).toThrow(/shorten the prefix/);
  });
});
