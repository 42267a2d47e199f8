import { isDeepStrictEqual } from "node:util";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { decodeCbor } from "../../src/cbor/decode-cbor.js";
import {
  deaggregate,
  deaggregatePageRecord,
  type PageMemory,
  readRecordsCbor,
  readRecordsJson,
  type RecordsAnswer,
  WireFormatError,
} from "../../src/index.js";
import {
  type AnswerFields,
  answerFields,
  choices,
  chooser,
  damage,
  outcome,
  writeCbor,
  writeJson,
} from "../support/answers.js";
import {
  decodeCborWithSdk,
  decodeJsonWithSdk,
  seenOfCborValue,
  seenOfPage,
  seenOfSdk,
} from "../support/sdk-decoder.js";
import { RecordTable } from "../../src/page/record-table.js";
import { vector } from "../support/support.js";

const seenOfFields = (fields: AnswerFields) => ({
  records: fields.Records.map((record) => ({
    data: Buffer.from(record.Data).toString("hex"),
    partitionKey: record.PartitionKey,
    sequenceNumber: record.SequenceNumber,
    arrivalTimeMs: record.ApproximateArrivalTimestamp,
    encryptionType: record.EncryptionType,
  })),
  iterator: fields.NextShardIterator,
  lag: fields.MillisBehindLatest,
});

/** Read, or refused with the error that is meant for it; nothing else may come out. */
const readOrRefused = (read: (body: Buffer) => RecordsAnswer, body: Buffer): RecordsAnswer | undefined => {
  const answer = outcome(() => read(Buffer.from(body)));
  if (!(answer instanceof Error)) return answer;
  expect(WireFormatError.isInstance(answer)).toBe(true);
  return undefined;
};

describe("an answer in JSON", () => {
  it("is read as the SDK reads it, however it is written", async () => {
    await fc.assert(
      fc.asyncProperty(answerFields, choices, async (fields, numbers) => {
        const body = writeJson(fields, chooser(numbers));
        const sdk = seenOfSdk(await decodeJsonWithSdk(body));
        expect(sdk).toMatchObject(seenOfFields(fields));
        const ours = readRecordsJson(Buffer.from(body));
        expect(seenOfPage(ours)).toEqual(sdk);
        expect(seenOfSdk(ours)).toEqual(sdk);
      }),
      { numRuns: 400 },
    );
  });

  it("that was damaged is refused or read as the SDK reads it, never otherwise", async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(answerFields, choices, damage, async (fields, numbers, harm) => {
        const body = harm(writeJson(fields, chooser(numbers)));
        const answer = readOrRefused(readRecordsJson, body);
        if (answer === undefined) {
          refused += 1;
          return;
        }
        expect(seenOfPage(answer)).toEqual(seenOfSdk(await decodeJsonWithSdk(body)));
      }),
      { numRuns: 1_500 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it("that was cut off is refused, wherever it was cut", () => {
    const body = writeJson(sample, () => 1);
    for (let length = 0; length < body.length; length += 1) {
      expect(() => readRecordsJson(Buffer.from(body.subarray(0, length)))).toThrow(WireFormatError);
    }
  });

  it.each([
    [
      "a data text that is no base64",
      '{"Records":[{"Data":"a*==","PartitionKey":"k","SequenceNumber":"1"}]}',
    ],
    ["the URL alphabet", '{"Records":[{"Data":"a-_=","PartitionKey":"k","SequenceNumber":"1"}]}'],
    [
      "data beyond Latin-1 after an escape",
      '{"Records":[{"Data":"\\u0141aaa","PartitionKey":"k","SequenceNumber":"1"}]}',
    ],
    ["a record without data", '{"Records":[{"PartitionKey":"k","SequenceNumber":"1"}]}'],
    ["a record without a sequence number", '{"Records":[{"Data":"","PartitionKey":"k"}]}'],
    ["records that are no list", '{"Records":{}}'],
    ["a number where a text belongs", '{"Records":[{"Data":5,"PartitionKey":"k","SequenceNumber":"1"}]}'],
    [
      "a time beyond all dates",
      '{"Records":[{"Data":"","PartitionKey":"k","SequenceNumber":"1","ApproximateArrivalTimestamp":1e14}]}',
    ],
    ["more than one value", '{"Records":[]}{}'],
    ["a comma too many", '{"Records":[],}'],
    ["no object", "[]"],
    ["nothing", ""],
  ])("with %s is refused", (_, body) => {
    expect(() => readRecordsJson(Buffer.from(body))).toThrow(WireFormatError);
  });

  it("never quotes a record in an error", () => {
    const body = '{"Records":[{"Data":"Q0FOQVJZ*","PartitionKey":"CANARY","SequenceNumber":"1"}]} CANARY';
    const error = outcome(() => readRecordsJson(Buffer.from(body)));
    expect(error).toBeInstanceOf(WireFormatError);
    expect(error instanceof Error ? error.message : "CANARY").not.toMatch(/CANARY|Q0FO/);
  });
});

describe("an answer in AWS-CBOR", () => {
  it("is read in every framing: widths, pieces, tags, floats, order, unknown members", () => {
    let differing = 0;
    fc.assert(
      fc.property(answerFields, choices, (fields, numbers) => {
        const body = writeCbor(fields, chooser(numbers));
        const answer = readRecordsCbor(body);
        expect(seenOfPage(answer)).toMatchObject(seenOfFields(fields));
        const sdk = outcome(() => seenOfCborValue(decodeCborWithSdk(body)));
        if (!(sdk instanceof Error) && !isDeepStrictEqual(sdk, seenOfPage(answer))) differing += 1;
        expect(seenOfSdk(answer)).toEqual(seenOfPage(answer));
        expect(answer.ChildShards).toEqual(fields.ChildShards?.map((child) => child));
      }),
      { numRuns: 600 },
    );
    // Where the SDK's reader knows the framing, it reads the same.
    expect(differing).toBe(0);
  });

  it("that was damaged is refused or read as the SDK's CBOR reader reads it, never otherwise", () => {
    let refused = 0;
    let compared = 0;
    let differing = 0;
    fc.assert(
      fc.property(answerFields, choices, damage, (fields, numbers, harm) => {
        const body = harm(writeCbor(fields, chooser(numbers)));
        const answer = readOrRefused(readRecordsCbor, body);
        if (answer === undefined) {
          refused += 1;
          return;
        }
        const seen = seenOfPage(answer);
        // Value by value and without a table, as RFC 8949 says.
        expect(seen).toEqual(seenOfCborValue(decodeCbor(body)));
        // The SDK's reader takes a map's keys for text whatever their type says, and does not know all framings: only what it reads
        // as the RFC does counts as its opinion, and that is nearly everything.
        const sdk = outcome(() => seenOfCborValue(decodeCborWithSdk(body)));
        if (!(sdk instanceof Error)) {
          compared += 1;
          if (!isDeepStrictEqual(sdk, seen)) differing += 1;
        }
      }),
      { numRuns: 1_500 },
    );
    expect(refused).toBeGreaterThan(100);
    expect(compared).toBeGreaterThan(100);
    expect(differing).toBeLessThan(compared / 20);
  });

  it("that was cut off is refused, wherever it was cut", () => {
    for (const framing of [0, 1]) {
      const body = writeCbor(sample, () => framing);
      for (let length = 0; length < body.length; length += 1) {
        expect(() => readRecordsCbor(body.subarray(0, length))).toThrow(WireFormatError);
      }
    }
  });

  it.each([
    ["a list of more elements than bytes", "a1675265636f7264739affffffff"],
    ["a string longer than the answer", "a1675265636f7264735bffffffffffffffff"],
    ["an endless nesting", "81".repeat(100_000)],
    ["an endless row of tags", "c1".repeat(1_000)],
    ["bytes after its end", "a000"],
    ["data that is text", "a1675265636f72647381a164446174616161"],
    ["a reserved length", "a1675265636f7264739c"],
  ])("with %s is refused", (_, hex) => {
    expect(() => readRecordsCbor(Buffer.from(hex, "hex"))).toThrow(WireFormatError);
  });
});

describe("a record of a page", () => {
  it("is a view that is made once", () => {
    const body = writeCbor(sample, () => 1);
    const record = readRecordsCbor(body).Records?.[0];
    expect(record?.data.buffer).toBe(body.buffer);
    expect(record?.data).toBe(record?.data);
    expect(record?.page.subarray(record.dataStart, record.dataEnd)).toEqual(record?.data);
    expect(record?.subSequenceNumber).toBe(0);
  });

  it("knows whether its data opens like an aggregate", () => {
    const opening = (data: Buffer): boolean | undefined =>
      readRecordsCbor(
        writeCbor({ Records: [{ SequenceNumber: "1", PartitionKey: "k", Data: data }] }, () => 1),
      ).Records?.[0]?.mayBeAggregate;
    expect(opening(vector)).toBe(true);
    expect(opening(Buffer.from("{}"))).toBe(false);
    expect(opening(Buffer.alloc(0))).toBe(false);
    expect(opening(vector.subarray(0, 3))).toBe(false);
  });

  it("says how much its page keeps in memory", () => {
    const body = writeCbor(sample, () => 1);
    expect(readRecordsCbor(body).Records?.[0]?.pageBytes).toBe(body.length);
  });
});

describe("the memory of a page", () => {
  it("is none where an answer declares no records, as those of an idle shard do", () => {
    const table = new RecordTable(220);
    table.expect(0);
    expect(table.places.byteLength + table.times.byteLength).toBe(0);
    // What declares fewer than come is read all the same.
    expect(table.begin()).toBe(0);
    expect(table.times.length).toBeGreaterThan(0);
  });

  const lender = () => {
    const given: Buffer[] = [];
    return { given, give: (body: Buffer) => void given.push(body) };
  };
  const forms = [
    [
      "CBOR",
      (memory: PageMemory) =>
        readRecordsCbor(
          writeCbor(sample, () => 1),
          memory,
        ),
    ],
    [
      "JSON",
      (memory: PageMemory) =>
        readRecordsJson(
          writeJson(sample, () => 1),
          memory,
        ),
    ],
  ] as const;

  it.each(forms)("is given back once when its records are let go, in %s", (_, read) => {
    const memory = lender();
    const [first, second] = read(memory).Records ?? [];
    expect(first?.partitionKey).toBe("schlüssel");
    expect(first?.page.toString("utf8", first.dataStart, first.dataEnd)).toBe("first");
    first?.releasePage();
    second?.releasePage();
    expect(memory.given).toHaveLength(1);
    // What was asked for stays; what was not is gone, and says so.
    expect(first?.partitionKey).toBe("schlüssel");
    expect(() => second?.partitionKey).toThrow(/kept longer than its batch/);
    expect(() => first?.data).toThrow(WireFormatError);
    expect(first?.page).toHaveLength(0);
  });

  it.each(forms)("is not given back once a view of it was handed out, in %s", (_, read) => {
    const memory = lender();
    const [first, second] = read(memory).Records ?? [];
    const { data } = second ?? {};
    first?.releasePage();
    expect(memory.given).toHaveLength(0);
    expect(data).toEqual(Buffer.alloc(0));
    expect(first?.data.toString()).toBe("first");
  });

  it.each([
    [
      "CBOR",
      () =>
        readRecordsCbor(
          writeCbor({ Records: [] }, () => 1),
          kept,
        ),
    ],
    [
      "JSON",
      () =>
        readRecordsJson(
          writeJson({ Records: [] }, () => 1),
          kept,
        ),
    ],
    ["JSON of an unusual form", () => readRecordsJson(Buffer.from('{"Records":[],"More":null}'), kept)],
  ])("is given back at once when there are no records, in %s", (_, read) => {
    kept.given.length = 0;
    read();
    expect(kept.given).toHaveLength(1);
  });
  const kept = lender();

  it("is given back by the user records of an aggregate, which lie in it too", () => {
    const memory = lender();
    const body = writeCbor({ Records: [{ SequenceNumber: "1", PartitionKey: "k", Data: vector }] }, () => 1);
    const [record] = readRecordsCbor(body, memory).Records ?? [];
    if (record === undefined) throw new Error("there is a record");
    const opened = deaggregatePageRecord(record);
    const plain = deaggregate(vector);
    if (opened.kind !== "aggregated" || plain.kind !== "aggregated") throw new Error("it is an aggregate");
    const seen = opened.records.map(({ page, dataStart, dataEnd, partitionKey, explicitHashKey }) => ({
      data: page.toString("hex", dataStart, dataEnd),
      partitionKey,
      explicitHashKey,
    }));
    expect(seen).toEqual(
      plain.records.map(({ data, partitionKey, explicitHashKey }) => ({
        data: Buffer.from(data).toString("hex"),
        partitionKey,
        explicitHashKey,
      })),
    );
    expect(opened.records[0]?.sequenceNumber).toBe("1");
    record.releasePage();
    expect(memory.given).toEqual([body]);
    expect(() => opened.records[0]?.data).toThrow(WireFormatError);
  });
});

const sample: AnswerFields = {
  Records: [
    {
      SequenceNumber: "4954",
      PartitionKey: "schlüssel",
      Data: Buffer.from("first"),
      ApproximateArrivalTimestamp: 1_700_000_000_123,
    },
    { SequenceNumber: "4955", PartitionKey: "k", Data: Buffer.alloc(0), EncryptionType: "KMS" },
  ],
  NextShardIterator: "AAAA",
  MillisBehindLatest: 300_000,
};
