import { batchOf, deliver, failureFrom } from "@kinesis-connectors/testkit";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectTaggingCommand, S3Client } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { definePipeline, hasCode, json, type KinesisRecord } from "@kinesis-connectors/core";
import { gzip, ndjson, s3Emitter, type S3EmitterOptions, type S3Plan } from "@kinesis-connectors/s3";
import { fileShelf } from "../src/body.js";
import { SizeEstimate } from "../src/size-estimate.js";
import { ACCOUNT_ID, BUCKET, linesIn, startS3 } from "./local-s3.js";
import { Shard } from "./run-shard.js";
import { bytesOf, record } from "./support.js";

const KiB = 1024;

/** A folder that is gone afterwards. */
async function scratchFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "kc-spool-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

/** The headers of a request on its way, as text. */
function headersIn(request: unknown): Record<string, string> {
  const headers: unknown =
    typeof request === "object" && request !== null ? Reflect.get(request, "headers") : {};
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
}

/** Records that compress to about a third, each a little different. */
function events(count: number): KinesisRecord[] {
  return Array.from({ length: count }, (_, n) => {
    const id = ((n * 2_654_435_761) >>> 0).toString(16);
    return record(
      n,
      bytesOf(JSON.stringify({ n, id, page: `/articles/${n % 97}`, agent: "Mozilla/5.0 (X11; Linux)" })),
    );
  });
}

describe("targetObjectBytes", () => {
  it.each([
    ["gzip", gzip()],
    ["none", undefined],
  ])("gives objects within 20%% of it once the first ones have told (%s)", async (_, compression) => {
    await using s3 = await startS3();
    const target = 64 * KiB;
    const options: S3EmitterOptions<Uint8Array> = {
      ...s3.connection,
      bucket: BUCKET,
      format: ndjson(),
      targetObjectBytes: target,
      ...(compression === undefined ? {} : { compression }),
    };
    const pipeline = definePipeline<unknown, Uint8Array, S3Plan>({
      transformer: json().original(),
      emitter: s3Emitter<Uint8Array>(options),
    });
    const all = events(60_000);
    await new Shard(all).run(pipeline);
    const sizes = s3.objects().map(({ body }) => body.length);
    // Two batches are under way before the first object is there to learn from; the last one is what was left.
    const settled = sizes.slice(2, -1);
    expect(settled.length).toBeGreaterThan(5);
    for (const size of settled) expect(Math.abs(size - target)).toBeLessThan(target * 0.2);
    expect(s3.objects().flatMap(linesIn)).toHaveLength(all.length);
  });

  it("counts each partition by itself", async () => {
    await using s3 = await startS3();
    const target = 32 * KiB;
    const pipeline = definePipeline<{ readonly n: number }, { readonly n: number }, S3Plan>({
      transformer: json<{ readonly n: number }>(),
      emitter: s3Emitter<{ readonly n: number }>({
        ...s3.connection,
        bucket: BUCKET,
        format: ndjson(),
        partition: ({ n }) => ({ third: n % 3 }),
        targetObjectBytes: target,
      }),
    });
    await new Shard(events(6000)).run(pipeline);
    for (const third of ["third=0/", "third=1/", "third=2/"]) {
      const sizes = s3.objects().flatMap(({ key, body }) => (key.startsWith(third) ? [body.length] : []));
      expect(sizes.length).toBeGreaterThan(4);
      for (const size of sizes.slice(2, -1)) expect(Math.abs(size - target)).toBeLessThan(target * 0.2);
    }
  });
});

describe("the estimate of sizes", () => {
  it("takes sizes as they are, learns a ratio, and loses nothing to rounding", () => {
    const estimate = new SizeEstimate();
    expect(estimate.of(200)).toBe(200);
    estimate.learn(1000, 37);
    let sum = 0;
    for (let index = 0; index < 10_000; index += 1) sum += estimate.of(20);
    expect(Math.abs(sum - 7400)).toBeLessThanOrEqual(1);
  });

  it("follows what the newer objects come to", () => {
    const estimate = new SizeEstimate();
    const gibibyte = 1024 ** 3;
    estimate.learn(gibibyte, gibibyte / 2);
    for (let index = 0; index < 20; index += 1) estimate.learn(gibibyte / 4, gibibyte / 40);
    expect(estimate.ratio).toBeCloseTo(0.1, 3);
  });
});

describe("spoolDir", () => {
  it("keeps finished objects on disk until they are uploaded, and leaves no file behind", async () => {
    await using s3 = await startS3();
    await using folder = await scratchFolder();
    const emitter = s3.emitter({
      spoolDir: folder.path,
      multipartAboveBytes: 1000,
      partition: (output) => ({ kind: typeof output }),
    });
    const outputs = ["x".repeat(6 * 1024 * KiB), 1, "two", 2, "y".repeat(7 * 1024 * KiB)];
    await deliver(emitter, batchOf<unknown>(outputs));
    expect(
      Object.fromEntries(s3.objects().map((object) => [object.key.split("/")[0], linesIn(object)])),
    ).toEqual({
      "kind=string": [outputs[0], "two", outputs[4]].map((one) => JSON.stringify(one)),
      "kind=number": ["1", "2"],
    });
    expect(s3.calls()).toContain("CompleteMultipartUpload 200");
    expect(await readdir(folder.path)).toEqual([]);
  });

  it("F46 stops the shard when the disk takes no more, with the cure, and drops nothing", async () => {
    await using s3 = await startS3();
    const pipeline = definePipeline<unknown, unknown, S3Plan>({
      transformer: json(),
      emitter: s3.emitter({ spoolDir: "/no/such/folder" }),
    });
    const shard = new Shard(events(10));
    const error = await failureFrom(shard.run(pipeline));
    expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
    expect(error.message).toMatch(/option spoolDir.*free its disk/);
    expect(shard.checkpoint).toBeUndefined();
    expect(s3.calls()).toEqual([]);
    await shard.run(definePipeline<unknown, unknown, S3Plan>({ transformer: json(), emitter: s3.emitter() }));
    expect(s3.objects().flatMap(linesIn)).toHaveLength(10);
  });

  it("F46 says the same when a write fails after the file was opened", async () => {
    await using folder = await scratchFolder();
    const shelf = await fileShelf(folder.path, "spool");
    expect(await (await shelf.keep(Buffer.from("kept"))).read(1, 3)).toEqual(Buffer.from("ep"));
    await shelf[Symbol.asyncDispose]();
    const error = await failureFrom(shelf.keep(Buffer.from("more")));
    expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
    expect(error.message).toContain("spoolDir");
  });

  it("fails when the connector opens, if the folder cannot be written", async () => {
    await using s3 = await startS3();
    const { signal } = new AbortController();
    const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const opening =
      s3.emitter({ spoolDir: "/no/such/folder" }).open?.({ signal, logger }) ?? Promise.resolve();
    expect(hasCode(await failureFrom(opening), "KC_EMIT_REFUSED")).toBe(true);
  });

  it("is shared by the emitters of one process, as those of worker threads are, also while they open", async () => {
    await using s3 = await startS3();
    await using folder = await scratchFolder();
    const { signal } = new AbortController();
    const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const emitters = Array.from({ length: 20 }, () => s3.emitter({ spoolDir: folder.path }));
    await Promise.all(emitters.map(async (emitter) => await emitter.open?.({ signal, logger })));
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe("what is stored with each object", () => {
  it("S14 S16 is sent with single and multipart uploads alike", async () => {
    await using s3 = await startS3();
    const client = new S3Client({ ...s3.connection });
    const sent = new Map<string, Record<string, string>>();
    client.middlewareStack.add(
      (next, { commandName = "" }) =>
        (args) => {
          sent.set(commandName, headersIn(args.request));
          return next(args);
        },
      { step: "finalizeRequest" },
    );
    const emitter = s3.emitter({
      client,
      serverSideEncryption: "aws:kms",
      sseKmsKeyId: "alias/clicks",
      bucketKeyEnabled: true,
      storageClass: "STANDARD_IA",
      tags: { team: "web + mobile", stage: "prod" },
      acl: "bucket-owner-full-control",
      requestPayer: "requester",
      expectedBucketOwner: ACCOUNT_ID,
      metadata: { team: "web" },
      multipartAboveBytes: 1000,
    });
    await deliver(emitter, batchOf<unknown>([1]));
    await deliver(emitter, batchOf<unknown>(["x".repeat(2000)], { shardId: "shardId-000000000009" }));
    const expected = {
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "alias/clicks",
      "x-amz-server-side-encryption-bucket-key-enabled": "true",
      "x-amz-storage-class": "STANDARD_IA",
      "x-amz-tagging": "team=web%20%2B%20mobile&stage=prod",
      "x-amz-acl": "bucket-owner-full-control",
      "x-amz-request-payer": "requester",
      "x-amz-expected-bucket-owner": ACCOUNT_ID,
      "x-amz-meta-team": "web",
    };
    expect(sent.get("PutObjectCommand")).toMatchObject(expected);
    expect(sent.get("CreateMultipartUploadCommand")).toMatchObject(expected);
    for (const command of ["UploadPartCommand", "CompleteMultipartUploadCommand"]) {
      expect(sent.get(command)).toMatchObject({
        "x-amz-request-payer": "requester",
        "x-amz-expected-bucket-owner": ACCOUNT_ID,
      });
    }
    for (const { key } of s3.objects()) {
      const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket: BUCKET, Key: key }));
      expect(TagSet).toEqual([
        { Key: "team", Value: "web + mobile" },
        { Key: "stage", Value: "prod" },
      ]);
    }
    client.destroy();
  });

  it.each([
    [{ tags: Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`t${n}`, "x"])) }, "tags"],
    [{ tags: { "aws:x": "y" } }, "tags"],
    [{ tags: { a: "#" } }, "tags.a"],
    [{ acl: "" }, "acl"],
    [{ requestPayer: "me" }, "requestPayer"],
    [{ maxPartitions: 0 }, "maxPartitions"],
    [{ minObjectBytes: 1 }, "maxAgeMs"],
    [{ maxAgeMs: 1 }, "minObjectBytes"],
    [{ targetObjectBytes: 0.5 }, "targetObjectBytes"],
    [{ objectConcurrency: 0 }, "objectConcurrency"],
    [{ spoolDir: "" }, "spoolDir"],
    [{ partitionStyle: "deep" }, "partitionStyle"],
    [{ onPartitionFlood: "drop" }, "onPartitionFlood"],
    [{ partition: "country" }, "partition"],
    [{ partition: () => ({ a: 1 }), key: () => "x" }, "partition"],
  ])("fails at once for %j", (wrong, name) => {
    const options: S3EmitterOptions<unknown> = { bucket: BUCKET, format: ndjson() };
    expect(() => s3Emitter(Object.assign(options, wrong))).toThrow(name);
  });
});
