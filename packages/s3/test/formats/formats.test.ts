import { thrownBy } from "@kinesis-connectors/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { type RecordFormat, ndjson, ObjectWriter, raw } from "@kinesis-connectors/s3";
import { bytesOf, record } from "../support/support.js";

function written<Output>(format: RecordFormat<Output>, ...outputs: Output[]): Buffer {
  const writer = new ObjectWriter();
  for (const output of outputs) format.write(output, writer, record(0, new Uint8Array()));
  return writer.bytes();
}

const refused = (output: unknown): boolean =>
  hasCode(
    thrownBy(() => written(ndjson(), output)),
    "KC_RECORD_POISON",
  );

describe("ndjson", () => {
  it("writes any JSON value as one line that reads back equal", () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue({ stringUnit: "binary" }), { minLength: 1, maxLength: 20 }),
        (values) => {
          const lines = written(ndjson(), ...values)
            .toString("utf8")
            .split("\n");
          expect(lines.pop()).toBe("");
          expect(lines.map((line): unknown => JSON.parse(line))).toEqual(
            values.map((value): unknown => JSON.parse(JSON.stringify(value))),
          );
        },
      ),
    );
  });

  it("copies bytes of one line untouched, whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const line = Uint8Array.from(bytes, (byte) => (byte === 10 ? 32 : byte));
        expect(written(ndjson(), line)).toEqual(Buffer.concat([line, Buffer.from("\n")]));
      }),
    );
  });

  it("puts pretty-printed JSON on one line without changing a token", () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom("\n", "\r\n"),
        (value, indent, end) => {
          const pretty = JSON.stringify(value, undefined, indent).replaceAll("\n", end) + end;
          const line = written(ndjson(), bytesOf(pretty)).toString("utf8");
          expect(line.indexOf("\n")).toBe(line.length - 1);
          expect(line).not.toContain("\r");
          expect(JSON.parse(line)).toEqual(JSON.parse(pretty));
        },
      ),
    );
  });

  it("F55 numbers, duplicate keys and __proto__ of a document of several lines stay as the producer wrote them", () => {
    const document = '{"a":12345678901234567890,\n"b":1e400,\n"a":1.10,\n"__proto__":{"x":1}}';
    expect(written(ndjson(), bytesOf(document)).toString()).toBe(`${document.replaceAll("\n", " ")}\n`);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it("F55 JSON of depth 10,000 passes through as bytes", () => {
    const deep = `${"[".repeat(10_000)}\n${"]".repeat(10_000)}`;
    expect(written(ndjson(), bytesOf(deep)).length).toBe(20_002);
  });

  it("drops one line end at the end of the bytes, not more", () => {
    expect(written(ndjson(), bytesOf('{"a":1}\n'), bytesOf('{"a":2}\r\n')).toString()).toBe(
      '{"a":1}\n{"a":2}\n',
    );
    expect(refused(bytesOf("plain text\n\n"))).toBe(true);
  });

  it("refuses several lines that are not one JSON document, and empty records", () => {
    for (const text of ["", "\n", "\r\n", "two\nlines", '{"a":1}\n{"a":2}', '"a\nb"']) {
      expect([text, refused(bytesOf(text))]).toEqual([text, true]);
    }
  });

  it("F54 invalid UTF-8 and NUL on one line are kept byte by byte, and a byte order mark before them is not", () => {
    const bytes = Uint8Array.of(0xff, 0xfe, 0x00, 0xc3, 0x28, 0xef, 0xbb, 0xbf);
    const marked = Buffer.concat([Uint8Array.of(0xef, 0xbb, 0xbf), bytes]);
    expect(written(ndjson(), bytes)).toEqual(Buffer.from([...bytes, 10]));
    expect(written(ndjson(), marked)).toEqual(Buffer.from([...bytes, 10]));
  });

  it("F54 invalid UTF-8 over several lines is refused; a byte order mark before JSON is not", () => {
    expect(refused(Uint8Array.of(0x22, 0xff, 0x0a, 0x22))).toBe(true);
    expect(written(ndjson(), bytesOf('\uFEFF{\n"a":1}')).toString()).toBe('{ "a":1}\n');
    expect(refused(bytesOf("\uFEFF"))).toBe(true);
    expect(refused(bytesOf("\uFEFF\n"))).toBe(true);
  });

  it("F54 lone surrogates in objects and texts are escaped, so the object is valid UTF-8", () => {
    expect(written(ndjson(), { a: "x\uD800y" }, "\uDC00").toString()).toBe('{"a":"x\\ud800y"}\n"\\udc00"\n');
  });

  it("refuses what has no JSON form without a word of its content", () => {
    const circular: Record<string, unknown> = { secretName: "canary" };
    circular["secretLoop"] = circular;
    const failing = {
      toJSON: () => {
        throw new Error("canary");
      },
    };
    for (const output of [undefined, () => 1, Symbol("canary"), circular, failing]) {
      const error = thrownBy(() => written<unknown>(ndjson(), output));
      expect(hasCode(error, "KC_RECORD_POISON")).toBe(true);
      expect(`${error.message} ${String(error.cause)} ${error.stack}`).not.toMatch(/canary|secret/);
    }
  });
});

describe("raw", () => {
  it("writes bytes and texts with a separator after each, empty ones included", () => {
    expect(written(raw(), bytesOf("a"), "é", "").toString()).toBe("a\né\n\n");
    expect(written(raw({ separator: "" }), bytesOf("a"), "b").toString()).toBe("ab");
    expect(written(raw({ separator: "\u0001|" }), "a").toString()).toBe("a\u0001|");
  });

  it("counts sizes as they will be in the object", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array(), fc.string({ unit: "binary" })),
        fc.string(),
        (output, separator) => {
          const format = raw({ separator });
          expect(format.sizeOf?.(output)).toBe(written(format, output).length);
        },
      ),
    );
  });

  it("refuses bad options by name", () => {
    for (const options of [
      { extension: "txt" },
      { extension: ".a/b" },
      { contentType: "a\nb" },
      { contentType: "" },
    ]) {
      expect(
        hasCode(
          thrownBy(() => raw(options)),
          "KC_OPTION_INVALID",
        ),
      ).toBe(true);
    }
  });
});

describe("the object writer", () => {
  it("holds what was written, in order, across growth and truncation", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 100_000, size: "max" }),
      fc.string({ unit: "binary", size: "large" }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, fc.boolean()), { maxLength: 12 }), (pieces) => {
        const writer = new ObjectWriter();
        const kept: Uint8Array[] = [];
        for (const [content, keep] of pieces) {
          const start = writer.length;
          if (typeof content === "string") writer.writeText(content);
          else writer.writeBytes(content);
          if (keep) kept.push(Buffer.from(content as string));
          else writer.truncate(start);
        }
        expect(writer.bytes().equals(Buffer.concat(kept))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("takes texts longer than what it reserves by the worst case", () => {
    const writer = new ObjectWriter();
    const long = "€".repeat(200_000);
    writer.writeText(long);
    writer.writeNewLine();
    expect(writer.bytes().toString()).toBe(`${long}\n`);
  });
});
