import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { json, type KinesisRecord } from "../../src/index.js";

const recordOf = (document: string | Uint8Array): KinesisRecord => ({
  sequenceNumber: "1",
  subSequenceNumber: 0,
  partitionKey: "k",
  arrivalTimeMs: 0,
  data: typeof document === "string" ? Buffer.from(document) : document,
});

const NAMES = ["a", "status", "a b", "ä"] as const;
interface Document {
  readonly a?: unknown;
  readonly status?: unknown;
  readonly "a b"?: unknown;
  readonly ä?: unknown;
}

const picked = (document: string | Uint8Array, names: readonly (keyof Document)[]): unknown =>
  json<Document>()
    .pick(...names)
    .toModel(recordOf(document));

/** The same of a record that lies in a page between others, which would go on where it ends. */
function pickedInPage(document: string, names: readonly (keyof Document)[]): unknown {
  const data = Buffer.from(document);
  const before = Buffer.from('{"status":"');
  const page = Buffer.concat([before, data, Buffer.from('":"x","status":"x"}')]);
  const dataStart = before.length;
  const record = { ...recordOf(data), page, dataStart, dataEnd: dataStart + data.length };
  return json<Document>()
    .pick(...names)
    .toModel(record);
}

/** What picking has to find, by the parser alone. */
function byParser(document: string, names: readonly string[]): unknown {
  const parsed = JSON.parse(document) as unknown;
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw new Error("no object");
  return Object.fromEntries(Object.entries(parsed).filter(([name]) => names.includes(name)));
}

function outcome(call: () => unknown): unknown {
  try {
    return { value: call() };
  } catch {
    return "poison";
  }
}

/** Writes a value as JSON with blanks anywhere, members twice, and escapes where none are needed. */
function written(value: unknown, choose: (options: number) => number): string {
  const blank = (): string => ["", "", "", " ", "\n", "\t \r"][choose(6)] ?? "";
  const text = (plain: string): string =>
    choose(4) === 0
      ? `"${Array.from(plain)
          .map((letter) =>
            letter.length === 1 && choose(2) === 0
              ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`
              : JSON.stringify(letter).slice(1, -1),
          )
          .join("")}"`
      : JSON.stringify(plain);
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return `[${value.map((each) => `${blank()}${written(each, choose)}`).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value);
  const twice = choose(5) === 0 ? [...members, ...members.slice(0, 1)] : members;
  const parts = twice.map(
    ([name, member]) => `${blank()}${text(name)}${blank()}:${blank()}${written(member, choose)}${blank()}`,
  );
  return `{${parts.join(",")}}`;
}

const hostileText = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("status", '"status":1', '\\"status":', "{", '{"a":1}', '","status":"x', "\u0000", "\\"),
  // Texts that are longer than what is looked at byte by byte.
  fc
    .tuple(fc.nat(40), fc.constantFrom("y", '"', "\\", '\\"'), fc.nat(40))
    .map(([before, between, after]) => `${"x".repeat(before)}${between.repeat(after)}z`),
);
const leaf = fc.oneof(
  hostileText,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt({ min: 0n, max: 10n ** 20n }).map(Number),
);
const documents = fc.dictionary(
  fc.oneof(
    fc.constantFrom(...NAMES),
    hostileText.filter((name) => name !== "__proto__"),
  ),
  fc.oneof(
    leaf,
    fc.array(leaf, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "status", "x"), leaf, { maxKeys: 3 }),
  ),
  { maxKeys: 6 },
);

describe("json().pick()", () => {
  it("finds what the parser finds, however a document is written", () => {
    fc.assert(
      fc.property(documents, fc.array(fc.nat(60), { minLength: 40, maxLength: 40 }), (document, numbers) => {
        let at = 0;
        const choose = (options: number): number => (numbers[(at += 1) % numbers.length] ?? 0) % options;
        const text = written(document, choose);
        expect(picked(text, NAMES)).toEqual(byParser(text, NAMES));
        expect(pickedInPage(text, ["status"])).toEqual(byParser(text, ["status"]));
      }),
      { numRuns: 3000 },
    );
  });

  it("finds what the parser finds in a damaged document that is still one, and throws nothing but poison", () => {
    let read = 0;
    fc.assert(
      fc.property(documents, fc.nat(200), hostileText, (document, place, damage) => {
        const whole = JSON.stringify(document);
        const at = place % (whole.length + 1);
        // Half a character is no UTF-8: what comes out is what the parser is given as well.
        const text = Buffer.from(`${whole.slice(0, at)}${damage}${whole.slice(at + (place % 3))}`).toString();
        const parsed = outcome(() => byParser(text, NAMES));
        const found = outcome(() => pickedInPage(text, NAMES));
        if (parsed === "poison") return;
        read += 1;
        expect(found).toEqual(parsed);
      }),
      { numRuns: 3000 },
    );
    expect(read).toBeGreaterThan(300);
  });

  it.each([
    ['{"status":"paid"}', { status: "paid" }],
    ['{"a":1,"status":"open","b":{"status":"paid"}}', { status: "open" }],
    ['{"b":{"status":"paid"},"status":"open"}', { status: "open" }],
    ['{"b":{"status":"paid"}}', {}],
    ['{"note":"\\"status\\":1","status":2}', { status: 2 }],
    ['{"note":"status","status":"x"}', { status: "x" }],
    ['{"x":"status"}', {}],
    ['{"status":1,"status":2}', { status: 2 }],
    ['{"status":1,"st\\u0061tus":2}', { status: 2 }],
    ['{"st\\u0061tus":2}', { status: 2 }],
    ['{"status":{"a":[1]}}', { status: { a: [1] } }],
    ['{"status":-0.5e3 }', { status: -500 }],
    ['\ufeff{"status":true}', { status: true }],
    ['{"tags":["}",{"status":[1]},"{"],"status":7}', { status: 7 }],
    ['{"a":{"b":[{"status":"x"}]},"status":"\\u0041\\n"}', { status: "A\n" }],
    ['{"status":"é","status":"日本"}', { status: "日本" }],
    ['{"status":"a\ufffd"}', { status: "a\ufffd" }],
    ['{"status":null,"note":"' + "x".repeat(100) + '\\\\"}', { status: null }],
    ['{"status":[{"a":"\\""},-0]}', { status: [{ a: '"' }, -0] }],
    ['{"status":123456789012345}', { status: 123456789012345 }],
    ["{}", {}],
  ])("of %s is %j", (document, expected) => {
    expect(picked(document, ["status"])).toEqual(expected);
  });

  it.each([
    ["[1]"],
    ["5"],
    ["null"],
    ['{"status":01}'],
    ['{"status":"a'],
    ['{"status":tru}'],
    ['{"status" 1}'],
    ["{"],
    ['{"status":"a\nb"}'],
    ['{"status":1}x'],
    ['{"status":1,}'],
    ['{"status":1,"note":"' + "x".repeat(100)],
    ['{"status":1,"note":{"a":[1,2}'],
    ['{"status":{"a":1,}}'],
    ['{"status":00}'],
    ['{"status":}'],
    [""],
  ])("of %s is poison", (document) => {
    expect(() => picked(document, ["status"])).toThrow(expect.objectContaining({ code: "KC_RECORD_POISON" }));
  });

  it("has no eye for bytes that are no UTF-8 but in what it picks", () => {
    const latin1 = (document: string): Buffer => Buffer.from(document, "latin1");
    expect(picked(latin1('{"note":"é","status":1}'), ["status"])).toEqual({ status: 1 });
    for (const document of ['{"status":"é"}', '{"status":["é"]}', '{"status":"\\n é"}'])
      expect(() => picked(latin1(document), ["status"])).toThrow(
        expect.objectContaining({ code: "KC_RECORD_POISON" }),
      );
  });

  it("takes a record of the next one's bytes for none of its own", () => {
    for (const document of ['{"a":1,"status', '{"a":1,"status"', '{"a":1,"status":', "{", '{"a":"x'])
      expect(outcome(() => pickedInPage(document, ["status"]))).toBe("poison");
  });

  it("makes each text what its bytes are, however many others came before", () => {
    const transformer = json<Document>().pick("status");
    for (let round = 0; round < 2; round += 1)
      for (let n = 0; n < 2000; n += 1) {
        const status = n.toString(n % 2 === 0 ? 36 : 2);
        expect(transformer.toModel(recordOf(JSON.stringify({ status })))).toEqual({ status });
      }
  });

  it("shares nothing with Object.prototype, whatever a document says (S07)", () => {
    expect(picked('{"__proto__":{"status":1}}', ["status"])).toEqual({});
    expect(({} as { status?: unknown }).status).toBeUndefined();
    for (const names of [[], ["__proto__"]] as never[][])
      expect(() => json<Document>().pick(...names)).toThrow(
        expect.objectContaining({ code: "KC_OPTION_INVALID" }),
      );
  });

  it("has only the members that were picked in its type", () => {
    const transformer = json<{ status: string; total: number }>().pick("status");
    const model = transformer.toModel(recordOf('{"status":"x"}'));
    // @ts-expect-error total was not picked
    expect((model as { status: string }).total).toBeUndefined();
    // @ts-expect-error there is no such member
    json<{ status: string }>().pick("state");
    expect(transformer.original().fromModel({ status: "x" }, recordOf("bytes"))).toEqual(
      Buffer.from("bytes"),
    );
  });
});
