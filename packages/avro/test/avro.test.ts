import { readFileSync } from "node:fs";
import avsc from "avsc";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DecodingTransformer, hasCode, type KinesisRecord } from "@kinesis-connectors/core";
import { recordsOf } from "@kinesis-connectors/testkit";
import { avro, type AvroSchema } from "../src/index.js";

/** A value as the fixtures show it: bytes as hex, whole numbers as text. */
type Shown = boolean | number | string | null | readonly Shown[] | { readonly [name: string]: Shown };
interface Fixtures {
  readonly schema: object;
  readonly cases: readonly { readonly value: Shown; readonly avro: string; readonly fastavro: string }[];
}
const fixtures = JSON.parse(readFileSync(new URL("fixtures/avro.json", import.meta.url), "utf8")) as Fixtures;

function meant(value: Shown): unknown {
  if (Array.isArray(value)) return value.map((item: Shown) => meant(item));
  if (typeof value !== "object" || value === null) return value;
  if ("hex" in value) return Buffer.from(value["hex"] as string, "hex");
  if ("long" in value) {
    const long = BigInt(value["long"] as string);
    return Number.isSafeInteger(Number(long)) ? Number(long) : long;
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, meant(inner)]));
}

function recordOf(data: Uint8Array): KinesisRecord {
  return recordsOf([data])[0] as KinesisRecord;
}

const decode = <Model>(transformer: DecodingTransformer<Model>, data: Uint8Array): unknown =>
  transformer.toModel(recordOf(data));

function errorOf(transformer: DecodingTransformer<unknown>, data: Uint8Array): Error {
  try {
    decode(transformer, data);
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was decoded");
}

/** What decoding failed with; undefined where it did not. */
function refusalOf(
  transformer: DecodingTransformer<unknown>,
  data: Uint8Array,
): (Error & { code?: string }) | undefined {
  try {
    decode(transformer, data);
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

/** A long as Avro writes it: zigzag, seven bits a byte. */
function long(value: bigint): Buffer {
  let zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  for (; zigzag >= 0x80n; zigzag >>= 7n) bytes.push(Number(zigzag & 0x7fn) | 0x80);
  bytes.push(Number(zigzag));
  return Buffer.from(bytes);
}

const record = (
  ...fields: { readonly name: string; readonly type: unknown; readonly default?: unknown }[]
) => ({
  type: "record",
  name: "R",
  fields,
});

describe("Avro data", () => {
  it.each(["avro", "fastavro"] as const)("that the Python package %s wrote are read in full", (writer) => {
    const transformer = avro({ schema: fixtures.schema });
    for (const fixture of fixtures.cases)
      expect(decode(transformer, Buffer.from(fixture[writer], "hex"))).toStrictEqual(meant(fixture.value));
    expect(fixtures.cases.length).toBeGreaterThan(15);
  });

  it("hold longs of any size: numbers as far as those are exact, bigints past that", () => {
    const transformer = avro({ schema: "long" });
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.integer({ min: 0, max: 63 }),
        (of, by) => {
          const value = of >> BigInt(by);
          const read = decode(transformer, long(value));
          expect(BigInt(read as number | bigint)).toBe(value);
          expect(typeof read).toBe(Number.isSafeInteger(Number(value)) ? "number" : "bigint");
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("may lie anywhere in a page, and the models keep nothing of it", () => {
    const schema = record({ name: "b", type: "bytes" }, { name: "t", type: "string" });
    const written = avsc.Type.forSchema(schema as avsc.Schema).toBuffer({ b: Buffer.from("abc"), t: "text" });
    const page = Buffer.alloc(100, 0xff);
    written.copy(page, 40);
    const model = decode(avro<{ b: Buffer; t: string }>({ schema }), page.subarray(40, 40 + written.length));
    page.fill(0);
    expect({ ...(model as object) }).toEqual({ b: Buffer.from("abc"), t: "text" });
  });

  it("of an array or of null are one model each, and original() passes the bytes on", () => {
    const type = avsc.Type.forSchema(["null", { type: "array", items: "int" }]);
    const transformer = avro({ schema: ["null", { type: "array", items: "int" }] });
    expect(decode(transformer, type.toBuffer([1, 2]))).toEqual([[1, 2]]);
    expect(decode(transformer, type.toBuffer(null))).toBeNull();
    const whole = recordOf(type.toBuffer([1]));
    expect(transformer.original().fromModel([1], whole)).toBe(whole.data);
  });

  it("of a key __proto__ change no prototype", () => {
    const type = avsc.Type.forSchema({ type: "map", values: { type: "map", values: "int" } });
    const written = type.toBuffer(JSON.parse('{"__proto__":{"polluted":1}}'));
    const model = decode(avro({ schema: { type: "map", values: { type: "map", values: "int" } } }), written);
    expect(Object.keys(model as object)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(model)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("are plain objects at every level, read by one schema or by two, so that every destination takes them", () => {
    const inner = { type: "record", name: "I", fields: [{ name: "n", type: "long" }] };
    const schema = record(
      { name: "list", type: { type: "array", items: inner } },
      { name: "several", type: ["int", "long", "I"] },
    );
    const value = { list: [{ n: 1 }], several: { I: { n: 2 } } };
    const written = avsc.Type.forSchema(schema as avsc.Schema).toBuffer(value);
    const prototypes = (of: unknown): unknown[] =>
      typeof of !== "object" || of === null || Array.isArray(of)
        ? Array.isArray(of)
          ? of.flatMap(prototypes)
          : []
        : [Object.getPrototypeOf(of), ...Object.values(of).flatMap(prototypes)];
    const reader = record(
      { name: "list", type: { type: "array", items: inner } },
      { name: "several", type: ["int", "long", "I"] },
      { name: "more", type: "int", default: 5 },
    );
    for (const [transformer, expected] of [
      [avro({ schema }), value],
      [avro({ schema, reader }), { ...value, more: 5 }],
    ] as const) {
      const model = decode(transformer, written);
      expect(model).toStrictEqual(expected);
      expect(prototypes(model)).toEqual(Array.from({ length: 4 }, () => Object.prototype));
    }
  });
});

describe("a reader's schema", () => {
  const old = record({ name: "n", type: "int" }, { name: "gone", type: { type: "map", values: "string" } });
  const write = (schema: object, value: unknown): Buffer =>
    avsc.Type.forSchema(schema as avsc.Schema).toBuffer(value);

  it("passes fields over, gives defaults and widens numbers", () => {
    const reader = record({ name: "n", type: "double" }, { name: "added", type: "string", default: "none" });
    const model = decode(avro({ schema: old, reader }), write(old, { n: 7, gone: { a: "b", c: "d" } }));
    expect({ ...(model as object) }).toEqual({ n: 7, added: "none" });
  });

  it.each(["double", "float"])("takes a long past 2^53 for the %s next to it", (wide) => {
    const transformer = avro({
      schema: record({ name: "n", type: "long" }),
      reader: record({ name: "n", type: wide }),
    });
    expect(decode(transformer, long(2n ** 62n + 1n))).toEqual({ n: 2 ** 62 });
    expect(decode(transformer, long(5n))).toEqual({ n: 5 });
  });

  it("that cannot read what is written is refused when the pipeline is made", () => {
    const reader = record({ name: "m", type: "int" });
    expect(() => avro({ schema: old, reader })).toThrow(
      /^avro: reader cannot read what schema writes .*R\.m/,
    );
  });

  it("and schemas may be texts, and name types of others", () => {
    const line = { type: "record", name: "shop.Line", fields: [{ name: "sku", type: "string" }] };
    const schema = record({ name: "line", type: "shop.Line" });
    const transformer = avro({ schema: JSON.stringify(schema), references: [JSON.stringify(line)] });
    expect(decode(transformer, Buffer.from([2, 0x61]))).toEqual({ line: { sku: "a" } });
    expect(() => avro({ schema })).toThrow(/schema is no Avro schema .*shop\.Line/);
  });

  it.each(["{", '"no such type"', 5, null, { type: "record" }])("%j is no schema", (schema) => {
    expect(() => avro({ schema: schema as AvroSchema })).toThrow(
      expect.objectContaining({ code: "KC_OPTION_INVALID" }),
    );
  });
});

describe("damaged Avro data", () => {
  const transformer = avro({ schema: fixtures.schema });
  const whole = fixtures.cases.map((fixture) => Buffer.from(fixture.avro, "hex"));
  const sample = fc.constantFrom(...whole);

  it("are poison at every cut, and with anything behind them", () => {
    for (const data of whole) {
      for (let length = 0; length < data.length; length += 1)
        expect(hasCode(errorOf(transformer, data.subarray(0, length)), "KC_RECORD_POISON")).toBe(true);
      expect(errorOf(transformer, Buffer.concat([data, Buffer.from([0])])).message).toContain("go on behind");
    }
  });

  it("are a model or poison, whatever they are, soon, and are not quoted", () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc
        .tuple(sample, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }))
        .map(([data, changes]) => {
          const changed = Buffer.from(data);
          for (const [at, byte] of changes) changed[at % changed.length] = byte;
          return changed;
        }),
    );
    const reader = avro({
      schema: fixtures.schema,
      reader: {
        type: "record",
        name: "Order",
        namespace: "shop",
        fields: [{ name: "placedMs", type: "double" }],
      },
    });
    fc.assert(
      fc.property(hostile, fc.constantFrom(transformer, reader), (data, one) => {
        const error = refusalOf(one, data);
        expect(["none", "KC_RECORD_POISON"]).toContain(error?.code ?? "none");
        expect(error?.message ?? "the record's 0 bytes ").toMatch(/^the record's \d+ bytes /);
        expect(error?.cause).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
  });

  const empty = { type: "record", name: "Empty", fields: [] };
  it.each<[string, unknown, Buffer]>([
    ["an array of 2^50 doubles", { type: "array", items: "double" }, long(2n ** 50n)],
    ["an array of 2^31 texts", { type: "array", items: "string" }, long(2n ** 31n)],
    ["an array of 2^50 nulls", { type: "array", items: "null" }, Buffer.concat([long(2n ** 50n), long(0n)])],
    [
      "an array of 2^50 records without fields",
      { type: "array", items: empty },
      Buffer.concat([long(2n ** 50n), long(0n)]),
    ],
    [
      "an array of a negative count",
      { type: "array", items: "boolean" },
      Buffer.concat([long(-(2n ** 62n)), long(1n)]),
    ],
    ["a map of 2^50 entries", { type: "map", values: "null" }, long(2n ** 50n)],
    ["bytes of 2^50", "bytes", long(2n ** 50n)],
    ["a text of a negative length", "string", long(-5n)],
    ["a long without an end", "long", Buffer.alloc(1_000_000, 0x80)],
    ["a long of 65 bits", "long", Buffer.from([255, 255, 255, 255, 255, 255, 255, 255, 255, 3])],
    ["a text that is not UTF-8", "string", Buffer.from([2, 0xff])],
  ])("that claim %s are poison at once", (_name, schema, data) => {
    expect(errorOf(avro({ schema: schema as AvroSchema }), data)).toMatchObject({ code: "KC_RECORD_POISON" });
    // The same where the reader has no such field, and it is skipped; a skipped number or text may be any.
    const written = record({ name: "a", type: { type: "array", items: schema } }, { name: "b", type: "int" });
    const skipping = avro({ schema: written, reader: record({ name: "b", type: "int" }) });
    expect(() => decode(skipping, Buffer.concat([long(2n ** 50n), data]))).toThrow(/the record's/);
  });

  it("of arrays in arrays whose items take no bytes are poison, however small each of them is", () => {
    const schema = { type: "array", items: { type: "array", items: "null" } };
    // A block of 8,000 nulls in three bytes, and so ten times: zigzag varints.
    const nulls = [0x80, 0x7d, 0x00];
    const data = Uint8Array.from([0x14, ...Array.from({ length: 10 }, () => nulls).flat(), 0x00]);
    expect(refusalOf(avro({ schema }), data)?.message).toContain("10000 items that take no bytes");
    expect(decode(avro({ schema }), Uint8Array.from([0x02, ...nulls, 0x00]))).toEqual([
      [Array.from({ length: 8000 }, () => null)],
    ]);
  });

  it("of ints past 32 bits, and of booleans that are neither, are poison", () => {
    const long = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    for (const options of [
      { schema: "int" },
      { schema: "int", reader: "long" },
      { schema: "int", reader: "double" },
    ])
      expect(refusalOf(avro(options), long)?.code).toBe("KC_RECORD_POISON");
    expect(decode(avro({ schema: "int" }), Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f]))).toBe(-(2 ** 31));
    expect(refusalOf(avro({ schema: "boolean" }), Uint8Array.from([2]))?.code).toBe("KC_RECORD_POISON");
  });

  it("of a schema that names a field __proto__ are not read without it: the schema is refused", () => {
    const of = (name: string): object => ({ type: "record", name: "R", fields: [{ name, type: "string" }] });
    expect(() => avro({ schema: of("__proto__") })).toThrow("__proto__");
    expect(() => avro({ schema: { type: "enum", name: "__proto__", symbols: ["A"] } })).toThrow("__proto__");
    expect(decode(avro({ schema: of("proto") }), Uint8Array.from([2, 0x78]))).toEqual({ proto: "x" });
  });

  it("nested without an end are poison", () => {
    const list = { type: "record", name: "L", fields: [{ name: "next", type: ["null", "L"] }] };
    expect(errorOf(avro({ schema: list }), Buffer.alloc(1_000_000, 2)).message).toContain(
      "nested too deeply",
    );
  });

  it("that hold the character that stands for damage are sound", () => {
    const text = avsc.Type.forSchema("string").toBuffer("a\ufffdb");
    expect(decode(avro({ schema: "string" }), text)).toBe("a\ufffdb");
  });
});
