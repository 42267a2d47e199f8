import { thrownBy } from "@kinesis-connectors/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExactNumber, hasCode } from "@kinesis-connectors/core";
import {
  delimited,
  type DelimitedOptions,
  lengthPrefixed,
  ObjectWriter,
  type RecordFormat,
} from "@kinesis-connectors/s3";
import { bytesOf, record } from "../support/support.js";

function written<Output>(format: RecordFormat<Output>, ...outputs: Output[]): Buffer {
  const writer = new ObjectWriter();
  format.begin?.(writer);
  for (const output of outputs) format.write(output, writer, record(0, new Uint8Array()));
  return writer.bytes();
}

/** Reads RFC 4180 back; `undefined` for an unquoted empty field. */
function parsed(text: string, delimiter: string, quote: string): (string | undefined)[][] {
  const lines: (string | undefined)[][] = [];
  let line: (string | undefined)[] = [];
  for (let at = 0; at < text.length;) {
    let field: string | undefined;
    if (text[at] === quote) {
      field = "";
      at += 1;
      while (text[at] !== quote || text[at + 1] === quote) {
        if (text[at] === quote) at += 1;
        field += text[at];
        at += 1;
      }
      at += 1;
    } else {
      let end = at;
      while (text[end] !== delimiter && text[end] !== "\n") end += 1;
      field = end === at ? undefined : text.slice(at, end);
      at = end;
    }
    line.push(field);
    if (text[at] === "\n") {
      lines.push(line);
      line = [];
    }
    at += 1;
  }
  return lines;
}

type Row = Record<string, unknown>;
const csv = (options: Partial<DelimitedOptions<Row>> = {}) =>
  delimited<Row>({ columns: ["a", "b"], ...options });

describe("delimited", () => {
  it("reads back as it was written, whatever the texts hold", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[",\n\r;'x]*$/));
    const separators = fc.constantFrom(
      [",", '"'],
      [";", "'"],
      ["\t", '"'],
      ["|", '"'],
      ["^", "]"],
      ["-", "\\"],
    );
    fc.assert(
      fc.property(
        separators,
        fc.array(fc.record({ a: text, b: fc.option(text) })),
        ([delimiter = "", quote = ""], rows) => {
          const lines = written(csv({ delimiter, quote }), ...rows).toString();
          const expected = rows.map(({ a, b }) => [a, b === null ? undefined : b]);
          expect(parsed(lines, delimiter, quote)).toEqual(expected);
        },
      ),
    );
  });

  it("writes each kind of value, null as nothing and an empty text as one in quotes", () => {
    const row = {
      text: "x",
      number: 1.5,
      yes: true,
      big: 12n,
      at: new Date(0),
      list: [1, "a"],
      nothing: null,
      empty: "",
    };
    const format = delimited<typeof row>({
      columns: [
        "text",
        "number",
        "yes",
        "big",
        "at",
        "list",
        "nothing",
        "empty",
        { name: "twice", value: ({ number }) => number * 2 },
      ],
      header: true,
    });
    expect(written(format, row).toString()).toBe(
      "text,number,yes,big,at,list,nothing,empty,twice\n" +
        'x,1.5,true,12,1970-01-01T00:00:00.000Z,"[1,""a""]",,"",3\n',
    );
    expect(format.extension).toBe(".csv");
    expect(csv({ delimiter: "\t" }).extension).toBe(".tsv");
  });

  it("writes numbers of any length with all their digits, also inside of JSON", () => {
    const price = new ExactNumber("0.12345678901234567890123");
    expect(written(csv(), { a: 2n ** 64n, b: price }).toString()).toBe(
      "18446744073709551616,0.12345678901234567890123\n",
    );
    expect(
      written(csv({ delimiter: "\t", quote: "" }), { a: { n: 2n ** 64n, price }, b: "\\ud800" }).toString(),
    ).toBe('{"n":18446744073709551616,"price":0.12345678901234567890123}\t\\ud800\n');
    // What only looks like an escape is a text as others.
    expect(written(csv({ delimiter: "\t", quote: "" }), { a: { text: "\\ud800" } }).toString()).toBe(
      '{"text":"\\\\ud800"}\t\n',
    );
  });

  it("can write a text for null, and quotes the text that is equal to it", () => {
    expect(written(csv({ nullText: "\\N" }), { a: null, b: "\\N" }).toString()).toBe('\\N,"\\N"\n');
  });

  it("takes no field from the prototype", () => {
    expect(written(delimited<object>({ columns: ["constructor" as never] }), {}).toString()).toBe("\n");
  });

  it.each([
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [bytesOf("x")],
    [() => 1],
    [new Date(Number.NaN)],
    ["\ud800"],
    ["a, \udc00"],
    [{ text: "\ud83d" }],
  ])("refuses %s by the name of its column, without showing it", (value) => {
    const error = thrownBy(() => written(csv(), { a: 1, b: value }));
    expect(hasCode(error, "KC_RECORD_POISON")).toBe(true);
    expect(error.message).toContain("column b");
  });

  it("without a quote refuses what would need one", () => {
    expect(written(csv({ quote: "" }), { a: "x", b: 'y"' }).toString()).toBe('x,y"\n');
    for (const value of ["a,b", "a\nb", ""])
      expect(
        hasCode(
          thrownBy(() => written(csv({ quote: "" }), { a: value, b: 1 })),
          "KC_RECORD_POISON",
        ),
      ).toBe(true);
  });

  it.each([
    [{ delimiter: "" }],
    [{ delimiter: "ab" }],
    [{ delimiter: "\n" }],
    [{ delimiter: '"' }],
    [{ quote: "''" }],
    [{ columns: [] }],
    [{ nullText: "a,b" }],
  ])("fails at once for %j", (options) => {
    expect(
      hasCode(
        thrownBy(() => csv(options)),
        "KC_OPTION_INVALID",
      ),
    ).toBe(true);
  });
});

describe("lengthPrefixed", () => {
  it("keeps any bytes and texts apart, empty ones included", () => {
    const one = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: "grapheme" }));
    fc.assert(
      fc.property(fc.array(one), (outputs) => {
        const object = written(lengthPrefixed(), ...outputs);
        const read: Buffer[] = [];
        for (let at = 0; at < object.length; at += 4 + object.readUInt32BE(at))
          read.push(object.subarray(at + 4, at + 4 + object.readUInt32BE(at)));
        expect(read).toEqual(outputs.map((output) => Buffer.from(output)));
        const sizes = outputs.map((output) => lengthPrefixed().sizeOf?.(output) ?? 0);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(object.length);
      }),
    );
  });

  it("refuses by name what is neither", () => {
    const write = (output: unknown) =>
      Reflect.apply(lengthPrefixed().write, undefined, [output, new ObjectWriter()]) as unknown;
    expect(
      hasCode(
        thrownBy(() => write({})),
        "KC_RECORD_POISON",
      ),
    ).toBe(true);
  });
});
