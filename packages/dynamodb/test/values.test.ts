import { isDeepStrictEqual } from "node:util";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { thrownBy } from "@kinesis-connectors/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comparePositions, hasCode, KinesisConnectorError } from "@kinesis-connectors/core";
import { decimalOf } from "../src/items/decimal.js";
import { itemBytesOf, wireBoundOf, wireBytesOf } from "../src/items/item-size.js";
import { keyText, keyTextOf } from "../src/items/key-schema.js";
import { marshalItem } from "../src/items/marshal.js";
import { Ordinals, positionText } from "../src/items/position.js";
import { entryOf } from "./support.js";

/** The plain value of an attribute, as a reader would see it. */
function plain(value: AttributeValue): unknown {
  if (value.L !== undefined) return value.L.map(plain);
  if (value.M !== undefined)
    return Object.fromEntries(Object.entries(value.M).map(([name, part]) => [name, plain(part)]));
  if (value.N !== undefined) return Number(value.N);
  return value.NULL === true ? null : (value.S ?? value.BOOL ?? value.B ?? value.SS ?? value.NS ?? value.BS);
}

const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => {
    const size = Math.abs(value);
    return value === 0 || (size > 1e-120 && size < 1e15);
  }),
);
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: "binary" }),
    number,
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((name) => name !== "__proto__"),
      tie("value"),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
}));
const anyItem = fc.dictionary(
  fc.string({ unit: "binary" }).filter((name) => name !== "__proto__"),
  anyValue,
  { maxKeys: 6, noNullPrototype: true },
);

/** What a function gives, or the code that it throws. */
function outcomeOf(make: () => string | undefined): string | undefined {
  try {
    return make();
  } catch (error) {
    return KinesisConnectorError.isInstance(error) ? error.code : "no code";
  }
}

/** The JSON of a request, in which bytes are base64. */
const wireText = (item: unknown): string =>
  JSON.stringify(item, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
  );

describe("plain values", () => {
  it("come back as they were", () => {
    fc.assert(
      fc.property(anyItem, (item) => {
        const normal = (value: unknown): unknown => (Object.is(value, -0) ? 0 : value);
        const expected: unknown = JSON.parse(wireText(item), (_, value: unknown) => normal(value));
        const read = plain({ M: { ...marshalItem(item) } });
        expect(JSON.parse(wireText(read))).toEqual(expected);
      }),
    );
  });

  it("of other kinds have their place too", () => {
    expect(
      marshalItem({
        when: new Date(0),
        texts: new Set(["a", "b"]),
        numbers: new Set([1, 2n]),
        bytes: new Set([new Uint8Array([1])]),
        big: 12345678901234567890123456789012345678n,
        left: undefined,
        list: [undefined, 1],
        constructor: { name: "x" },
      }),
    ).toEqual({
      when: { S: "1970-01-01T00:00:00.000Z" },
      texts: { SS: ["a", "b"] },
      numbers: { NS: ["1", "2"] },
      bytes: { BS: [new Uint8Array([1])] },
      big: { N: "12345678901234567890123456789012345678" },
      list: { L: [{ NULL: true }, { N: "1" }] },
      constructor: { M: { name: { S: "x" } } },
    });
  });

  it("that would be lost or rounded are refused by their place, without a word of the value", () => {
    class Money {
      readonly secret = "canary";
    }
    const deep = (levels: number): unknown => (levels === 0 ? "canary" : [deep(levels - 1)]);
    for (const value of [
      2 ** 53,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      1e126,
      1e-131,
      123456789012345678901234567890123456789n,
      new Money(),
      () => "canary",
      Symbol("canary"),
      new Set(),
      new Set(["canary", 1]),
      new Date(Number.NaN),
      JSON.parse('{"__proto__":"canary"}'),
      deep(33),
    ]) {
      const error = thrownBy(() => marshalItem({ outer: { inner: value } }));
      expect(hasCode(error, "KC_RECORD_POISON")).toBe(true);
      expect(error.message).toContain("outer.inner");
      expect(error.message).not.toContain("canary");
    }
    expect(marshalItem({ deep: deep(32) })).toBeDefined();
    for (const item of ["text", null, [1], new Money()])
      expect(
        hasCode(
          thrownBy(() => marshalItem(item)),
          "KC_RECORD_POISON",
        ),
      ).toBe(true);
  });
});

describe("the size of an item", () => {
  it("is what the developer guide says, kind by kind", () => {
    const sizeOf = (value: AttributeValue): number => itemBytesOf({ ab: value }) - 2;
    const cases: readonly (readonly [AttributeValue, number])[] = [
      [{ S: "grün" }, 5],
      [{ S: "" }, 0],
      [{ N: "0" }, 1],
      [{ N: "7" }, 2],
      [{ N: "-7" }, 3],
      [{ N: "1200.00" }, 2],
      [{ N: "12345" }, 4],
      [{ N: "0.00012345" }, 4],
      [{ B: new Uint8Array(9) }, 9],
      [{ BOOL: false }, 1],
      [{ NULL: true }, 1],
      [{ SS: ["a", "bc"] }, 3],
      [{ NS: ["1", "22"] }, 4],
      [{ BS: [new Uint8Array(2), new Uint8Array(3)] }, 5],
      [{ L: [] }, 3],
      [{ L: [{ S: "a" }, { BOOL: true }] }, 3 + 2 + 2],
      [{ M: { k: { S: "abc" } } }, 3 + 1 + 1 + 3],
    ];
    for (const [value, bytes] of cases) expect([value, sizeOf(value)]).toEqual([value, bytes]);
  });

  it("is the sum of its attributes, and grows with each of them", () => {
    fc.assert(
      fc.property(anyItem, (item) => {
        const marshalled = marshalItem(item);
        const parts = Object.entries(marshalled).map(([name, value]) => itemBytesOf({ [name]: value }));
        expect(itemBytesOf(marshalled)).toBe(parts.reduce((sum, bytes) => sum + bytes, 0));
      }),
    );
  });

  it("on the wire is never below that of the request's JSON, and hardly above", () => {
    fc.assert(
      fc.property(anyItem, (item) => {
        const marshalled = marshalItem(item);
        const actual = Buffer.byteLength(wireText(marshalled));
        const counted = wireBytesOf(marshalled);
        expect(counted).toBeGreaterThanOrEqual(actual);
        expect(counted).toBeLessThanOrEqual(actual * 2 + 16);
      }),
    );
  });
});

describe("the bound of an item's size", () => {
  it("is never below what is counted exactly", () => {
    const marshalled = fc.oneof(
      anyItem,
      fc.record({ set: fc.constant(new Set(["\u0000", "a"])), text: fc.string() }),
    );
    fc.assert(
      fc.property(marshalled, (item) => {
        const attributes = marshalItem(item);
        const bound = wireBoundOf(attributes);
        expect(bound).toBeGreaterThanOrEqual(wireBytesOf(attributes));
        expect(bound).toBeGreaterThanOrEqual(itemBytesOf(attributes));
      }),
    );
    const worst = { a: { S: "\u0000".repeat(1_000) } };
    expect(wireBoundOf(worst)).toBeGreaterThanOrEqual(wireBytesOf(worst));
  });
});

describe("numbers", () => {
  it("of JavaScript are taken exactly where DynamoDB can hold them and they are exact", () => {
    const any = fc.oneof(
      fc.double(),
      fc.constantFrom(1e-130, 9.999e-131, -1e-130, 5e-324, 2 ** 53 - 1, 2 ** 53, -(2 ** 53) + 1, 0.1, -0),
    );
    fc.assert(
      fc.property(any, (value) => {
        const { digits = "", exponent = 0 } = decimalOf(String(value)) ?? {};
        const isHeld = Number.isFinite(value) && digits.length <= 38 && exponent >= -130 && exponent <= 125;
        const isExact = !Number.isInteger(value) || Number.isSafeInteger(value);
        const taken = outcomeOf(() => marshalItem({ n: value })["n"]?.N);
        expect(taken).toBe(isHeld && isExact ? String(value) : "KC_RECORD_POISON");
      }),
    );
  });

  it("are the same whatever way they are written", () => {
    for (const text of ["100", "1E2", "1e+2", "100.000", "0100", "+100", "0.1e3"])
      expect(decimalOf(text)).toEqual({ negative: false, digits: "1", exponent: 2 });
    expect(decimalOf("-0.050")).toEqual({ negative: true, digits: "5", exponent: -2 });
    expect(decimalOf("-0.0")).toEqual({ negative: false, digits: "", exponent: 0 });
    for (const text of ["", ".", "1e", "x", "1 "]) expect(decimalOf(text)).toBeUndefined();
  });

  it("keep their value", () => {
    fc.assert(
      fc.property(number, (value) => {
        const { negative, digits, exponent } = decimalOf(String(value)) ?? { digits: "x" };
        const read =
          digits === "" ? 0 : Number(`${negative ? "-" : ""}${digits[0]}.${digits.slice(1)}e${exponent}`);
        expect(read).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it("that are equal make one key, and no others do", () => {
    const schema = [
      { name: "id", type: "S", maxBytes: 2048 },
      { name: "n", type: "N", maxBytes: 1024 },
    ] as const;
    const key = (id: string, n: string): string => keyText(schema, { id: { S: id }, n: { N: n } });
    expect(key("a", "1.0")).toBe(key("a", "1"));
    expect(key("a", "-1")).not.toBe(key("a", "1"));
    expect(key('a","', "1")).not.toBe(key("a", "1"));
    expect(key("a", "10")).not.toBe(key("a", "1"));
    expect(key("a1 ", "2")).not.toBe(key("a", "12"));
    for (const [one, other] of [
      ["10", "1e1"],
      ["100000000000000", "1E+14"],
      ["1000000000000000", "1e15"],
      ["0", "-0.0"],
      ["120", "1.20e2"],
    ] as const)
      expect(key("a", one)).toBe(key("a", other));
  });

  it("make the same keys before and after an item is marshalled", () => {
    const schema = [
      { name: "id", type: "N", maxBytes: 2048 },
      { name: "at", type: "B", maxBytes: 1024 },
    ] as const;
    const item = fc.record({
      id: number,
      at: fc.uint8Array({ minLength: 1, maxLength: 20 }),
      other: anyValue,
    });
    fc.assert(
      fc.property(item, item, (one, other) => {
        const keys = [one, other].map((output) => keyTextOf(schema, output));
        expect(keys).toEqual([one, other].map((output) => keyText(schema, marshalItem(output))));
        const isSame = one.id === other.id && isDeepStrictEqual(one.at, other.at);
        expect(keys[0] === keys[1]).toBe(isSame);
      }),
    );
  });
});

describe("positions", () => {
  const digits = fc.bigInt({ min: 0n, max: 10n ** 60n }).map(String);
  const position = fc.record({
    sequenceNumber: fc.oneof(digits, fc.bigInt({ min: 10n ** 55n, max: 10n ** 57n }).map(String)),
    subSequenceNumber: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  });

  it("are ordered as texts as they are in the stream", () => {
    fc.assert(
      fc.property(position, position, fc.nat(3), fc.nat(3), (one, other, first, second) => {
        const stream = Math.sign(comparePositions(one, other) || first - second);
        const [a, b] = [positionText(one, first), positionText(other, second)];
        // DynamoDB compares texts by their bytes of UTF-8.
        expect(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))).toBe(stream);
      }),
    );
  });

  it("tell the outputs of one record apart, also when only the later ones come again", () => {
    const ordinals = new Ordinals();
    const entries = [entryOf(1, "a"), entryOf(1, "b"), entryOf(1, "c"), entryOf(2, "d")];
    ordinals.learn(entries);
    ordinals.learn(entries.slice(2));
    expect(entries.map((entry) => ordinals.of(entry))).toEqual([0, 1, 2, 0]);
  });
});
