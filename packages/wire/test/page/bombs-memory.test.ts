import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { crc32 } from "node:zlib";

import { describe, expect, it } from "vitest";

import { deaggregate, readRecordsCbor, readRecordsJson, WireFormatError } from "../../src/index.js";
import { collectBody } from "../../src/collect-body.js";
import { decodeCbor } from "../../src/cbor/decode-cbor.js";
import { FrameCutter } from "../../src/subscription/event-frames.js";
import { readPutResultsCbor, readPutResultsJson } from "../../src/put-results.js";
import { outcome } from "../support/answers.js";
import { frame } from "../support/support.js";

setFlagsFromString("--expose-gc");

const MiB = 1024 * 1024;
const BODY_BYTES = 10_000_000;
const MOST_EXTRA_BYTES = 64 * MiB;

/** What a reading comes to, and by how much the process has grown at its end: what it made is still there then. */
const measured = <Value>(read: () => Value): { readonly value: Value | Error; readonly extra: number } => {
  runInNewContext("gc()");
  const before = process.memoryUsage.rss();
  const value = outcome(read);
  return { value, extra: process.memoryUsage.rss() - before };
};

const textHead = (text: string): Buffer => Buffer.from([0x60 + text.length, ...Buffer.from(text)]);
/** A member of an answer whose value is an endless array (or text) of the same bytes over and over, 10 MB of them. */
const cborOf = (member: string, element: string, open = 0x9f): Buffer => {
  const bytes = Buffer.from(element, "hex");
  return Buffer.concat([
    Buffer.from([0xa1]),
    textHead(member),
    Buffer.from([open]),
    Buffer.alloc(Math.floor(BODY_BYTES / bytes.length) * bytes.length, bytes),
    Buffer.from([0xff]),
  ]);
};

const repeated = (element: string): string =>
  `${element},`.repeat(Math.floor(BODY_BYTES / (element.length + 1))) + element;
const jsonOf = (member: string, elements: string): Buffer => Buffer.from(`{"${member}":[${elements}]}`);
const distinct = (count: number): string =>
  Array.from({ length: count }, (_, index) => `"${index.toString(36)}":0`).join(",");
const nested = `${"[".repeat(BODY_BYTES / 2)}${"]".repeat(BODY_BYTES / 2)}`;

const record = (name: string): string =>
  `a3${["Data", "PartitionKey", name].map((member) => textHead(member).toString("hex") + (member === "Data" ? "40" : "60")).join("")}`;

describe("an answer of 10 MB that would become far more in memory", () => {
  it.each([
    ["empty child shards", readRecordsCbor, () => cborOf("ChildShards", "a0")],
    ["empty lists for child shards", readRecordsCbor, () => cborOf("ChildShards", "80")],
    ["lists of lists for child shards", readRecordsCbor, () => cborOf("ChildShards", "8180")],
    ["empty byte strings for child shards", readRecordsCbor, () => cborOf("ChildShards", "40")],
    ["child shards with a name and nothing", readRecordsCbor, () => cborOf("ChildShards", "a16161a0")],
    ["records of nothing", readRecordsCbor, () => cborOf("Records", record("SequenceNumber"))],
    ["an error of tiny values", decodeCbor, () => cborOf("message", "f6")],
    ["results of nothing", readPutResultsCbor, () => cborOf("Records", "a0")],
    ["empty child shards in JSON", readRecordsJson, () => jsonOf("ChildShards", repeated("{}"))],
    ["zeros for child shards in JSON", readRecordsJson, () => jsonOf("ChildShards", repeated("0"))],
    [
      "texts before the child shards in JSON",
      readRecordsJson,
      () => jsonOf("ChildShards", repeated('"\\""')),
    ],
    ["members of many names in JSON", readRecordsJson, () => Buffer.from(`{${distinct(1_000_000)}}`)],
    ["an endless nesting in JSON", readRecordsJson, () => jsonOf("ChildShards", nested)],
    [
      "records of nothing in JSON",
      readRecordsJson,
      () => jsonOf("Records", repeated('{"Data":"","PartitionKey":"","SequenceNumber":""}')),
    ],
    ["results of nothing in JSON", readPutResultsJson, () => jsonOf("Records", repeated("{}"))],
  ] as const)("is refused within 64 MiB: %s", (_, read, bodyOf) => {
    const body = bodyOf();
    const { value, extra } = measured(() => read(body));
    expect(value).toBeInstanceOf(WireFormatError);
    expect(extra).toBeLessThan(MOST_EXTRA_BYTES);
  });

  it("is read within 64 MiB where it is only strange: texts in empty pieces, unknown members, tags", () => {
    for (const body of [
      cborOf("NextShardIterator", "60", 0x7f),
      cborOf("Unknown", "a0"),
      cborOf("Unknown", "c1c1c100"),
    ]) {
      const { value, extra } = measured(() => readRecordsCbor(body));
      expect(value).not.toBeInstanceOf(Error);
      expect(extra).toBeLessThan(MOST_EXTRA_BYTES);
    }
  });

  it("does not cost a sound answer: 10,000 records that the parser has to read", () => {
    const one =
      '{"Data":"eA==","PartitionKey":"a\\"b,,,,[[[[","SequenceNumber":"1","EncryptionType":"NONE","ApproximateArrivalTimestamp":1}';
    const body = jsonOf("Records", `${one},`.repeat(9_999) + one);
    expect(readRecordsJson(body).Records).toHaveLength(10_000);
  });
});

describe("other bytes that would become far more in memory", () => {
  it("headers of a message of the event stream are refused beyond the 128 KiB that they may have", () => {
    const headers = Buffer.alloc(7 * 1_000_000);
    for (let index = 0; index < 1_000_000; index += 1) {
      headers[index * 7] = 3;
      headers.writeUIntBE(index, index * 7 + 1, 3);
      headers[index * 7 + 4] = 7;
    }
    const message = Buffer.concat([Buffer.alloc(12), headers, Buffer.alloc(4)]);
    message.writeUInt32BE(message.length, 0);
    message.writeUInt32BE(headers.length, 4);
    message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
    message.writeUInt32BE(crc32(message.subarray(0, -4)), message.length - 4);
    const { value, extra } = measured(() => {
      const cutter = new FrameCutter();
      cutter.add(message);
      return cutter.take();
    });
    expect(value).toBeInstanceOf(WireFormatError);
    expect(extra).toBeLessThan(MOST_EXTRA_BYTES);
  });

  it.each([
    ["records", "1a0408001a00"],
    ["partition keys", "0a00"],
    ["explicit hash keys", "1200"],
  ])("an aggregate of 10 MB of tiny %s is no heap of objects", (_, element) => {
    const bytes = Buffer.from(element, "hex");
    const aggregate = frame(Buffer.alloc(Math.floor(BODY_BYTES / bytes.length) * bytes.length, bytes));
    const { value, extra } = measured(() => deaggregate(aggregate));
    expect(value).toMatchObject({ kind: "malformed" });
    expect(extra).toBeLessThan(MOST_EXTRA_BYTES);
  });

  it("a body in parts of one byte takes about twice its bytes", async () => {
    async function* parts(): AsyncGenerator<Uint8Array> {
      const part = Uint8Array.of(0x20);
      for (let sent = 0; sent < 4 * MiB; sent += 1) yield new Uint8Array(part);
    }
    runInNewContext("gc()");
    const before = process.memoryUsage.rss();
    const body = await collectBody(parts(), undefined);
    const extra = process.memoryUsage.rss() - before;
    expect(body.length).toBe(4 * MiB);
    expect(body.every((byte) => byte === 0x20)).toBe(true);
    expect(body.buffer.byteLength).toBeLessThanOrEqual(8 * MiB);
    expect(extra).toBeLessThan(MOST_EXTRA_BYTES);
  });

  it("a body longer than any answer is refused before it is all there, declared or not", async () => {
    let sent = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        sent += MiB;
        yield new Uint8Array(MiB);
      }
    }
    await expect(collectBody(endless(), undefined)).rejects.toBeInstanceOf(WireFormatError);
    expect(sent).toBeLessThanOrEqual(34 * MiB);
    await expect(collectBody(endless(), String(1024 * MiB))).rejects.toBeInstanceOf(WireFormatError);
    await expect(collectBody(endless(), "many")).rejects.toBeInstanceOf(WireFormatError);
  });
});
