import { cbor } from "@smithy/core/cbor";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeCborValue } from "../../src/kinesis/protocol/cbor-reader.js";
import { encodeCbor, type CborForm } from "../../src/kinesis/protocol/cbor-writer.js";
import { KinesisError } from "../../src/kinesis/errors.js";
import { StoredRecord } from "../../src/kinesis/streams/shard.js";
import { RecordList, WireTime, type WireValue } from "../../src/kinesis/protocol/values.js";

const forms: readonly CborForm[] = ["definite", "indefinite", "mixed"];

// Values both sides can say: no undefined inside lists, and -0 is not a number of the protocol.
const { value: anyValue } = fc.letrec<{ value: WireValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string({ unit: "grapheme" }),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }).filter((value) => !Object.is(value, -0)),
    fc.boolean(),
    fc.array(tie("value")),
    fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== "__proto__"),
      tie("value"),
      { noNullPrototype: true },
    ),
  ),
}));

test.each(forms)("what is written %s is read back the same, by us and by another decoder", (form) => {
  fc.assert(
    fc.property(anyValue, (value) => {
      fc.pre(value !== undefined);
      const written = encodeCbor(value ?? {}, form);
      expect(decodeCborValue(written)).toEqual(value);
      expect(cbor.deserialize(written)).toEqual(value);
    }),
  );
});

test.each(forms)("a page of records written %s has byte strings and tagged milliseconds", (form) => {
  const records = [1, 2].map(
    (index) => new StoredRecord("4".repeat(56), `kéy ${index}`, 1_700_000_000_123, 9, "AAEC/w=="),
  );
  const written = encodeCbor({ Records: new RecordList(records) }, form);
  const expected = {
    SequenceNumber: "4".repeat(56),
    ApproximateArrivalTimestamp: new WireTime(1_700_000_000_123),
    Data: Buffer.from([0, 1, 2, 255]),
    PartitionKey: "kéy 2",
  };
  expect(decodeCborValue(written)).toMatchObject({ Records: [{}, expected] });
  // Tag 1 around a whole number of milliseconds: c1 1b 0000018bcfe5687b.
  expect(written.includes(Buffer.from("c11b0000018bcfe5687b", "hex"))).toBe(true);
});

test.each([
  ["1818", 24],
  ["3863", -100],
  ["fa47c35000", 100_000],
  ["f93e00", 1.5],
  ["fb3ff199999999999a", 1.1],
  ["5f42010243030405ff", Buffer.from([1, 2, 3, 4, 5])],
  ["7f657374726561646d696e67ff", "streaming"],
  ["9f018202039f0405ffff", [1, [2, 3], [4, 5]]],
  ["bf61610161629f0203ffff", { a: 1, b: [2, 3] }],
])("the example %s of RFC 8949 appendix A is read", (hex, value) => {
  expect(decodeCborValue(Buffer.from(hex, "hex"))).toEqual(value);
});

test("no bytes make the reader do anything but read or refuse", () => {
  const outcome = (body: Uint8Array): unknown => {
    try {
      decodeCborValue(Buffer.from(body));
      return "read";
    } catch (error) {
      return error instanceof KinesisError ? "refused" : error;
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (body) => {
      expect(["read", "refused"]).toContain(outcome(body));
    }),
    { numRuns: 3000 },
  );
});

test.each(["", "9a", "5affffffff00", "9f".repeat(100), "bf0102ff", "ff", "0000", "1c", "5f6161ff"])(
  "malformed %s is refused as SerializationException",
  (hex) => {
    expect(() => decodeCborValue(Buffer.from(hex, "hex"))).toThrow(
      expect.objectContaining({ code: "SerializationException" }),
    );
  },
);

test("an array that declares more elements than there are bytes is refused without allocating them", () => {
  expect(() => decodeCborValue(Buffer.from("9bffffffffffffffff01", "hex"))).toThrow("ends too early");
});
