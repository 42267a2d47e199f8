import { versionWriter } from "@kinesis-connectors/aws";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

const sign = (one: unknown, other: unknown): number =>
  (one as string) < (other as string) ? -1 : one === other ? 0 : 1;

describe("versions as texts", () => {
  const bound = 10n ** 40n - 1n;
  const whole = fc.oneof(
    fc.bigInt({ min: -bound, max: bound }),
    fc.bigInt({ min: -12n, max: 12n }),
    fc.constantFrom(0n, -1n, bound, -bound, 2n ** 63n, 2n ** 64n, 10n ** 39n),
  );

  it("of whole numbers sort as these do, all of one length, whatever follows", () => {
    const textOf = versionWriter();
    fc.assert(
      fc.property(whole, whole, fc.string(), fc.string(), (one, other, after, afterOther) => {
        const texts = [textOf(one), textOf(other)] as const;
        expect(new Set(texts.map(({ length }) => length))).toEqual(new Set([41]));
        const order = one < other ? -1 : one > other ? 1 : 0;
        expect(sign(...texts)).toBe(order);
        const followed = sign(`${texts[0]} ${after}`, `${texts[1]} ${afterOther}`);
        expect(order === 0 ? 0 : followed).toBe(order);
      }),
    );
  });

  it("are the same for a number, a bigint and a text of digits", () => {
    const textOf = versionWriter();
    for (const value of [0, 1, -1, 42, Number.MAX_SAFE_INTEGER])
      expect(new Set([textOf(value), textOf(BigInt(value)), textOf(String(value))]).size).toBe(1);
    expect(textOf("007")).toBe(textOf(7));
    expect(textOf(-0)).toBe(textOf(0));
    expect(sign(textOf("9"), textOf("10"))).toBe(-1);
  });

  it("of other texts sort byte by byte, also where one begins with the other, whatever follows", () => {
    const visible = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCodePoint(code)),
      minLength: 1,
      maxLength: 128,
    });
    const words = fc.oneof(visible, fc.constantFrom("a", "aa", "a!", "a~", "2026-11-29T00:00:00.000Z"));
    const textOf = versionWriter();
    fc.assert(
      fc.property(words, words, fc.string(), fc.string(), (one, other, after, afterOther) => {
        fc.pre(!/^-?\d+$/.test(one) && !/^-?\d+$/.test(other));
        const order = Math.sign(Buffer.compare(Buffer.from(one), Buffer.from(other)));
        const texts = [`${textOf(one)} ${after}`, `${textOf(other)} ${afterOther}`] as const;
        expect(order === 0 ? 0 : sign(...texts)).toBe(order);
      }),
    );
  });

  it("come after every position that was written without a version", () => {
    const positions = [`${"9".repeat(56)}.0000000000`, `x129${"9".repeat(129)}.0000000000`];
    for (const version of [-bound, 0n, "!"]) {
      const text = versionWriter()(version);
      for (const position of positions) expect(sign(position, text)).toBe(-1);
    }
  });

  it.each<[string, unknown]>([
    ["is missing", undefined],
    ["is missing", null],
    ["is no finite number", Number.NaN],
    ["is no finite number", Number.POSITIVE_INFINITY],
    ["with a fraction", 1.5],
    ["past 2^53", 2 ** 53],
    ["more than 40 digits", 10n ** 40n],
    ["more than 40 digits", `-${"9".repeat(41)}`],
    ["visible characters", "9".repeat(201)],
    ["visible characters", ""],
    ["visible characters", "a b"],
    ["visible characters", "ä"],
    ["visible characters", "a\u0000"],
    ["visible characters", "x".repeat(129)],
    ["neither a number nor a bigint nor a text", true],
    ["neither a number nor a bigint nor a text", {}],
    ["neither a number nor a bigint nor a text", new Date(0)],
  ])("refuse what %s: %s", (why, version) => {
    expect(() => versionWriter()(version)).toThrow(
      expect.objectContaining({ code: "KC_RECORD_POISON", message: expect.stringContaining(why) }),
    );
  });

  it("are of one kind, and a message holds none of them", () => {
    const textOf = versionWriter();
    textOf("0000a");
    expect(() => textOf("00009")).toThrow("is among numbers, where those before it were among texts");
    expect(textOf("0000b")).toBe("~0000b");
    for (const version of ["canary canary", `canary${"y".repeat(200)}`])
      expect(() => textOf(version)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining("canary") }),
      );
  });
});
