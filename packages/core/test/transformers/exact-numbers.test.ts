import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  definePipeline,
  ExactNumber,
  hasCode,
  json,
  type JsonOptions,
  type Logger,
  silentLogger,
  parseJson,
  stringifyJson,
  type Transformer,
} from "../../src/index.js";
import { recordsOf } from "../support/memory-shard.js";
import { createWorld, runIn } from "../support/world.js";

const CASE = new URL("../cases/exact-numbers.ndjson", import.meta.url);

const decode = (document: string, options: JsonOptions = { numbers: "exact" }): unknown => {
  const [model] = [json(options).toModel(recordsOf(1, () => document)[0]!)].flat();
  return model;
};

describe("exact-numbers", () => {
  it("keep the value that stands in the record, digit for digit, through a change of the model", async () => {
    const lines = (await readFile(CASE, "utf8")).trimEnd().split("\n");
    const written = lines.map((line) => stringifyJson({ ...(decode(line) as object), added: true }));
    expect(written).toEqual([
      '{"id":9007199254740993,"price":1.1,"big":123456789012345678901234567890,"added":true}',
      '{"id":-9223372036854775808,"price":0.12345678901234567890123,"big":0,"added":true}',
      '{"id":18446744073709551615,"price":100000000000000000000.5,"big":100,"added":true}',
    ]);
  });

  it("are numbers where a number has the same value, bigints where they are whole, and texts otherwise", () => {
    expect(decode("[1, -0.5, 1e2, 1.10, 9007199254740991, 0.30000000000000004, 1e-7, -0]")).toEqual([
      1, -0.5, 100, 1.1, 9007199254740991, 0.30000000000000004, 1e-7, -0,
    ]);
    expect(decode("[9007199254740992, -18446744073709551615]")).toEqual([
      9007199254740992n,
      -18446744073709551615n,
    ]);
    const texts = [
      "0.12345678901234567890123",
      "1e400",
      "-1E-400",
      "1e21",
      "123456789012345678.0",
      "9".repeat(1001),
    ];
    for (const text of texts) {
      const [number] = decode(`[${text}]`) as unknown[];
      expect(number).toEqual(new ExactNumber(text));
      expect(stringifyJson({ number })).toBe(`{"number":${text}}`);
    }
  });

  it("compare and reckon as numbers, and JSON.stringify refuses to round them", () => {
    const number = new ExactNumber("100000000000000000000.5");
    expect(Number(number) > 99).toBe(true);
    expect(String(number)).toBe("100000000000000000000.5");
    expect(number.toNumber()).toBeUndefined();
    expect(new ExactNumber("1e21").toNumber()).toBe(1e21);
    expect(() => JSON.stringify({ number })).toThrow(/stringifyJson/);
    expect(() => new ExactNumber("12a")).toThrow(
      expect.objectContaining({ code: "KC_OPTION_INVALID" }) as Error,
    );
  });

  it("come out of any document as they went in, whatever texts stand around them", () => {
    const numbers = fc.oneof(
      fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).filter((n) => n > 2n ** 53n || n < -(2n ** 53n)),
      fc
        .tuple(fc.bigInt({ min: 1n, max: 10n ** 20n }), fc.bigInt({ min: 10n ** 16n, max: 10n ** 25n }))
        .map(([whole, fraction]) => new ExactNumber(`${whole}.${fraction}1`)),
      fc.integer(),
    );
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "\ue0f1",
        "\ue0f1t",
        "\ue0f10",
        '"9007199254740993',
        "\\",
        '\\"',
        "9007199254740993,",
        "a:1",
      ),
    );
    const document = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        numbers,
        texts,
        fc.constantFrom(true, null),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.oneof(texts, fc.constant("__proto__")), tie("value"), {
          maxKeys: 4,
          noNullPrototype: false,
        }),
      ),
    })).value;
    fc.assert(
      fc.property(document, (value) => {
        const written = stringifyJson([value]) ?? "";
        expect(stringifyJson(decode(written))).toBe(written);
        // Escapes of the marks, which are theirs as well.
        const escaped = written.replaceAll("\ue0f1", String.raw`\ue0f1`);
        expect(stringifyJson(decode(escaped))).toBe(written);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    "{9007199254740993:1}",
    "[9007199254740993 1]",
    "[09007199254740993]",
    '["a"9007199254740993]',
    "[9007199254740993",
    "9007199254740993.",
    "--9007199254740993",
    `${"[".repeat(200_000)}9007199254740993${"]".repeat(200_000)}`,
  ])("do not make a document of what is none: %#", (damaged) => {
    expect(() => decode(damaged)).toThrow(expect.objectContaining({ code: "KC_RECORD_POISON" }) as Error);
  });

  it("are picked as well", () => {
    const [record] = recordsOf(
      1,
      () => '{"id":9007199254740993,"price":0.12345678901234567890123,"rest":{}}',
    );
    const picked = json<{ id: unknown; price: unknown }>({ numbers: "exact" }).pick("id", "price");
    expect(picked.toModel(record!)).toEqual({
      id: 9007199254740993n,
      price: new ExactNumber("0.12345678901234567890123"),
    });
  });

  it("are asked for by name", () => {
    const call = (): unknown => Reflect.apply(json, undefined, [{ numbers: "strings" }]);
    expect(call).toThrow(/numbers must be "double" or "exact"/);
  });
});

describe("numbers that are rounded", () => {
  async function warningsOf<Model>(
    transformer: Transformer<Model, unknown>,
    documents: readonly string[],
  ): Promise<string[]> {
    const world = createWorld<unknown>(recordsOf(documents.length, (index) => documents[index] ?? ""));
    world.shard.close();
    const warnings: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      warn: (fields, message) => warnings.push(`${JSON.stringify(fields)} ${message}`),
    };
    await runIn(world, definePipeline({ transformer, emitter: world.planned(), logger })).done;
    return warnings;
  }

  const LOSING = [
    '{"id":9007199254740993}',
    '{"id":1,"at":0.1234567890123456789}',
    '{"id":18446744073709551615}',
    // Infinity, which JSON writes as null, and 0.
    '{"a":1e400}',
    '{"a":[-12E+999]}',
    '{"a":{"b":1e-400}}',
  ];
  const KEEPING = [
    '{"id":9007199254740991,"share":0.30000000000000004,"text":"9007199254740993, 12345678901234567890"}',
    '{"id":"18446744073709551615","half":1.00000000000000000000,"ip":"255.255.255.255.255.255"}',
    '{"near":1e308,"small":5e-324,"zero":0e999,"text":"1e400","id":"9e4000ab"}',
  ];

  it("are told once per pipeline, and not by their values", async () => {
    const warnings = await warningsOf(json(), [...KEEPING, ...LOSING]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('"code":"KC_DIGITS_LOST"');
    expect(warnings[0]).toContain('json({ numbers: "exact" })');
    expect(warnings[0]).not.toMatch(/9007|1844|0\.12/);
    expect(await warningsOf(json<{ id: number }>().pick("id"), [...KEEPING, ...LOSING])).toHaveLength(1);
    expect(await warningsOf(json<{ a: number }>().pick("a"), ['{"a":1e400}'])).toHaveLength(1);
  });

  it.each(LOSING)("are told wherever they stand: %s", async (document) => {
    for (let before = 0; before < 16; before += 1)
      expect(await warningsOf(json(), [`{"t":"${"x".repeat(before)}",${document.slice(1)}`])).toHaveLength(1);
  });

  it("are no word where nothing is lost: in texts, in doubles that read back, in bytes that go on as they are", async () => {
    expect(await warningsOf(json(), KEEPING)).toEqual([]);
    expect(await warningsOf(json({ numbers: "exact" }), LOSING)).toEqual([]);
    expect(await warningsOf(json().original(), LOSING)).toEqual([]);
    expect(await warningsOf(json<{ id: number }>().pick("id").original(), LOSING)).toEqual([]);
  });
});

describe("stringifyJson()", () => {
  it("writes what JSON.stringify writes, and bigints", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(stringifyJson({ value, big: 1n })).toBe(`${JSON.stringify({ value }).slice(0, -1)},"big":1}`);
      }),
    );
    const odd = {
      when: new Date(0),
      skipped: undefined,
      f: () => 1,
      list: [undefined, () => 1, Symbol("x"), NaN],
      own: { toJSON: (name: string) => ({ name, toJSON: () => "never" }) },
      boxed: [Object(1), Object("x"), Object(false)] as unknown[],
      map: new Map([[1, 2]]),
    };
    const expected = JSON.stringify({ odd, own: { name: "own" } });
    expect(stringifyJson({ odd, own: { name: "own" }, big: 2n })).toBe(`${expected.slice(0, -1)},"big":2}`);
    expect(stringifyJson(() => 1)).toBeUndefined();
    const loop: Record<string, unknown> = { big: 1n };
    loop["self"] = loop;
    expect(() => stringifyJson(loop)).toThrow(TypeError);
  });
});

describe("a byte order mark", () => {
  it("is passed over by every decoder of texts, and kept by bytes()", async () => {
    const { bytes, text } = await import("../../src/index.js");
    const [record] = recordsOf(1, () => '\ufeff{"a":1}');
    expect(json().toModel(record!)).toEqual({ a: 1 });
    expect(json({ numbers: "exact" }).toModel(record!)).toEqual({ a: 1 });
    expect(json<{ a: number }>().pick("a").toModel(record!)).toEqual({ a: 1 });
    expect(text().toModel(record!)).toBe('{"a":1}');
    expect(bytes().toModel(record!)).toEqual(record!.data);
    const [only] = recordsOf(1, () => "\ufeff");
    let thrown: unknown;
    try {
      void json().toModel(only!);
    } catch (error) {
      thrown = error;
    }
    expect(hasCode(thrown, "KC_RECORD_POISON")).toBe(true);
  });
});

describe("parseJson()", () => {
  it("keeps every digit of a long, and gives plain numbers where they hold it", () => {
    const document =
      '{"id":9223372036854775807,"n":17,"list":[-9223372036854775808,1.5],"text":"9223372036854775807"}';
    const parsed = parseJson(document);
    expect(parsed).toEqual({
      id: 9223372036854775807n,
      n: 17,
      list: [-9223372036854775808n, 1.5],
      text: "9223372036854775807",
    });
    expect(stringifyJson(parsed)).toBe(document);
    expect(() => parseJson("{")).toThrow(SyntaxError);
  });
});
