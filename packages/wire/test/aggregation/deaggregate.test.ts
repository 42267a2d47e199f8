import { describe, expect, it } from "vitest";

import { deaggregate, type Deaggregation, fullHashKeyRange, type HashKeyRange } from "../../src/index.js";
import { encodeWithProtobufjs, frame, magic, text, vector } from "../support/support.js";

const one = Buffer.from("one");
const range = (startingHashKey: bigint, endingHashKey: bigint): HashKeyRange => ({
  startingHashKey,
  endingHashKey,
});
const pkA = 37734456349525827306212900493151175156n;
const pkB = 85407741071154541078745004925322871391n;

const texts = (result: Deaggregation): readonly string[] | string =>
  result.kind === "aggregated" ? result.records.map((record) => text(record.data)) : result.kind;

/** One varint field, by hand: for what protobufjs would not write. */
const message = (...bytes: number[]): Buffer => frame(Uint8Array.from(bytes));

describe("deaggregate", () => {
  it("takes the vector apart", () => {
    expect(deaggregate(vector, fullHashKeyRange)).toEqual({
      kind: "aggregated",
      records: [
        { data: Buffer.from("one"), partitionKey: "pk-a", subSequenceNumber: 0 },
        {
          data: Buffer.from("two"),
          partitionKey: "pk-b",
          explicitHashKey: String(2n ** 127n),
          subSequenceNumber: 1,
        },
        { data: Buffer.from("three"), partitionKey: "pk-a", subSequenceNumber: 2 },
      ],
    });
  });

  it("gives views of the Kinesis record's own bytes, also inside a larger buffer", () => {
    const page = new Uint8Array(vector.length + 20);
    page.set(vector, 7);
    const result = deaggregate(page.subarray(7, 7 + vector.length));
    expect(texts(result)).toEqual(["one", "two", "three"]);
    if (result.kind !== "aggregated") throw new Error("not aggregated");
    expect(result.records.every((record) => record.data.buffer === page.buffer)).toBe(true);
  });

  it("leaves records that do not open with the magic alone", () => {
    for (const data of ["", "{}", "plain text that is longer than any digest"])
      expect(deaggregate(Buffer.from(data))).toEqual({ kind: "plain" });
  });

  it("reads records that come before the tables they name", () => {
    const tables = encodeWithProtobufjs({ partitionKeyTable: ["a"], explicitHashKeyTable: ["7"] });
    const records = encodeWithProtobufjs({
      records: [{ partitionKeyIndex: 0, explicitHashKeyIndex: 0, data: one }],
    });
    expect(deaggregate(frame(Buffer.concat([records, tables])))).toEqual({
      kind: "aggregated",
      records: [{ data: one, partitionKey: "a", explicitHashKey: "7", subSequenceNumber: 0 }],
    });
  });

  it("reads over tags, unknown fields of every wire type, and nested groups", () => {
    const record = encodeWithProtobufjs({
      partitionKeyTable: ["a"],
      records: [{ partitionKeyIndex: 0, data: one, tags: [{ key: "k", value: "v" }] }],
    });
    const unknown = [
      0x78, 0x96, 0x01, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 1, 9, 0x7d, 1, 2, 3, 4, 0x7b, 0x73, 0x08, 1, 0x74,
      0x7c,
    ];
    expect(
      texts(deaggregate(frame(Buffer.concat([Buffer.from(unknown), record, Buffer.from(unknown)])))),
    ).toEqual(["one"]);
  });

  it("takes the last of a field that comes twice", () => {
    const tables = encodeWithProtobufjs({ partitionKeyTable: ["a", "b"] });
    const record = Buffer.from([0x1a, 10, 0x08, 0, 0x1a, 1, 0x78, 0x08, 1, 0x1a, 1, 0x79]);
    expect(deaggregate(frame(Buffer.concat([tables, record])))).toMatchObject({
      records: [{ partitionKey: "b", data: Buffer.from("y") }],
    });
  });

  describe("F50 wrong or odd aggregates", () => {
    it("F50 bad MD5 is a plain record", () => {
      const data = Buffer.from(vector);
      data.writeUInt8(data.readUInt8(data.length - 1) ^ 1, data.length - 1);
      expect(deaggregate(data)).toEqual({ kind: "plain" });
    });

    it("F50 trailing bytes after the MD5 make a plain record", () => {
      expect(deaggregate(Buffer.concat([vector, Buffer.of(0)]))).toEqual({ kind: "plain" });
    });

    it.each([
      ["a field that is cut off", [0x0a, 5, 0x61]],
      ["a varint of more than ten bytes", [0x78, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
      ["a varint without an end", [0x78, 255]],
      ["a length of 2^63", [0x0a, 128, 128, 128, 128, 128, 128, 128, 128, 128, 1]],
      ["field number 0", [0x02, 0]],
      ["a group that never ends", [0x7b, 0x08, 1]],
      ["a group that never began", [0x7c]],
      ["a group closed by another", [0x7b, 0x74]],
      ["wire type 6", [0x7e, 0]],
      ["a record without partition key index", [0x0a, 1, 0x61, 0x1a, 3, 0x1a, 1, 0x78]],
      ["a record without data", [0x0a, 1, 0x61, 0x1a, 2, 0x08, 0]],
      ["a tag without key", [0x0a, 1, 0x61, 0x1a, 7, 0x08, 0, 0x1a, 1, 0x78, 0x22, 0]],
      ["a record longer than the message", [0x0a, 1, 0x61, 0x1a, 9, 0x08, 0, 0x1a, 1, 0x78]],
      ["data longer than its record", [0x0a, 1, 0x61, 0x1a, 5, 0x08, 0, 0x1a, 5, 0x78, 1, 2, 3, 4]],
      ["bytes that are no field after a good record", [0x0a, 1, 0x61, 0x1a, 5, 0x08, 0, 0x1a, 1, 0x78, 0xff]],
    ])("F50 good MD5 and bad protobuf is a plain record: %s", (_, bytes) => {
      expect(deaggregate(message(...bytes))).toEqual({ kind: "plain" });
    });

    it("F50 groups nested beyond the limit are a plain record", () => {
      const nested = (depth: number) =>
        frame(Buffer.concat([Buffer.alloc(depth, 0x7b), Buffer.alloc(depth, 0x7c)]));
      expect(texts(deaggregate(nested(100)))).toEqual([]);
      expect(deaggregate(nested(200_000))).toEqual({ kind: "plain" });
    });

    it("F50 an index out of the partition key table is malformed as a whole", () => {
      const records = [
        { partitionKeyIndex: 0, data: one },
        { partitionKeyIndex: 1, data: one },
      ];
      expect(deaggregate(frame(encodeWithProtobufjs({ partitionKeyTable: ["a"], records })))).toEqual({
        kind: "malformed",
        reason: "user record 1 names a partition key that is not in the table",
      });
    });

    it("F50 an index of 64 bits is malformed", () => {
      const record = [0x1a, 14, 0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0x1a, 1, 0x78];
      expect(deaggregate(message(0x0a, 1, 0x61, ...record)).kind).toBe("malformed");
    });

    it("F50 an index out of the explicit hash key table is malformed as a whole", () => {
      const records = [{ partitionKeyIndex: 0, explicitHashKeyIndex: 0, data: one }];
      expect(deaggregate(frame(encodeWithProtobufjs({ partitionKeyTable: ["a"], records })))).toEqual({
        kind: "malformed",
        reason: "user record 0 names an explicit hash key that is not in the table",
      });
    });

    it.each(["", "-1", "+1", "01", "1e3", "x", String(2n ** 128n), "9".repeat(900_000)])(
      "F50 an explicit hash key that is none is malformed (case %#)",
      (key) => {
        const records = [{ partitionKeyIndex: 0, explicitHashKeyIndex: 0, data: one }];
        const data = frame(
          encodeWithProtobufjs({ partitionKeyTable: ["a"], explicitHashKeyTable: [key], records }),
        );
        expect(deaggregate(data)).toMatchObject({
          kind: "malformed",
          reason: expect.stringContaining("explicit hash key"),
        });
      },
    );

    it("F50 an aggregate without records gives none, and an empty protobuf is a plain record", () => {
      expect(deaggregate(frame(encodeWithProtobufjs({ partitionKeyTable: ["a"] })))).toEqual({
        kind: "aggregated",
        records: [],
      });
      expect(deaggregate(frame(Buffer.alloc(0)))).toEqual({ kind: "plain" });
    });

    it("F50 an aggregate inside an aggregate stays data", () => {
      const records = [{ partitionKeyIndex: 0, data: vector }];
      const result = deaggregate(frame(encodeWithProtobufjs({ partitionKeyTable: ["a"], records })));
      expect(result).toEqual({
        kind: "aggregated",
        records: [{ data: vector, partitionKey: "a", subSequenceNumber: 0 }],
      });
    });

    it("F50 invalid UTF-8 in a partition key becomes replacement characters", () => {
      const result = deaggregate(message(0x0a, 2, 0xc3, 0x28, 0x1a, 5, 0x08, 0, 0x1a, 1, 0x78));
      expect(result).toMatchObject({ records: [{ partitionKey: "\uFFFD(" }] });
    });

    it("F50 cut off anywhere, the vector is a plain record", () => {
      for (let length = 0; length < vector.length; length += 1)
        expect(deaggregate(vector.subarray(0, length))).toEqual({ kind: "plain" });
    });
  });

  it("S09 takes 100,000 user records and no more", () => {
    const record = Buffer.from([0x1a, 4, 0x08, 0, 0x1a, 0]);
    const table = Buffer.from([0x0a, 1, 0x61]);
    const of = (count: number) => frame(Buffer.concat([table, Buffer.alloc(record.length * count, record)]));
    const allowed = deaggregate(of(100_000));
    expect(allowed.kind === "aggregated" && allowed.records.length).toBe(100_000);
    expect(deaggregate(of(100_001))).toMatchObject({ kind: "malformed" });
    expect(deaggregate(frame(Buffer.alloc(200_002, Buffer.from([0x0a, 0]))))).toMatchObject({
      kind: "malformed",
    });
    expect(deaggregate(frame(Buffer.alloc(200_002, Buffer.from([0x12, 0]))))).toMatchObject({
      kind: "malformed",
    });
  });

  describe("F51 K50 user records of another shard", () => {
    it("F51 K50 drops the whole aggregate and counts it", () => {
      expect(deaggregate(vector, range(0n, 2n ** 127n - 1n))).toEqual({ kind: "outside-range", count: 3 });
      expect(deaggregate(vector, range(2n ** 127n, 2n ** 128n - 1n))).toEqual({
        kind: "outside-range",
        count: 3,
      });
    });

    it("F51 both ends of the range belong to the shard", () => {
      expect(texts(deaggregate(vector, range(pkA, 2n ** 127n)))).toEqual(["one", "two", "three"]);
      expect(deaggregate(vector, range(pkA + 1n, 2n ** 127n)).kind).toBe("outside-range");
      expect(deaggregate(vector, range(pkA, 2n ** 127n - 1n)).kind).toBe("outside-range");
    });

    it("F51 the explicit hash key decides where there is one, not the partition key", () => {
      expect(pkB < 2n ** 127n).toBe(true);
      const records = [{ partitionKeyIndex: 0, explicitHashKeyIndex: 0, data: one }];
      const data = frame(
        encodeWithProtobufjs({
          partitionKeyTable: ["pk-b"],
          explicitHashKeyTable: [String(2n ** 127n)],
          records,
        }),
      );
      expect(texts(deaggregate(data, range(2n ** 127n, 2n ** 128n - 1n)))).toEqual(["one"]);
      expect(deaggregate(data, range(0n, 2n ** 127n - 1n))).toEqual({ kind: "outside-range", count: 1 });
    });

    it("K50 without the shard's range nothing is dropped", () => {
      expect(texts(deaggregate(vector))).toEqual(["one", "two", "three"]);
    });

    it("F50 F51 a malformed aggregate goes to the dead letters although a record of it is outside", () => {
      const records = [
        { partitionKeyIndex: 0, data: one },
        { partitionKeyIndex: 9, data: one },
      ];
      const data = frame(encodeWithProtobufjs({ partitionKeyTable: ["a"], records }));
      expect(deaggregate(data, range(0n, 0n)).kind).toBe("malformed");
    });

    it("F51 a plain record is never outside", () => {
      expect(deaggregate(magic, range(0n, 0n))).toEqual({ kind: "plain" });
    });
  });
});
