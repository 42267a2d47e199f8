import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { outcomeOf, startS3, type RunningS3 } from "./start-s3.js";

const Bucket = "things";
const MIB = 1024 * 1024;
let s3: RunningS3;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(async () => {
  await s3.stop();
});

async function start(Key: string, input: Partial<CreateMultipartUploadCommandInput> = {}) {
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...input }));
  const part = async (PartNumber: number, Body: Buffer) => {
    const answer = await s3.client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    return { PartNumber, ETag: answer.ETag, ChecksumCRC32: answer.ChecksumCRC32 };
  };
  const complete = (
    Parts: { PartNumber: number; ETag: string | undefined; ChecksumCRC32?: string | undefined }[],
    more: Partial<CompleteMultipartUploadCommandInput> = {},
  ) =>
    s3.client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }),
    );
  return { UploadId, part, complete };
}

const big = (byte: number) => Buffer.alloc(5 * MIB, byte);

it("an upload of two parts becomes one object, with the ETag of its parts and a composite checksum", async () => {
  const upload = await start("two", {
    Metadata: { batch: "7" },
    ContentType: "text/plain",
    ChecksumAlgorithm: "CRC32",
  });
  const second = await upload.part(2, Buffer.from("tail"));
  const first = await upload.part(1, big(1));
  const done = await upload.complete([first, second]);
  const md5 = (bytes: Buffer) => createHash("md5").update(bytes).digest();
  const etag = md5(Buffer.concat([md5(big(1)), md5(Buffer.from("tail"))])).toString("hex");
  expect(done.ETag).toBe(`"${etag}-2"`);
  const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: "two", ChecksumMode: "ENABLED" }));
  expect(head).toMatchObject({ Metadata: { batch: "7" }, ContentType: "text/plain", ETag: done.ETag });
  expect(head).toMatchObject({ ContentLength: 5 * MIB + 4, ChecksumType: "COMPOSITE" });
  expect(head.ChecksumCRC32).toMatch(/^.{8}-2$/);
  const tail = await s3.client.send(new GetObjectCommand({ Bucket, Key: "two", PartNumber: 2 }));
  expect(await tail.Body?.transformToString()).toBe("tail");
  expect(tail.PartsCount).toBe(2);
  expect(s3.server.openUploads(Bucket)).toBe(0);
});

it("F06 Complete repeated after success gives the same answer", async () => {
  const upload = await start("repeated");
  const part = await upload.part(1, Buffer.from("only"));
  const first = await upload.complete([part], { IfNoneMatch: "*" });
  const second = await upload.complete([part], { IfNoneMatch: "*" });
  expect([second.ETag, second.ChecksumCRC32]).toEqual([first.ETag, first.ChecksumCRC32]);
});

it("a conditional Complete on a key that is there is refused with 412, and the object stays", async () => {
  const upload = await start("taken");
  const part = await upload.part(1, Buffer.from("late"));
  await s3.client.send(new PutObjectCommand({ Bucket, Key: "taken", Body: "early" }));
  expect(await outcomeOf(upload.complete([part], { IfNoneMatch: "*" }))).toBe("PreconditionFailed 412");
  const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: "taken" }));
  expect(await got.Body?.transformToString()).toBe("early");
});

it("of ten conditional Completes of one key exactly one is told 200", async () => {
  const uploads = await Promise.all(Array.from({ length: 10 }, () => start("race")));
  const outcomes = await Promise.all(
    uploads.map(async (upload, n) => {
      const part = await upload.part(1, Buffer.from(`writer ${n}`));
      return outcomeOf(upload.complete([part], { IfNoneMatch: "*" }));
    }),
  );
  expect(outcomes.filter((outcome) => outcome === "ok")).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === "PreconditionFailed 412")).toHaveLength(9);
});

it("refuses small parts, unknown parts, wrong order and unknown uploads", async () => {
  const upload = await start("refused");
  const small = await upload.part(1, Buffer.from("small"));
  const last = await upload.part(2, Buffer.from("last"));
  expect(await outcomeOf(upload.complete([small, last]))).toBe("EntityTooSmall 400");
  expect(await outcomeOf(upload.complete([last, small]))).toBe("InvalidPartOrder 400");
  expect(await outcomeOf(upload.complete([{ PartNumber: 3, ETag: last.ETag }]))).toBe("InvalidPart 400");
  expect(await outcomeOf(upload.complete([{ PartNumber: 2, ETag: '"other"' }]))).toBe("InvalidPart 400");
  const wrong = { ...last, ChecksumCRC32: "AAAAAA==" };
  expect(await outcomeOf(upload.complete([wrong]))).toBe("InvalidPart 400");
  expect(await outcomeOf(upload.part(0, Buffer.from("x")))).toBe("InvalidArgument 400");
  expect(await outcomeOf(upload.complete([last]))).toBe("ok");
  const unknown = new AbortMultipartUploadCommand({ Bucket, Key: "refused", UploadId: "none" });
  expect(await outcomeOf(s3.client.send(unknown))).toBe("NoSuchUpload 404");
});

it("Abort frees the parts, and the upload is gone from the lists", async () => {
  const upload = await start("aborted");
  await upload.part(1, Buffer.from("a"));
  await upload.part(2, Buffer.from("b"));
  const target = { Bucket, Key: "aborted", UploadId: upload.UploadId };
  const parts = await s3.client.send(new ListPartsCommand({ ...target, MaxParts: 1 }));
  expect(parts.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([[1, 1]]);
  expect(parts).toMatchObject({ IsTruncated: true, NextPartNumberMarker: "1" });
  const ofKey = async () =>
    (await s3.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: "aborted" }))).Uploads?.map(
      ({ UploadId }) => UploadId,
    );
  expect(await ofKey()).toEqual([upload.UploadId]);
  await s3.client.send(new AbortMultipartUploadCommand(target));
  expect(await ofKey()).toBeUndefined();
  expect(await outcomeOf(s3.client.send(new ListPartsCommand(target)))).toBe("NoSuchUpload 404");
});

it("a full-object checksum covers the joined bytes and is compared with the one declared", async () => {
  const upload = await start("full", { ChecksumAlgorithm: "CRC32", ChecksumType: "FULL_OBJECT" });
  const part = await upload.part(1, Buffer.from("hello world"));
  const wrong = { ChecksumCRC32: "AAAAAA==", ChecksumType: "FULL_OBJECT" } as const;
  expect(await outcomeOf(upload.complete([part], wrong))).toBe("BadDigest 400");
  const done = await upload.complete([part], { ChecksumCRC32: "DUoRhQ==", ChecksumType: "FULL_OBJECT" });
  expect(done).toMatchObject({ ChecksumCRC32: "DUoRhQ==", ChecksumType: "FULL_OBJECT" });
});
