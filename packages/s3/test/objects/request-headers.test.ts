import { batchOf, contextOf, deliver, failureFrom, planOf } from "@kinesis-connectors/testkit";
import { GetObjectTaggingCommand, S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { replayDeadLetters, s3DeadLetters } from "@kinesis-connectors/s3";
import { ACCOUNT_ID, BUCKET, type LocalS3, startS3 } from "../support/local-s3.js";

interface SentRequest {
  readonly command: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A client that notes what it sends. */
function notingClient(
  s3: LocalS3,
  config: S3ClientConfig = {},
): Disposable & { readonly client: S3Client; readonly sent: readonly SentRequest[] } {
  const client = new S3Client({ ...s3.connection, ...config });
  const sent: SentRequest[] = [];
  client.middlewareStack.add(
    (next, { commandName = "" }) =>
      (args) => {
        sent.push({ command: commandName.replace(/Command$/, ""), headers: headersIn(args.request) });
        return next(args);
      },
    { step: "finalizeRequest" },
  );
  return { client, sent, [Symbol.dispose]: () => client.destroy() };
}

/** The headers of a request on its way, as text. */
function headersIn(request: unknown): Record<string, string> {
  const headers: unknown =
    typeof request === "object" && request !== null ? Reflect.get(request, "headers") : {};
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
}

const MAKES_OBJECTS = new Set(["PutObject", "CreateMultipartUpload"]);

const LETTER = {
  stream: "s",
  shardId: "1",
  sequenceNumber: "1",
  subSequenceNumber: 0,
  partitionKey: "p",
  arrivalTime: "2026-01-01T00:00:00Z",
  errorCode: "E",
  errorMessage: "m",
  attempts: 1,
  data: "",
};

describe("what is stored with each object", () => {
  it("S14 S16 is sent with single and multipart uploads alike", async () => {
    await using s3 = await startS3();
    using noting = notingClient(s3);
    const { client } = noting;
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
    const making = noting.sent.filter(({ command }) => MAKES_OBJECTS.has(command));
    expect(new Set(making.map(({ command }) => command))).toEqual(MAKES_OBJECTS);
    for (const { headers } of making) {
      expect(headers).toMatchObject({
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": "alias/clicks",
        "x-amz-server-side-encryption-bucket-key-enabled": "true",
        "x-amz-storage-class": "STANDARD_IA",
        "x-amz-tagging": "team=web%20%2B%20mobile&stage=prod",
        "x-amz-acl": "bucket-owner-full-control",
        "x-amz-meta-team": "web",
      });
    }
    for (const { headers } of noting.sent) expect(headers["x-amz-request-payer"]).toBe("requester");
    for (const { key } of s3.objects()) {
      const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket: BUCKET, Key: key }));
      expect(TagSet).toEqual([
        { Key: "team", Value: "web + mobile" },
        { Key: "stage", Value: "prod" },
      ]);
    }
  });

  it("S14 S16 is encrypted as said, checked by its bytes, and goes to the expected owner, in every request there is", async () => {
    await using s3 = await startS3();
    // A client of the user's may be told to leave checksums out.
    using noting = notingClient(s3, { requestChecksumCalculation: "WHEN_REQUIRED" });
    const { client, sent } = noting;
    const options = {
      client,
      serverSideEncryption: "aws:kms",
      sseKmsKeyId: "alias/clicks",
      expectedBucketOwner: ACCOUNT_ID,
      multipartAboveBytes: 1000,
    } as const;
    const emitter = s3.emitter({
      ...options,
      partition: (output) => ({ output: String(output).slice(0, 4) }),
    });
    await emitter.open?.(contextOf(undefined));
    const small = batchOf<unknown>([1, 2]);
    await emitter.isWritten?.(small, contextOf(planOf(emitter, small)));
    const stored = await emitter.spill?.store(small, contextOf(planOf(emitter, small)));
    if (stored === undefined) throw new Error("the emitter keeps no long plans");
    await emitter.spill?.load(small, contextOf(stored));
    s3.aws.faults.add({
      operation: "UploadPart",
      effect: { kind: "error", status: 403, code: "AccessDenied" },
    });
    const large = batchOf<unknown>(["x".repeat(2000)], { shardId: "shardId-000000000009" });
    await failureFrom(deliver(emitter, large));
    await deliver(emitter, large);
    const letters = s3DeadLetters({ ...options, bucket: BUCKET, prefix: "dead" });
    await deliver(letters, batchOf([LETTER]));
    const replayed = [];
    for await (const letter of replayDeadLetters({
      client,
      bucket: BUCKET,
      prefix: "dead",
      expectedBucketOwner: ACCOUNT_ID,
    }))
      replayed.push(letter);
    expect(replayed).toHaveLength(1);

    expect(new Set(sent.map(({ command }) => command))).toEqual(
      new Set([
        "HeadBucket",
        "HeadObject",
        "PutObject",
        "GetObject",
        "ListObjectsV2",
        "CreateMultipartUpload",
        "UploadPart",
        "CompleteMultipartUpload",
        "AbortMultipartUpload",
      ]),
    );
    for (const { command, headers } of sent) {
      expect([command, headers["x-amz-expected-bucket-owner"]]).toEqual([command, ACCOUNT_ID]);
      const isEncrypted = headers["x-amz-server-side-encryption"] === "aws:kms";
      expect([command, isEncrypted]).toEqual([command, MAKES_OBJECTS.has(command)]);
      const isChecked =
        headers["x-amz-checksum-crc32"] !== undefined || headers["x-amz-checksum-algorithm"] === "CRC32";
      expect([command, isChecked]).toEqual([command, MAKES_OBJECTS.has(command) || command === "UploadPart"]);
    }
    await Promise.all([emitter.close?.(), letters.close?.()]);
  });
});
