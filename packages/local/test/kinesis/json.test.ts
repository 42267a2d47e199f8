import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeJson, encodeJson } from "../../src/kinesis/protocol/json.js";
import { StoredRecord } from "../../src/kinesis/streams/shard.js";
import { RecordList, WireTime } from "../../src/kinesis/protocol/values.js";

test("answers are the JSON that JSON.stringify writes, times in seconds, absent members left out", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), (members) => {
      // JSON's null is no value of an answer.
      fc.pre(!JSON.stringify(members).includes("null"));
      const value = JSON.parse(JSON.stringify(members));
      expect(encodeJson(value).toString()).toBe(JSON.stringify(value));
    }),
  );
  const time = { At: new WireTime(1_700_000_000_123), Gone: undefined, Empty: [], None: {} };
  expect(encodeJson(time).toString()).toBe('{"At":1700000000.123,"Empty":[],"None":{}}');
});

test("records of any key and any number come out as valid JSON, over the chunks it is built from", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: "binary", minLength: 1 }), fc.uint8Array(), fc.nat()), {
        maxLength: 200,
        size: "max",
      }),
      (entries) => {
        const records = entries.map(
          ([key, data, ms]) => new StoredRecord("4".repeat(56), key, ms, 0, Buffer.from(data)),
        );
        expect(JSON.parse(encodeJson({ Records: new RecordList(records) }).toString())).toEqual({
          Records: entries.map(([key, data, ms]) => ({
            SequenceNumber: "4".repeat(56),
            ApproximateArrivalTimestamp: ms / 1000,
            Data: Buffer.from(data).toString("base64"),
            PartitionKey: key,
          })),
        });
      },
    ),
    { numRuns: 30 },
  );
});

test("a body that is no JSON object is refused", () => {
  for (const body of ["[]", "7", "null", "{", '"x"'])
    expect(() => decodeJson(Buffer.from(body))).toThrow("The request body is not");
  expect(decodeJson(Buffer.alloc(0))).toEqual({});
});
