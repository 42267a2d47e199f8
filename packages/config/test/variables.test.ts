import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withoutUnit } from "../src/document/units.js";
import { substitute } from "../src/document/variables.js";
import { load, problemsOf } from "./support/load.js";

const withBucket = (bucket: string): string => `version: 1
application: app-of-mine
source: { stream: in, region: eu-central-1 }
emitter: { type: s3, region: eu-central-1, bucket: ${bucket}, format: { type: ndjson } }
`;

describe("a variable", () => {
  const env = { NAME: "clicks", EMPTY: "", STRUCTURE: "{ type: dynamodb }", NUMBER: "42" };

  it.each([
    ["${NAME}", "clicks"],
    ["a-${NAME}-b-${NAME}", "a-clicks-b-clicks"],
    ["${UNSET:-none}", "none"],
    ["${EMPTY:-none}", "none"],
    ["${NAME:-none}", "clicks"],
    ["${UNSET:-}", ""],
    ["${EMPTY}", ""],
    ["$${NAME}", "${NAME}"],
    ["$NAME and $", "$NAME and $"],
  ])("in %s gives %s", (text, expected) => {
    const { text: found, fault } = substitute(text, env) ?? { text, fault: undefined };
    expect([found, fault]).toEqual([expected, undefined]);
  });

  it.each([
    ["${UNSET}", "names the variable UNSET, which is not set"],
    ["${", "has a ${ without its }"],
    ["${A B}", "has a ${...} that names no variable"],
    ["${constructor}", "names the variable constructor, which is not set"],
  ])("in %s is a problem", (text, fault) => {
    expect(substitute(text, env)?.fault).toContain(fault);
    // The environment of a process inherits what every object does.
    expect(substitute(text, process.env)?.fault).toContain(fault);
  });

  it("adds no structure, whatever it holds", async () => {
    const { redacted } = await load(withBucket('"bucket-${NUMBER}"'), { env });
    expect(redacted).toMatchObject({ emitter: { bucket: "bucket-42" } });
    expect(await problemsOf(withBucket('"${STRUCTURE}"'), { env })).toEqual([
      expect.stringContaining("4:44 emitter.bucket must be the bare name of a bucket"),
    ]);
  });

  it("that is not set is a problem at its place", async () => {
    expect(await problemsOf(withBucket('"${UNSET}"'), { env })).toEqual([
      "4:44 emitter.bucket names the variable UNSET, which is not set: set it, or give a default, ${UNSET:-...}",
    ]);
  });

  it("may be a number, true or false where the option takes no text, and stays a text where it does", async () => {
    const text = `version: 1
application: "\${APP}"
source: { stream: "\${N}", region: eu-central-1, allowInsecure: "\${YES}" }
buffer: { maxRecords: "\${N}", maxAgeMs: "\${AGE}", maxBytes: "\${SIZE}" }
emitter: { type: s3, region: eu-central-1, bucket: "\${N}", partConcurrency: "\${N}", format: { type: ndjson } }
`;
    const found = await load(text, {
      env: { APP: "1234", N: "7000", YES: "true", AGE: "30 s", SIZE: "1048576" },
    }).catch((error: unknown) => error);
    // 7000 parts at a time are too many, which the emitter says of a number.
    expect(String(found)).toContain("partConcurrency must be a whole number from 1 to 100, but is 7000");
    const { options, redacted } = await load(text.replace('partConcurrency: "${N}", ', ""), {
      env: { APP: "1234", N: "7000", YES: "true", AGE: "30 s", SIZE: "1048576" },
    });
    expect(options).toMatchObject({ application: "1234", stream: "7000", allowInsecure: true });
    expect(redacted).toMatchObject({
      buffer: { maxRecords: 7000, maxAgeMs: 30_000, maxBytes: 1_048_576 },
      emitter: { bucket: "7000" },
    });
  });
});

describe("units", () => {
  it.each([
    ["maxBytes", "64 MiB", 64 * 1024 ** 2],
    ["maxBytes", "1.5KiB", 1536],
    ["maxBytes", "0.1 GB", 100_000_000],
    ["maxBytes", "10 B", 10],
    ["maxAgeMs", "60 s", 60_000],
    ["maxAgeMs", "1.5 min", 90_000],
    ["maxAgeMs", "2h", 7_200_000],
    ["maxAgeMs", "1 d", 86_400_000],
    ["maxAgeMs", "250 ms", 250],
  ])("%s: %s", (name, text, expected) => {
    expect(withoutUnit(name, text)).toBe(expected);
  });

  it.each([
    ["maxBytes", "64 mib"],
    ["maxBytes", "-1 MiB"],
    ["maxBytes", "60 s"],
    ["maxBytes", "0.5 B"],
    ["maxAgeMs", "1.0001 ms"],
    ["maxAgeMs", "99999999999999999 d"],
    ["maxAgeMs", "soon"],
    ["maxRecords", "5 s"],
  ])("%s: %s stays what it is, for the schema to refuse", (name, text) => {
    expect(withoutUnit(name, text)).toBe(text);
  });

  it("any whole number of any unit is that number of bytes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8_000_000 }), (count) => {
        expect(withoutUnit("maxBytes", `${count} MiB`)).toBe(count * 1024 ** 2);
        expect(withoutUnit("maxAgeMs", `${count} min`)).toBe(count * 60_000);
      }),
    );
  });
});
