import { expect, it } from "vitest";
import { problemsOf } from "./support/load.js";

/** A file that is right. */
export const GOOD = `version: 1
application: click-archive
source: { stream: clicks, region: eu-central-1 }
transform: { decode: json }
filter: { path: durationMs, greaterThan: 0 }
buffer: { maxRecords: 100000, maxBytes: 64 MiB, maxAgeMs: 60 s }
emitter: { type: s3, region: eu-central-1, bucket: my-clicks, prefix: archive, format: { type: ndjson }, compression: gzip }
deadLetters: { type: s3, region: eu-central-1, bucket: my-clicks, prefix: dead-letters }
`;

it("a good file has no problems", async () => {
  expect(await problemsOf(GOOD)).toEqual([]);
});

it("five defects are five lines, each with its place and its cure", async () => {
  expect(
    await problemsOf(`version: 1
application: click-archive
source:
  stream: clicks
  initialPositon: LATEST
transform: { decode: jsno }
buffer:
  maxBytes: 64 megs
emitter:
  type: s3
  bukcet: my-clicks
  format: { type: ndjson }
  compression: gzzip
`),
  ).toEqual([
    "5:3 source.initialPositon is not an option of source; did you mean initialPosition?",
    "6:14 transform.decode must be json, json-lines, text or bytes; did you mean json?",
    "8:3 buffer.maxBytes must be a whole number of bytes, or a size such as 512 KiB or 64 MiB",
    "11:3 emitter.bukcet is not an option of s3; did you mean bucket?",
    "13:3 emitter.compression must be none, gzip, zstd or an object; did you mean gzip?",
  ]);
});

it.each([
  ["a brace that is not closed", GOOD.replace("eu-central-1 }", "eu-central-1"), /^4:1 .*brace/],
  ["a list that is not closed", GOOD.replace("{ decode: json }", "[json"), /^5:1 .*bracket/],
  ["a quote that is not closed", GOOD.replace("click-archive", '"click-archive'), /^\d+:\d+ .*quote/],
  ["an indentation of its own", GOOD.replace("transform:", "   transform:"), /^4:\d+ .*/],
  [
    "a brace that is not closed behind a key that is there twice",
    `version: 1\n${GOOD.replace("eu-central-1 }", "eu-central-1")}`,
    /^2:1 .*twice|^5:1 /,
  ],
])("a defect of syntax is told, and nothing that follows from it: %s", async (_name, text, told) => {
  const problems = await problemsOf(text);
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.length).toBeLessThanOrEqual(2);
  for (const problem of problems) expect(problem).toMatch(told);
});

it("what is wrong by itself is told each time", async () => {
  const twice = GOOD.replace("filter:", "application: b\nversion: 1\nfilter:");
  expect(await problemsOf(twice)).toEqual([
    expect.stringMatching(/^5:1 .*twice/),
    expect.stringMatching(/^6:1 .*twice/),
  ]);
});

it("numbers that the process would refuse once its connector runs are told by their place", async () => {
  const text = `${GOOD}admin: { port: 99999, expose: { host: 127.0.0.1, port: -1 }, rules: { stalledMs: -5 } }
telemetry: { emf: { periodMs: 500 ms } }
`;
  expect(await problemsOf(text)).toEqual([
    "9:10 admin.port must be a number from 0 to 65535",
    "9:50 admin.expose.port must be a number from 0 to 65535",
    "9:71 admin.rules.stalledMs must be 0 ms or more",
    "10:21 telemetry.emf.periodMs must be 1000 ms or more",
  ]);
  expect(await problemsOf(`${GOOD}admin: { port: 80.5 }\n`)).toEqual([
    "9:10 admin.port must be a whole number",
  ]);
  expect(await problemsOf(`${GOOD}admin: { port: "\${PORT:-0}" }\n`)).toEqual([]);
});
