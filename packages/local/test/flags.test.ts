import { expect, test } from "vitest";
import { FlagError, readFlags } from "../src/flags.js";

test("flags become the options of startLocalAws", () => {
  const { streams, shardCount, aws } = readFlags(
    "--port 4567 --stream a --stream b --shards 3 --bucket c --limits off --seed 9 --region us-east-1".split(
      " ",
    ),
  );
  expect({ streams, shardCount, aws }).toEqual({
    streams: ["a", "b"],
    shardCount: 3,
    aws: {
      kinesis: { port: 4567 },
      s3: { buckets: ["c"] },
      dynamodb: {},
      opensearch: {},
      limits: "off",
      seed: 9,
      region: "us-east-1",
    },
  });
});

test.each([
  ["--redshift", {}],
  ["--redshift-port 5555", { port: 5555 }],
  ["--redshift-url postgres://h/d", { connectionString: "postgres://h/d" }],
])("Redshift runs when a flag names it: %s", (line, redshift) => {
  expect(readFlags(line.split(" ")).aws.redshift).toEqual(redshift);
});

test.each([
  ["--bogus", "--bogus"],
  ["--port x", '--port takes a whole number from 0 to 65535, not "x"'],
  ["--shards 0", '--shards takes a whole number from 1 to 10000, not "0"'],
  ["--limits some", '--limits takes aws or off, not "some"'],
  ["stray", "stray"],
])("a bad flag is one sentence: %s", (line, sentence) => {
  const read = () => readFlags(line.split(" "));
  expect(read).toThrow(FlagError);
  expect(read).toThrow(sentence);
  expect(read).not.toThrow("\n");
});

test.each([
  ["--iceberg", {}],
  ["--iceberg-port 5555", { port: 5555 }],
])("the Iceberg catalog runs when a flag names it: %s", (line, iceberg) => {
  expect(readFlags(line.split(" ")).aws.iceberg).toEqual(iceberg);
});
