import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  ChecksumAlgorithm,
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  ServerSideEncryption,
  StorageClass,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { virtualClock } from "../../src/clock.js";
import { ACCOUNT_ID, outcomeOf, startS3, type RunningS3 } from "./start-s3.js";

const Bucket = "things";
let s3: RunningS3;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(async () => {
  await s3.stop();
});

async function bodyOf(Key: string): Promise<Buffer> {
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

describe("an object written by the SDK with default settings", () => {
  it("comes back byte for byte, with its ETag and checksum, when sent as a buffer", async () => {
    const body = Buffer.from("hello world");
    const put = await s3.client.send(new PutObjectCommand({ Bucket, Key: "buffer", Body: body }));
    expect(put.ETag).toBe(`"${createHash("md5").update(body).digest("hex")}"`);
    expect(put.ChecksumCRC32).toBe("DUoRhQ==");
    expect(await bodyOf("buffer")).toEqual(body);
  });

  it("comes back byte for byte when streamed (aws-chunked with a checksum trailer), the framing gone", async () => {
    const body = Buffer.alloc(300_000, "stream ");
    await s3.client.send(
      new PutObjectCommand({
        Bucket,
        Key: "streamed",
        Body: Readable.from([body.subarray(0, 70_001), body.subarray(70_001)]),
        ContentLength: body.length,
        ContentEncoding: "gzip",
      }),
    );
    expect((await bodyOf("streamed")).equals(body)).toBe(true);
    const head = await s3.client.send(
      new HeadObjectCommand({ Bucket, Key: "streamed", ChecksumMode: "ENABLED" }),
    );
    expect(head).toMatchObject({ ContentEncoding: "gzip", ContentLength: body.length });
    expect(head.ChecksumCRC32).toEqual(expect.any(String));
  });

  it("is taken with Expect: 100-continue, which bodies of 2 MiB carry", async () => {
    const body = Buffer.alloc(3 * 1024 * 1024, 7);
    await s3.client.send(new PutObjectCommand({ Bucket, Key: "large", Body: body }));
    expect((await bodyOf("large")).equals(body)).toBe(true);
  });

  it.each(Object.values(ChecksumAlgorithm).filter((name) => ["CRC32", "SHA1", "SHA256"].includes(name)))(
    "carries its %s, verified by the client on the way back",
    async (algorithm) => {
      const Key = `checksum-${algorithm}`;
      await s3.client.send(
        new PutObjectCommand({ Bucket, Key, Body: "checked", ChecksumAlgorithm: algorithm }),
      );
      const got = await s3.client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
      expect(await got.Body?.transformToString()).toBe("checked");
      expect(got[`Checksum${algorithm}` as "ChecksumCRC32"]).toEqual(expect.any(String));
      expect(got.ChecksumType).toBe("FULL_OBJECT");
    },
  );

  it("keeps metadata, content headers, encryption, storage class and tags", async () => {
    const Key = "attributes/ключ 😀+%";
    await s3.client.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: "x",
        Metadata: { batch: "42", first: "a b" },
        ContentType: "application/x-ndjson",
        CacheControl: "no-cache",
        ContentDisposition: "attachment",
        ServerSideEncryption: ServerSideEncryption.aws_kms,
        SSEKMSKeyId: "key-1",
        StorageClass: StorageClass.STANDARD_IA,
        Tagging: "team=data&stage=test",
      }),
    );
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject({
      Metadata: { batch: "42", first: "a b" },
      ContentType: "application/x-ndjson",
      CacheControl: "no-cache",
      ContentDisposition: "attachment",
      ServerSideEncryption: "aws:kms",
      SSEKMSKeyId: "key-1",
      StorageClass: "STANDARD_IA",
      TagCount: 2,
    });
    const tags = await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key }));
    expect(tags.TagSet).toEqual([
      { Key: "team", Value: "data" },
      { Key: "stage", Value: "test" },
    ]);
    await s3.client.send(
      new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: [{ Key: "a", Value: "<&>" }] } }),
    );
    const retagged = await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key }));
    expect(retagged.TagSet).toEqual([{ Key: "a", Value: "<&>" }]);
  });
});

describe("a body that is not what its headers say", () => {
  it.each([
    ["Content-MD5", { ContentMD5: createHash("md5").update("other").digest("base64") }, "BadDigest 400"],
    ["a malformed Content-MD5", { ContentMD5: "abc" }, "InvalidDigest 400"],
    ["x-amz-checksum-crc32", { ChecksumCRC32: "AAAAAA==" }, "BadDigest 400"],
    ["x-amz-checksum-sha256", { ChecksumSHA256: Buffer.alloc(32).toString("base64") }, "BadDigest 400"],
    ["x-amz-checksum-crc64nvme", { ChecksumCRC64NVME: "AAAAAAAAAAA=" }, "BadDigest 400"],
    ["a malformed checksum", { ChecksumCRC32C: "no" }, "InvalidRequest 400"],
  ])("is refused by %s and leaves nothing", async (_what, input, outcome) => {
    const command = new PutObjectCommand({ Bucket, Key: "refused", Body: "this", ...input });
    expect(await outcomeOf(s3.client.send(command))).toBe(outcome);
    expect(await outcomeOf(s3.client.send(new HeadObjectCommand({ Bucket, Key: "refused" })))).toBe(
      "NotFound 404",
    );
  });
});

describe("reading", () => {
  it("answers ranges, the suffix form and 416 outside", async () => {
    await s3.client.send(new PutObjectCommand({ Bucket, Key: "range", Body: "0123456789" }));
    const get = async (Range: string) => {
      const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: "range", Range }));
      return [got.ContentRange, await got.Body?.transformToString()];
    };
    expect(await get("bytes=2-4")).toEqual(["bytes 2-4/10", "234"]);
    expect(await get("bytes=8-99")).toEqual(["bytes 8-9/10", "89"]);
    expect(await get("bytes=-3")).toEqual(["bytes 7-9/10", "789"]);
    expect(await outcomeOf(get("bytes=10-"))).toBe("InvalidRange 416");
  });

  it("judges If-Match, If-None-Match and the dates", async () => {
    const { ETag } = await s3.client.send(new PutObjectCommand({ Bucket, Key: "conditional", Body: "x" }));
    const head = (input: object) =>
      outcomeOf(s3.client.send(new HeadObjectCommand({ Bucket, Key: "conditional", ...input })));
    expect(await head({ IfMatch: ETag })).toBe("ok");
    expect(await head({ IfMatch: '"other"' })).toMatch(/ 412$/);
    expect(await head({ IfNoneMatch: ETag })).toMatch(/ 304$/);
    expect(await head({ IfModifiedSince: new Date("2100-01-01") })).toMatch(/ 304$/);
    expect(await head({ IfUnmodifiedSince: new Date("2000-01-01") })).toMatch(/ 412$/);
  });

  it("answers a missing key with 404, and with 403 to who may not list", async () => {
    const head = new HeadObjectCommand({ Bucket, Key: "missing" });
    expect(await outcomeOf(s3.client.send(head))).toBe("NotFound 404");
    expect(await outcomeOf(s3.client.send(new GetObjectCommand({ Bucket, Key: "missing" })))).toBe(
      "NoSuchKey 404",
    );
    const denied = await startS3({ listDenied: true });
    expect(await outcomeOf(denied.client.send(head))).toMatch(/ 403$/);
    await denied.stop();
  });

  it("tells the time of the write from the injected clock", async () => {
    const clock = virtualClock(Date.parse("2026-03-04T05:06:07Z"));
    const other = await startS3({ clock });
    await other.client.send(new PutObjectCommand({ Bucket, Key: "timed", Body: "x" }));
    const head = await other.client.send(new HeadObjectCommand({ Bucket, Key: "timed" }));
    expect(head.LastModified?.toISOString()).toBe("2026-03-04T05:06:07.000Z");
    await other.stop();
  });
});

describe("deleting and copying", () => {
  it("deletes one, several, and what is not there", async () => {
    for (const Key of ["d/1", "d/2", "d/<3>&"])
      await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: "d/1" }));
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: "d/1" }));
    const { Deleted } = await s3.client.send(
      new DeleteObjectsCommand({
        Bucket,
        Delete: { Objects: [{ Key: "d/2" }, { Key: "d/<3>&" }, { Key: "d/none" }] },
      }),
    );
    expect(Deleted?.map((each) => each.Key)).toEqual(["d/2", "d/<3>&", "d/none"]);
    expect([...s3.server.objects(Bucket)].filter(({ key }) => key.startsWith("d/"))).toEqual([]);
  });

  it("copies with metadata kept or replaced", async () => {
    await s3.client.send(
      new PutObjectCommand({ Bucket, Key: "from", Body: "copied", Metadata: { a: "1" }, Tagging: "t=1" }),
    );
    await s3.client.send(
      new CopyObjectCommand({ Bucket, Key: "kept", CopySource: `${Bucket}/from`, IfNoneMatch: "*" }),
    );
    await s3.client.send(
      new CopyObjectCommand({
        Bucket,
        Key: "replaced",
        CopySource: `${Bucket}/from`,
        MetadataDirective: "REPLACE",
        Metadata: { b: "2" },
      }),
    );
    const objects = new Map([...s3.server.objects(Bucket)].map((object) => [object.key, object]));
    expect(objects.get("kept")?.metadata).toEqual({ a: "1" });
    expect(objects.get("replaced")?.metadata).toEqual({ b: "2" });
    expect(objects.get("replaced")?.body.toString()).toBe("copied");
    const again = new CopyObjectCommand({
      Bucket,
      Key: "kept",
      CopySource: `${Bucket}/from`,
      IfNoneMatch: "*",
    });
    expect(await outcomeOf(s3.client.send(again))).toBe("PreconditionFailed 412");
  });
});

describe("refusals", () => {
  it("of another expected owner, a missing bucket, a long key, too much metadata", async () => {
    const put = (input: object) =>
      outcomeOf(s3.client.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x", ...input })));
    expect(await put({ ExpectedBucketOwner: "999999999999" })).toBe("AccessDenied 403");
    expect(await put({ ExpectedBucketOwner: ACCOUNT_ID })).toBe("ok");
    expect(await put({ Bucket: "no-such-bucket" })).toBe("NoSuchBucket 404");
    expect(await put({ Key: "é".repeat(513) })).toBe("KeyTooLongError 400");
    expect(await put({ Key: "é".repeat(512) })).toBe("ok");
    expect(await put({ Metadata: { big: "m".repeat(3_000) } })).toBe("MetadataTooLarge 400");
  });

  it("of what is not emulated, in words", async () => {
    const answer = await fetch(`${s3.server.url}/${Bucket}?acl`, { method: "GET" });
    expect(answer.status).toBe(501);
    expect(await answer.text()).toContain("&quot;acl&quot; is not emulated");
  });
});
