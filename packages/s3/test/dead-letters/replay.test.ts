import { batchOfEntries, deliver, failureFrom } from "@kinesis-connectors/testkit";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DeadLetter, hasCode } from "@kinesis-connectors/core";
import {
  gzip,
  replayDeadLetters,
  type ReplayedRecord,
  type ReplayOptions,
  s3DeadLetters,
} from "@kinesis-connectors/s3";
import { BUCKET, linesIn, type LocalS3, startS3 } from "../support/local-s3.js";
import { ARRIVAL_MS, bytesOf, record } from "../support/support.js";

const MiB = 1024 * 1024;

function letterBatch(payloads: readonly Uint8Array[], changes: Partial<DeadLetter> = {}, from = 0) {
  return batchOfEntries<DeadLetter>(
    payloads.map((data, index) => {
      const source = record(from + index, data);
      const output: DeadLetter = {
        stream: "clicks",
        shardId: "shardId-000000000003",
        sequenceNumber: source.sequenceNumber,
        subSequenceNumber: source.subSequenceNumber,
        partitionKey: source.partitionKey,
        arrivalTime: new Date(source.arrivalTimeMs).toISOString(),
        errorCode: "KC_RECORD_POISON",
        errorMessage: "not JSON",
        attempts: 1,
        data: Buffer.from(data).toString("base64"),
        ...changes,
      };
      return { output, record: source, bytes: data.length };
    }),
  );
}

/** Bytes that gzip cannot make smaller, the same in every run. */
function noise(bytes: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(bytes / 64) }, (_, index) =>
    createHash("sha512").update(String(index)).digest(),
  );
  return Buffer.concat(blocks).subarray(0, bytes);
}

async function replayed(s3: LocalS3, options: Partial<ReplayOptions> = {}): Promise<ReplayedRecord[]> {
  const records: ReplayedRecord[] = [];
  for await (const one of replayDeadLetters({ ...s3.connection, bucket: BUCKET, ...options }))
    records.push(one);
  return records;
}

async function put(s3: LocalS3, key: string, body: Buffer, encoding?: "gzip"): Promise<void> {
  const client = new S3Client(s3.connection);
  await client.send(
    new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body, ContentEncoding: encoding }),
  );
  client.destroy();
}

const lettersAt = (s3: LocalS3, options = {}) =>
  s3DeadLetters({ ...s3.connection, bucket: BUCKET, ...options });

describe("dead letters", () => {
  it("are one object per batch, one line each, beside the archive", async () => {
    await using s3 = await startS3();
    await deliver(lettersAt(s3, { prefix: "dead" }), letterBatch([bytesOf("a"), bytesOf("b")]));
    const [object, ...others] = s3.objects();
    expect(others).toEqual([]);
    expect(object?.key).toBe(
      "dead/2026/03/29/shardId-000000000003/49600000000000-49600000000001.dead.ndjson",
    );
    expect(linesIn(object).map((line) => (JSON.parse(line) as DeadLetter).data)).toEqual(["YQ==", "Yg=="]);
  });

  it("land once, however often they are emitted", async () => {
    await using s3 = await startS3();
    const letters = lettersAt(s3);
    await deliver(letters, letterBatch([bytesOf("a")]));
    await deliver(letters, letterBatch([bytesOf("a")]));
    expect(s3.objects()).toHaveLength(1);
  });

  it("S17 are stored with the same encryption options as the archive", async () => {
    await using s3 = await startS3();
    const settings = { serverSideEncryption: "aws:kms", sseKmsKeyId: "alias/dead", prefix: "dead" };
    await deliver(lettersAt(s3, settings), letterBatch([bytesOf("a")]));
    expect(s3.objects()[0]?.headers).toMatchObject({
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "alias/dead",
    });
  });
});

describe("a replay", () => {
  it("F54 gives every byte of every record back, in order, compressed or not", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        async (payloads, compressed) => {
          await using s3 = await startS3();
          const letters = lettersAt(s3, compressed ? { compression: gzip() } : {});
          await deliver(
            letters,
            letterBatch(payloads, { explicitHashKey: "17", partitionKey: "k\u2028\uD83D\uDE00\n" }),
          );
          const records = await replayed(s3);
          expect(records.map(({ data }) => Uint8Array.from(data))).toEqual(payloads);
          expect(records[0]).toMatchObject({
            partitionKey: "k\u2028\uD83D\uDE00\n",
            explicitHashKey: "17",
            stream: "clicks",
            sequenceNumber: "49600000000000",
            arrivalTimeMs: ARRIVAL_MS,
            attempts: 1,
          });
        },
      ),
      { numRuns: 15 },
    );
  });

  it("F56 gives back a record of 10 MiB", async () => {
    await using s3 = await startS3();
    const large = noise(10 * MiB);
    await deliver(lettersAt(s3), letterBatch([bytesOf(""), large, bytesOf("after")]));
    const records = await replayed(s3);
    expect(records.map(({ data }) => data.length)).toEqual([0, large.length, 5]);
    expect(Buffer.from(records[1]?.data ?? []).equals(large)).toBe(true);
  });

  it("reads all pages under its prefix in key order, and nothing else", async () => {
    await using s3 = await startS3();
    const body = Buffer.from(linesOfBatch(letterBatch([bytesOf("x")])));
    const client = new S3Client(s3.connection);
    // One more than a page of ListObjectsV2 takes, and few of them to be read.
    const names = Array.from({ length: 1001 }, (_, index) => `a/${String(index).padStart(4, "0")}.txt`);
    names.push("a/0500.dead.ndjson", "a/9999.dead.ndjson");
    await Promise.all(
      names.map((Key) => client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: body }))),
    );
    client.destroy();
    await put(s3, "ab/0.dead.ndjson", body);
    await put(s3, "a/archive.ndjson", Buffer.from("not a dead letter\n"));
    const keys = (await replayed(s3, { prefix: "a" })).map(({ key }) => key);
    expect(keys).toEqual(["a/0500.dead.ndjson", "a/9999.dead.ndjson"]);
    expect(s3.calls().filter((call) => call === "ListObjectsV2 200")).toHaveLength(2);
  });

  it("reads given keys without listing", async () => {
    await using s3 = await startS3();
    const letters = lettersAt(s3);
    await deliver(letters, letterBatch([bytesOf("a")]));
    await deliver(letters, letterBatch([bytesOf("b")], {}, 5));
    const keys = s3
      .objects()
      .map(({ key }) => key)
      .toReversed();
    expect((await replayed(s3, { keys })).map(({ key }) => key)).toEqual(keys);
    expect(s3.calls().join()).not.toContain("List");
  });

  it("F53 of a truncated, damaged or endless compressed object ends in an error that names it", async () => {
    await using s3 = await startS3();
    const whole = gzipSync(linesOfBatch(letterBatch([noise(5000)])));
    const badSum = Buffer.from(whole);
    badSum.writeUInt8(badSum.readUInt8(badSum.length - 8) ^ 1, badSum.length - 8);
    await put(s3, "truncated.dead.ndjson.gz", whole.subarray(0, -100), "gzip");
    await put(s3, "checksum.dead.ndjson.gz", badSum, "gzip");
    await put(s3, "bomb.dead.ndjson.gz", gzipSync(Buffer.alloc(64 * MiB)), "gzip");
    for (const [key, cause] of [
      ["truncated.dead.ndjson.gz", /unexpected end/],
      ["checksum.dead.ndjson.gz", /incorrect data check/],
      ["bomb.dead.ndjson.gz", /more than 1048576 bytes/],
    ] as const) {
      const error = await failureFrom(replayed(s3, { keys: [key], maxLineBytes: MiB }));
      expect(hasCode(error, "KC_READ_REFUSED")).toBe(true);
      expect(error.message).toContain(key);
      expect(String(error.cause)).toMatch(cause);
    }
  });

  it("F55 of a damaged or hostile line ends in an error that names the field and holds nothing of the line", async () => {
    await using s3 = await startS3();
    const good = JSON.parse(linesOfBatch(letterBatch([bytesOf("x")]))) as Record<string, unknown>;
    const { partitionKey: _left, ...without } = good;
    for (const [line, reason] of [
      ["canary", /not JSON/],
      ['["canary"]', /not a JSON object/],
      [JSON.stringify(without), /partitionKey/],
      [JSON.stringify({ ...good, data: "canary!" }), /base64/],
      [JSON.stringify({ ...good, data: "abc" }), /base64/],
      [JSON.stringify({ ...good, arrivalTime: "canary" }), /arrivalTime/],
      [JSON.stringify({ ...good, attempts: -1 }), /attempts/],
      [JSON.stringify({ ...good, explicitHashKey: 7 }), /explicitHashKey/],
      [`{"__proto__":${JSON.stringify(good)}}`, /arrivalTime/],
    ] as const) {
      const key = `bad-${reason.source}-${line.length}.dead.ndjson`;
      await put(s3, key, Buffer.from(`\n${JSON.stringify(good)}\n\n${line}`));
      const error = await failureFrom(replayed(s3, { keys: [key] }));
      expect(hasCode(error, "KC_READ_REFUSED")).toBe(true);
      expect(error.message).toMatch(/at line 2 /);
      expect(String(error.cause)).toMatch(reason);
      expect(`${error.stack} ${String(error.cause)}`).not.toContain("canary");
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it("F07 of a body that stalls ends in a time-out", async () => {
    await using s3 = await startS3();
    await deliver(lettersAt(s3), letterBatch([noise(MiB)]));
    s3.aws.faults.add({ operation: "GetObject", effect: { kind: "stalled-body" } });
    const error = await failureFrom(replayed(s3, { requestTimeoutMs: 300 }));
    expect(error.message).toMatch(/TimeoutError/);
  });

  it("F06 of a body that breaks off, compressed or not, ends in an error that names the object", async () => {
    await using s3 = await startS3();
    await deliver(lettersAt(s3), letterBatch([noise(MiB)]));
    await deliver(lettersAt(s3, { compression: gzip() }), letterBatch([noise(MiB)], {}, 5));
    s3.aws.faults.add({
      operation: "GetObject",
      times: "always",
      effect: { kind: "reset", at: "inside-body" },
    });
    for (const { key } of s3.objects()) {
      const error = await failureFrom(replayed(s3, { keys: [key] }));
      expect(hasCode(error, "KC_READ_REFUSED")).toBe(true);
      expect(error.message).toContain(key);
      expect(error.message).not.toMatch(/TimeoutError/);
    }
  });

  it("stops when its signal is aborted, and refuses options that exclude each other", async () => {
    await using s3 = await startS3();
    const reason = new Error("enough");
    expect(await failureFrom(replayed(s3, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect((await failureFrom(replayed(s3, { keys: [], prefix: "a" }))).message).toMatch(/^keys/);
    expect((await failureFrom(replayed(s3, { maxLineBytes: 0 }))).message).toMatch(/^maxLineBytes/);
  });

  it("says what is missing when the object, the bucket or the right is", async () => {
    await using s3 = await startS3();
    expect((await failureFrom(replayed(s3, { keys: ["none"] }))).message).toMatch(/NoSuchKey/);
    expect((await failureFrom(replayed(s3, { bucket: "none-such" }))).message).toMatch(
      /NoSuchBucket\): there is no such bucket: correct its name \(`bucket`\)/,
    );
  });
});

function linesOfBatch(batch: ReturnType<typeof letterBatch>): string {
  return batch.entries.map(({ output }) => `${JSON.stringify(output)}\n`).join("");
}
