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
