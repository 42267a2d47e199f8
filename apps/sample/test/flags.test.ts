import { describe, expect, it } from "vitest";
import {
  bucketName,
  oneOf,
  optional,
  readFlags,
  recordCount,
  SAMPLE_FLAGS,
  streamName,
  textOr,
  toggle,
  wholeNumber,
} from "../src/flags.js";

const FLAGS = {
  ...SAMPLE_FLAGS,
  records: recordCount(500),
  threads: optional(wholeNumber(1, { max: 64 })),
  format: oneOf("ndjson", "lines"),
  prefix: textOr("archive"),
  faults: toggle,
} as const;

describe("flags", () => {
  it("have their defaults, each of its own type", () => {
    expect(readFlags(FLAGS, [])).toEqual({
      shards: 2,
      seed: 1,
      json: false,
      records: 500,
      threads: undefined,
      format: "ndjson",
      prefix: "archive",
      faults: false,
    });
  });

  it("are read as what they say", () => {
    const given = ["--records", "7", "--threads=3", "--format", "lines", "--faults", "--seed", "0"];
    expect(readFlags(FLAGS, given)).toMatchObject({
      records: 7,
      threads: 3,
      format: "lines",
      faults: true,
      seed: 0,
    });
  });

  it.each([
    [["--records", "0"], "--records takes a whole number from 1 to 10000000"],
    [["--records", "10000001"], "--records takes a whole number from 1 to 10000000"],
    [["--records", "1.5"], "--records takes a whole number"],
    [["--records="], "--records takes a whole number"],
    [["--shards", "201"], "--shards takes a whole number from 1 to 200"],
    [["--threads", "65"], "--threads takes a whole number from 1 to 64"],
    [["--seed", "4294967296"], "--seed takes a whole number from 0 to 4294967295"],
    [["--format", "xml"], "--format takes ndjson or lines"],
    [["--record", "5"], "--help lists the flags"],
    [["5"], "--help lists the flags"],
  ])("%j is a usage error that names the flag", (given, message) => {
    expect(() => readFlags(FLAGS, given)).toThrow(message);
  });

  it("of a stream and a bucket must name one", () => {
    expect(() => readFlags({ stream: streamName }, [])).toThrow("--stream names no stream");
    expect(() => readFlags({ bucket: bucketName }, ["--bucket", ""])).toThrow("--bucket names no bucket");
  });

  it.each([2, 64])("of a bucket takes no name of %i characters", (length) => {
    expect(() => readFlags({ bucket: bucketName }, ["--bucket", "b".repeat(length)])).toThrow(
      `which has 3 to 63 characters, but got ${length}`,
    );
  });

  it.each([3, 63])("of a bucket takes a name of %i characters", (length) => {
    expect(readFlags({ bucket: bucketName }, ["--bucket", "b".repeat(length)]).bucket).toHaveLength(length);
  });
});
