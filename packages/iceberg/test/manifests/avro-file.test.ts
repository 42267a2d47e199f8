import { expect, it } from "vitest";
import { decodeAvroFile, encodeAvroFile } from "../../src/manifests/avro-file.js";

it.each([
  ["a long", "long"],
  ["a timestamp", { type: "long", logicalType: "timestamp-micros", "adjust-to-utc": true }],
  ["a time", { type: "long", logicalType: "time-micros" }],
])("%s of a partition keeps 63 bits, there or null", (_what, type) => {
  const schema = {
    type: "record",
    name: "r102",
    fields: [{ name: "moment", "field-id": 1000, type: ["null", type], default: null }],
  } as const;
  const values = [9_223_372_036_854_775_807n, -9_007_199_254_740_993n, 1_767_225_600_000_000n, 17, null];
  const bytes = encodeAvroFile(
    schema as unknown as Parameters<typeof encodeAvroFile>[0],
    values.map((moment) => ({ moment })),
    {},
  );
  const { records } = decodeAvroFile(bytes, "m.avro");
  // A number where that has the same value.
  expect(records.map(({ moment }) => moment)).toEqual([
    9_223_372_036_854_775_807n,
    -9_007_199_254_740_993n,
    1_767_225_600_000_000,
    17,
    null,
  ]);
});
