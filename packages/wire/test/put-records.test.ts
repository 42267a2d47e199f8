import { PutRecordsInput$ } from "@aws-sdk/client-kinesis";
import { JsonCodec2 } from "@smithy/core/protocols";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { decodeCbor } from "../src/cbor/decode-cbor.js";
import { encodeCbor } from "../src/cbor/cbor-writer.js";
import { writePutRecordsCbor } from "../src/cbor/put-records-cbor.js";
import { type PutRecordsEntry, writePutRecordsJson } from "../src/json/put-records-json.js";
import { decodeCborWithSdk } from "./support/sdk-decoder.js";

const key = fc.oneof(
  fc.string({ unit: "grapheme-ascii", maxLength: 300 }),
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 100 }),
);
const data = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 250, maxLength: 300 }));
const usual = fc.record(
  { Data: data, PartitionKey: key, ExplicitHashKey: fc.option(key, { nil: undefined }) },
  { requiredKeys: ["Data", "PartitionKey"] },
);
/** What a program without types may give. */
const unusual = fc.record(
  {
    Data: data,
    PartitionKey: fc.oneof(fc.integer(), fc.constant(undefined), fc.boolean()),
    ExplicitHashKey: fc.oneof(fc.integer(), fc.constant(null)),
    Novelty: fc.string(),
  },
  { requiredKeys: ["Data"] },
) as unknown as fc.Arbitrary<PutRecordsEntry>;
const request = fc.record(
  {
    Records: fc.array(fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: unusual }), {
      maxLength: 30,
    }),
    StreamName: fc.string(),
    StreamARN: fc.option(fc.string({ unit: "grapheme" }), { nil: undefined }),
  },
  { requiredKeys: ["Records"] },
);

describe("a request of PutRecords", () => {
  it("in CBOR is the value that is written member by member, and that the SDK's reader reads", () => {
    fc.assert(
      fc.property(request, (written) => {
        const body = writePutRecordsCbor(written);
        const expected = decodeCbor(encodeCbor(written));
        expect(decodeCbor(body)).toEqual(expected);
        expect(decodeCborWithSdk(body)).toEqual(decodeCborWithSdk(encodeCbor(written)));
      }),
    );
  });

  it("in CBOR holds data and keys of every length of a head", () => {
    for (const letter of ["a", "ä", "鍵"]) {
      for (const length of [0, 1, 7, 8, 12, 23, 24, 255, 256, 65_535, 65_536]) {
        const Data = Buffer.alloc(length, 7);
        const PartitionKey = letter.repeat(Math.min(length, 300));
        const Records = [{ Data, PartitionKey, ExplicitHashKey: PartitionKey }];
        // Compared as texts: element by element it would take long.
        const read = JSON.stringify(decodeCbor(writePutRecordsCbor({ Records })));
        expect(read === JSON.stringify({ Records })).toBe(true);
      }
    }
    const Records = Array.from({ length: 500 }, (_, index) => ({
      Data: Buffer.from([index]),
      PartitionKey: `${index}`,
    }));
    expect(decodeCbor(writePutRecordsCbor({ Records }))).toEqual({ Records });
  });

  it("in JSON is what the SDK's own serializer writes", () => {
    const serializer = new JsonCodec2({
      timestampFormat: { useTrait: true, default: 7 },
      jsonName: false,
    }).createSerializer();
    fc.assert(
      fc.property(fc.record({ Records: fc.array(usual, { maxLength: 5 }), StreamName: key }), (written) => {
        serializer.write(PutRecordsInput$, written);
        const theirs: unknown = JSON.parse(new TextDecoder().decode(serializer.flush()));
        expect(JSON.parse(writePutRecordsJson(written))).toEqual(theirs);
      }),
    );
  });
});
