import { gzipSync } from "node:zlib";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { readArchive } from "@kinesis-connectors/s3";
import { afterEach, beforeEach, expect, it } from "vitest";
import { BUCKET, type LocalS3, startS3 } from "../support/local-s3.js";
import { arrayBuffersAfterCollection } from "../support/memory.js";

const MiB = 1024 * 1024;
const LINES = 400_000;

let s3: LocalS3;
beforeEach(async () => {
  s3 = await startS3();
});
afterEach(async () => {
  await s3[Symbol.asyncDispose]();
});

it("an object of 160 MiB is read back in a few", async () => {
  // Compresses to a hundredth, as a bomb would.
  const body = gzipSync(Buffer.from(`${"x".repeat(419)}\n`.repeat(LINES)), { level: 1 });
  const client = new S3Client({ ...s3.connection, forcePathStyle: true });
  await client.send(
    new PutObjectCommand({
      Bucket: BUCKET,
      Key: "archive/2026/11/29/00/shardId-000000000000/1-9.raw.gz",
      Body: body,
      ContentEncoding: "gzip",
      Metadata: {
        "kc-batch-id": "1-9",
        "kc-record-count": String(LINES),
        "kc-ids-sha256": "not looked at without positions",
        "kc-first": "1.0",
        "kc-last": "9.0",
        "kc-stream": "clicks",
        "kc-shard": "shardId-000000000000",
      },
    }),
  );
  client.destroy();
  const before = await arrayBuffersAfterCollection();
  let most = 0;
  let count = 0;
  for await (const { data } of readArchive({ ...s3.connection, bucket: BUCKET, prefix: "archive" })) {
    count += 1;
    if (data.length !== 419) throw new Error("a line is not what was written");
    if (count % 100_000 === 0) most = Math.max(most, (await arrayBuffersAfterCollection()) - before);
  }
  expect(count).toBe(LINES);
  expect(most).toBeLessThan(16 * MiB);
});
