import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressOf } from "../../src/s3/protocol/address.js";
import { createAwsChunkedDecoder } from "../../src/s3/protocol/aws-chunked.js";
import { checksumOf, CHECKSUM_ALGORITHMS, createDigester } from "../../src/s3/protocol/checksums.js";
import { document, element, parseXml, XmlError } from "../../src/s3/protocol/xml.js";

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

describe("checksums", () => {
  // The check values of "123456789" in the catalogue of parametrised CRC algorithms, and of the SHA standards.
  it.each([
    ["CRC32", "cbf43926"],
    ["CRC32C", "e3069283"],
    ["CRC64NVME", "ae8b14860a799888"],
    ["SHA1", createHash("sha1").update("123456789").digest("hex")],
    ["SHA256", createHash("sha256").update("123456789").digest("hex")],
  ] as const)("%s gives its check value", (algorithm, hex) => {
    expect(Buffer.from(checksumOf(algorithm, Buffer.from("123456789")), "base64").toString("hex")).toBe(hex);
  });

  it("do not depend on how the bytes arrive (property)", () => {
    fc.assert(
      fc.property(fc.constantFrom(...CHECKSUM_ALGORITHMS), fc.array(bytes), (algorithm, pieces) => {
        const digester = createDigester(algorithm);
        for (const piece of pieces) digester.update(piece);
        expect(digester.digest().toString("base64")).toBe(checksumOf(algorithm, Buffer.concat(pieces)));
      }),
    );
  });
});

/** Frames a payload, signed or not, with trailers. */
function framed(
  chunks: readonly Buffer[],
  signed: boolean,
  trailers: Readonly<Record<string, string>>,
): Buffer {
  const signature = signed ? `;chunk-signature=${"0".repeat(64)}` : "";
  const parts = chunks.flatMap((chunk) =>
    chunk.length === 0
      ? []
      : [Buffer.from(`${chunk.length.toString(16)}${signature}\r\n`), chunk, Buffer.from("\r\n")],
  );
  const end = Object.entries(trailers).map(([name, value]) => `${name}:${value}\r\n`);
  return Buffer.concat([...parts, Buffer.from(`0${signature}\r\n${end.join("")}\r\n`)]);
}

/** Cuts bytes at the given positions. */
function cut(whole: Buffer, at: readonly number[]): Buffer[] {
  const points = [0, ...at.map((n) => n % (whole.length + 1)).sort((a, b) => a - b), whole.length];
  return points.slice(1).map((end, index) => whole.subarray(points[index], end));
}

describe("aws-chunked", () => {
  it("gives the payload and the trailers back, however the bytes are cut (property)", () => {
    fc.assert(
      fc.property(fc.array(bytes), fc.boolean(), fc.array(fc.nat()), (chunks, signed, cuts) => {
        const trailers = { "x-amz-checksum-crc32": "DUoRhQ==", "x-amz-trailer-signature": "f".repeat(64) };
        const decoder = createAwsChunkedDecoder();
        const payload = cut(framed(chunks, signed, trailers), cuts).flatMap((piece) => decoder.push(piece));
        expect(Buffer.concat(payload).equals(Buffer.concat(chunks))).toBe(true);
        expect(Object.fromEntries(decoder.end())).toEqual(trailers);
      }),
    );
  });

  it("refuses every body that ends too early (property)", () => {
    fc.assert(
      fc.property(bytes, fc.nat(), (payload, at) => {
        const whole = framed([payload], false, {});
        // Without the last empty line it is still complete, so the cut lies before "0\r\n" ends.
        const length = at % (whole.length - 2);
        const decoder = createAwsChunkedDecoder();
        decoder.push(whole.subarray(0, length));
        expect(() => decoder.end()).toThrow(expect.objectContaining({ code: "IncompleteBody" }));
      }),
    );
  });

  it.each(["zz\r\n", "-1\r\n", "3\r\nabcd\r\n", "0\r\nno colon\r\n", "0\r\n\r\nmore"])(
    "refuses %j",
    (text) => {
      const decoder = createAwsChunkedDecoder();
      expect(() => decoder.push(Buffer.from(text))).toThrow(
        expect.objectContaining({ code: "InvalidRequest" }),
      );
    },
  );
});

describe("XML", () => {
  // XML 1.0 normalises carriage returns; they are written as references, so they survive as well.
  it("gives any text back that was written (property)", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const root = parseXml(document(element("A", [element("Key", text)])));
        expect(root.children).toEqual([{ name: "Key", text, children: [] }]);
      }),
    );
  });

  it("reads attributes, prefixes, comments, CDATA and references", () => {
    const root = parseXml(
      `<?xml version="1.0"?><!-- c --><a:Root xmlns:a="x>y" b='/'><Key>&lt;&#x41;&#66;<![CDATA[<&>]]></Key><E/></a:Root>\n`,
    );
    expect(root).toEqual({
      name: "Root",
      text: "",
      children: [
        { name: "Key", text: "<AB<&>", children: [] },
        { name: "E", text: "", children: [] },
      ],
    });
  });

  it.each([
    "",
    "text",
    "<A>",
    "<A></B>",
    "</A>",
    "<A/><B/>",
    "<A>&bogus;</A>",
    "<A>&</A>",
    "<A>&#x110000;</A>",
    "<A",
    `<!DOCTYPE a [<!ENTITY e "boom">]><A>&e;</A>`,
    "<a>".repeat(10_000),
  ])("refuses %j", (text) => {
    expect(() => parseXml(text)).toThrow(XmlError);
  });

  it("never fails in another way (property)", () => {
    const soup = fc.string({
      unit: fc.constantFrom("<", ">", "/", "a", "&", ";", '"', "'", "!", "-", "[", "#", " "),
    });
    fc.assert(
      fc.property(soup, (text) => {
        let other: unknown;
        try {
          parseXml(text);
        } catch (error) {
          if (!(error instanceof XmlError)) other = error;
        }
        expect(other).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("addresses", () => {
  it.each([
    ["/things/a/b%20c", "127.0.0.1:4566", "things", "a/b c"],
    ["/things", "localhost:4566", "things", undefined],
    ["/things/", "localhost", "things", undefined],
    ["/", "127.0.0.1", undefined, undefined],
    ["/a/b", "things.localhost:4566", "things", "a/b"],
    ["/a", "my.things.s3.eu-central-1.amazonaws.com", "my.things", "a"],
    ["/things/a", "s3.us-east-1.amazonaws.com", "things", "a"],
    ["/things//a", "localhost", "things", "/a"],
  ])("%s at %s is bucket %s and key %s", (url, host, bucket, key) => {
    expect(addressOf(url, host)).toMatchObject({ bucket, key });
  });

  it("of any key are read back (property)", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 100 }), (key) => {
        fc.pre(Buffer.byteLength(key) <= 1_024);
        expect(addressOf(`/things/${encodeURIComponent(key)}?x-id=1`, "localhost").key).toBe(key);
      }),
    );
  });

  it.each([
    ["/things/%zz", "InvalidURI"],
    ["/things/%FF", "InvalidURI"],
    ["/Things/a", "InvalidBucketName"],
    ["/10.0.0.1/a", "InvalidBucketName"],
    [`/things/${"a".repeat(1_025)}`, "KeyTooLongError"],
  ])("%s is refused with %s", (url, code) => {
    expect(() => addressOf(url, "localhost")).toThrow(expect.objectContaining({ code }));
  });
});
