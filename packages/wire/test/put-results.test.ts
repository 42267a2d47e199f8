import { PutRecordsOutput$ } from "@aws-sdk/client-kinesis";
import { JsonCodec2 } from "@smithy/core/protocols";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { decodeCbor } from "../src/cbor/decode-cbor.js";
import { encodeCbor } from "../src/cbor/cbor-writer.js";
import { WireFormatError } from "../src/index.js";
import {
  type PutResults,
  readPutResultsCbor,
  readPutResultsJson,
  releaseResults,
  takenRecords,
} from "../src/put-results.js";
import { choices, chooser, damage, outcome, writeCbor, writeJson } from "./support/answers.js";

const text = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: "grapheme", maxLength: 300 }));
const placed = fc.record({
  SequenceNumber: fc.bigInt({ min: 10n ** 55n, max: 10n ** 56n - 1n }).map(String),
  ShardId: fc.constantFrom("shardId-000000000001", "shardId-000000000002", "shardId-000000000010"),
});
const failed = fc.record({ ErrorCode: text, ErrorMessage: text });
const anything = fc.record(
  { SequenceNumber: text, ShardId: text, ErrorCode: text, ErrorMessage: text },
  { requiredKeys: [] },
);
const answer = fc.record(
  {
    Records: fc.array(fc.oneof(placed, placed, failed, anything), { maxLength: 12 }),
    FailedRecordCount: fc.nat(),
    EncryptionType: fc.constantFrom("NONE", "KMS"),
  },
  { requiredKeys: ["Records"] },
);

/** All that is in an answer, absent members undefined. */
const seenOf = ({ Records, FailedRecordCount, EncryptionType }: PutResults): unknown => ({
  Records: Records?.map(({ SequenceNumber, ShardId, ErrorCode, ErrorMessage }) => ({
    SequenceNumber,
    ShardId,
    ErrorCode,
    ErrorMessage,
  })),
  FailedRecordCount,
  EncryptionType,
});

/** The same of any value that a reader without a notion of PutRecords gave; undefined where it is no answer. */
const seenOfValue = (value: unknown): unknown => {
  const isMap = (member: unknown): member is Readonly<Record<string, unknown>> =>
    typeof member === "object" && member !== null && !Array.isArray(member);
  if (!isMap(value)) return undefined;
  const { Records, FailedRecordCount: count, EncryptionType: encryption } = value;
  return {
    Records: Array.isArray(Records)
      ? Records.map((result: unknown) =>
          isMap(result)
            ? {
                SequenceNumber: result["SequenceNumber"] ?? undefined,
                ShardId: result["ShardId"] ?? undefined,
                ErrorCode: result["ErrorCode"] ?? undefined,
                ErrorMessage: result["ErrorMessage"] ?? undefined,
              }
            : undefined,
        )
      : undefined,
    FailedRecordCount: count === undefined || count === null ? undefined : Number(count),
    EncryptionType: encryption ?? undefined,
  };
};

describe("an answer to PutRecords in AWS-CBOR", () => {
  it("is read in every framing: widths, pieces, tags, floats, order, unknown members", () => {
    fc.assert(
      fc.property(answer, choices, (fields, numbers) => {
        const body = writeCbor(fields, chooser(numbers));
        expect(seenOf(readPutResultsCbor(body))).toEqual(seenOf(fields));
      }),
      { numRuns: 400 },
    );
  });

  it("that was damaged is refused or read as any CBOR reader reads it, never otherwise", () => {
    let refused = 0;
    let read = 0;
    fc.assert(
      fc.property(answer, choices, damage, (fields, numbers, harm) => {
        const body = harm(writeCbor(fields, chooser(numbers)));
        const ours = outcome(() => readPutResultsCbor(body));
        const isRefused = ours instanceof Error;
        if (isRefused) refused += 1;
        else read += 1;
        expect(isRefused ? ours instanceof WireFormatError : seenOf(ours)).toEqual(
          isRefused ? true : seenOfValue(decodeCbor(body)),
        );
      }),
      { numRuns: 1_000 },
    );
    expect(refused).toBeGreaterThan(100);
    expect(read).toBeGreaterThan(100);
  });

  /** Results that differ in their texts alone, in one of the forms in which services write them. */
  const alike = fc
    .record({
      shards: fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 12 }),
      isEndless: fc.boolean(),
      shardFirst: fc.boolean(),
      failed: fc.constantFrom(undefined, 0),
    })
    .map(({ shards, isEndless, shardFirst, failed: FailedRecordCount }) => {
      const Records = shards.map((shard, index) => {
        const SequenceNumber = `496${String(index).padStart(53, "0")}`;
        const ShardId = `shardId-${String(shard).padStart(12, "0")}`;
        return shardFirst ? { ShardId, SequenceNumber } : { SequenceNumber, ShardId };
      });
      const results = Records.map((result) => {
        const endless = encodeCbor(result);
        return isEndless ? endless : Buffer.concat([Buffer.from([0xa2]), endless.subarray(1, -1)]);
      });
      const rest = encodeCbor({ FailedRecordCount, EncryptionType: "KMS" }).subarray(1);
      const open = isEndless ? 0x9f : 0x80 | results.length;
      const close = isEndless ? [Buffer.from([0xff])] : [];
      const body = [
        Buffer.from([0xbf]),
        encodeCbor("Records"),
        Buffer.from([open]),
        ...results,
        ...close,
        rest,
      ];
      return {
        fields: {
          Records,
          ...(FailedRecordCount === undefined ? {} : { FailedRecordCount }),
          EncryptionType: "KMS",
        },
        body: Buffer.concat(body),
      };
    });

  it("whose results are alike says how many were taken, and each result when it is asked for", () => {
    fc.assert(
      fc.property(alike, ({ fields, body }) => {
        const ours = readPutResultsCbor(body);
        expect(takenRecords(ours)).toBe(fields.Records.length);
        expect(Object.keys(ours).toSorted()).toEqual(Object.keys(fields).toSorted());
        expect(seenOf(ours)).toEqual(seenOf(fields));
      }),
    );
  });

  it("whose results are alike but for any byte is read as any CBOR reader reads it", () => {
    let taken = 0;
    let others = 0;
    fc.assert(
      fc.property(alike, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ body }, place, change) => {
        const at = place % body.length;
        body[at] = (body[at] as number) ^ change;
        const ours = outcome(() => readPutResultsCbor(body));
        const isRefused = ours instanceof Error;
        const count = isRefused ? undefined : takenRecords(ours);
        if (count !== undefined) taken += 1;
        else if (!isRefused) others += 1;
        expect(isRefused ? ours instanceof WireFormatError : seenOf(ours)).toEqual(
          isRefused ? true : seenOfValue(decodeCbor(body)),
        );
        const places = isRefused ? [] : (ours.Records ?? []).filter(({ ShardId }) => ShardId !== undefined);
        const failures = isRefused
          ? []
          : (ours.Records ?? []).filter(({ ErrorCode }) => ErrorCode !== undefined);
        expect(count === undefined || (count === places.length && failures.length === 0)).toBe(true);
      }),
      { numRuns: 1_500 },
    );
    expect(taken).toBeGreaterThan(100);
    expect(others).toBeGreaterThan(20);
  });

  it("with a failure among results that are alike counts none as taken", () => {
    const taken = { SequenceNumber: "1", ShardId: "shardId-000000000001" };
    const failure = { ErrorCode: "InternalFailure", ErrorMessage: "internal" };
    for (const Records of [
      [taken, failure],
      [failure, taken],
      [failure],
      [taken, { ...taken, ...failure }],
      [taken, { ShardId: taken.ShardId }],
      [],
    ]) {
      const ours = readPutResultsCbor(encodeCbor({ Records, FailedRecordCount: 0 }));
      expect(takenRecords(ours)).toBeUndefined();
      expect(seenOf(ours)).toEqual(seenOf({ Records, FailedRecordCount: 0 }));
    }
  });

  it("whose results are alike gives its memory back when it is let go, and not while its results are looked at", () => {
    const Records = [1, 2].map((nth) => ({ SequenceNumber: `${nth}`, ShardId: "shardId-000000000001" }));
    const given: Buffer[] = [];
    const memory = { give: (body: Buffer) => void given.push(body) };
    const body = encodeCbor({ Records, FailedRecordCount: 0 });

    const unread = readPutResultsCbor(body, memory);
    releaseResults(unread);
    releaseResults(unread);
    expect(given).toEqual([body]);
    expect(() => unread.Records).toThrow(/let go/);

    const read = readPutResultsCbor(body, memory);
    const { Records: results } = read;
    releaseResults(read);
    expect(given).toHaveLength(1);
    expect(seenOf({ ...read, Records: results ?? [] })).toEqual(seenOf({ Records, FailedRecordCount: 0 }));

    const other = readPutResultsCbor(encodeCbor({ Records: [{ ErrorCode: "InternalFailure" }] }), memory);
    releaseResults(other);
    expect(given).toHaveLength(1);
    expect(other.Records).toMatchObject([{ ErrorCode: "InternalFailure" }]);
  });

  it("with two lists in it is read as its last one says", () => {
    const taken = encodeCbor({ Records: [{ SequenceNumber: "1", ShardId: "s" }] }).subarray(1, -1);
    const failure = encodeCbor({ Records: [{ ErrorCode: "InternalFailure" }] }).subarray(1, -1);
    const twice = (...lists: readonly Buffer[]) =>
      readPutResultsCbor(Buffer.concat([Buffer.from([0xbf]), ...lists, Buffer.from([0xff])]));
    expect(takenRecords(twice(taken, failure))).toBeUndefined();
    expect(twice(taken, failure).Records).toMatchObject([{ ErrorCode: "InternalFailure" }]);
    expect(takenRecords(twice(failure, taken))).toBe(1);
    expect(twice(failure, taken).Records).toMatchObject([{ ShardId: "s" }]);
  });

  it("with null in it is read as if that were absent", () => {
    const first = Buffer.concat([
      Buffer.from("a167", "hex"),
      Buffer.from("Records"),
      Buffer.from("81a2", "hex"),
      Buffer.from("67", "hex"),
      Buffer.from("ShardId"),
      encodeCbor("shardId-000000000007"),
      Buffer.from("69", "hex"),
      Buffer.from("ErrorCode"),
      Buffer.from("f6", "hex"),
    ]);
    expect(readPutResultsCbor(first).Records).toMatchObject([
      { ShardId: "shardId-000000000007", ErrorCode: undefined, SequenceNumber: undefined },
    ]);
  });
});

describe("an answer to PutRecords in JSON", () => {
  const deserializer = new JsonCodec2({
    timestampFormat: { useTrait: true, default: 7 },
    jsonName: false,
  }).createDeserializer();

  it("is what the SDK's own deserializer reads", async () => {
    await fc.assert(
      fc.asyncProperty(answer, choices, async (fields, numbers) => {
        const body = writeJson({ ...fields }, chooser(numbers));
        const theirs = (await deserializer.read(PutRecordsOutput$, body.toString())) as PutResults;
        const ours = readPutResultsJson(body);
        expect(ours).toEqual(theirs);
        expect(seenOf(ours)).toEqual(seenOf(fields));
      }),
      { numRuns: 400 },
    );
  });

  it.each(["", "{}", '{"Records":null,"FailedRecordCount":null}'])("%j says nothing", (body) => {
    expect(readPutResultsJson(Buffer.from(body))).toEqual({});
  });

  it.each(["[]", "{", "<html>", '{"Records":[1]}', '{"Records":[null]}'])("%j is refused", (body) => {
    expect(() => readPutResultsJson(Buffer.from(body))).toThrow(WireFormatError);
  });
});
