import { S3Client } from "@aws-sdk/client-s3";
import { batchOf, contextOf, deliver, failureFrom, thrownBy } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { gzip, ndjson, s3Emitter } from "@kinesis-connectors/s3";
import { BUCKET, startS3 } from "./support/local-s3.js";

const MiB = 1024 * 1024;

describe("opening", () => {
  const open = async (emitter: ReturnType<typeof s3Emitter<unknown>>) => {
    const { signal, logger } = contextOf(undefined);
    await emitter.open?.({ signal, logger });
  };

  it("looks at the bucket and says what to do when it is missing", async () => {
    await using s3 = await startS3();
    await open(s3.emitter());
    const error = await failureFrom(open(s3.emitter({ bucket: "no-such-bucket" })));
    expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
    expect(error.message).toMatch(/"no-such-bucket" \(option bucket\).*create the bucket/);
  });

  it("goes on where looking is not allowed or fails for the moment: the first write tells", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({
      operation: "HeadBucket",
      effect: { kind: "error", status: 403, code: "AccessDenied" },
    });
    await open(s3.emitter({ conditionalWrites: "trusted" }));
    s3.aws.faults.add({
      operation: "HeadBucket",
      times: 3,
      effect: { kind: "error", status: 503, code: "SlowDown" },
    });
    await open(s3.emitter({ conditionalWrites: "trusted" }));
    expect(s3.calls()).toEqual(["HeadBucket 403", "HeadBucket 503", "HeadBucket 503", "HeadBucket 503"]);
  });

  it("names an address where nobody answers as such, and missing credentials as such", async () => {
    const { signal, logger } = contextOf(undefined);
    const context = { signal, logger };
    const nobody = s3Emitter({
      bucket: BUCKET,
      format: ndjson(),
      region: "us-east-1",
      endpoint: "http://127.0.0.1:9",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    });
    expect((await failureFrom(nobody.open?.(context) ?? Promise.resolve())).message).toMatch(
      /ECONNREFUSED.*`endpoint`/,
    );
    const anonymous = s3Emitter({
      bucket: BUCKET,
      format: ndjson(),
      region: "us-east-1",
      endpoint: "http://127.0.0.1:9",
      credentials: () =>
        Promise.reject(Object.assign(new Error("none"), { name: "CredentialsProviderError" })),
    });
    expect((await failureFrom(anonymous.open?.(context) ?? Promise.resolve())).message).toMatch(
      /no credentials were found/,
    );
  });

  it("S16 is refused by a bucket of another account, at the first write", async () => {
    await using s3 = await startS3();
    const emitter = s3.emitter({ expectedBucketOwner: "999999999999", conditionalWrites: "trusted" });
    await open(emitter);
    const error = await failureFrom(deliver(emitter, batchOf([1])));
    expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
    expect(error.message).toMatch(/expectedBucketOwner/);
    expect(s3.calls()).toEqual(["HeadBucket 403", "PutObject 403"]);
  });
});

describe("options", () => {
  const connection = { region: "us-east-1" };
  const make = (options: object) =>
    thrownBy(() => s3Emitter({ ...connection, bucket: BUCKET, format: ndjson(), ...options }));

  it("that cannot work are refused by name", () => {
    for (const [option, value] of Object.entries({
      bucket: "s3://clicks/archive",
      format: {},
      compression: "gzip",
      key: "a/b",
      prefix: 7,
      serverSideEncryption: "none",
      sseKmsKeyId: "alias/a",
      expectedBucketOwner: "me",
      storageClass: "",
      multipartAboveBytes: 0,
      partBytes: MiB,
      partConcurrency: Number.NaN,
      requestTimeoutMs: 0,
      connectionTimeoutMs: -1,
      maxSockets: 0.5,
      region: "",
      metadata: { "kc-batch-id": "x" },
      endpoint: "localhost:9000",
    })) {
      const error = make({ [option]: value });
      expect(hasCode(error, "KC_OPTION_INVALID")).toBe(true);
      expect(error.message.slice(0, option.length)).toBe(option);
    }
    expect(make({ metadata: { a: "line\nbreak" } }).message).toMatch(/^metadata\.a/);
    expect(make({ metadata: { a: "x".repeat(1300) } }).message).toMatch(/1248 are free/);
    expect(thrownBy(() => gzip(0)).message).toMatch(/^gzip level/);
  });

  it("S14 http is refused but to this machine, unless it is allowed outright", () => {
    for (const endpoint of [
      "http://169.254.169.254",
      "http://s3.example.com",
      "http://127.0.0.1.example.com",
      "http://localhost.example.com",
    ]) {
      expect(make({ endpoint }).message).toMatch(/^endpoint is http to another machine/);
      expect(
        s3Emitter({ ...connection, bucket: BUCKET, format: ndjson(), endpoint, allowInsecure: true }),
      ).toBeDefined();
    }
    for (const endpoint of [
      "http://127.0.0.1:9000",
      "http://localhost:1",
      "http://[::1]:2",
      "https://s3.example.com",
    ]) {
      expect(s3Emitter({ ...connection, bucket: BUCKET, format: ndjson(), endpoint })).toBeDefined();
    }
    expect(make({ endpoint: "https://user:secret@s3.example.com" }).message).not.toContain("secret");
  });

  it("S14 an address from the environment obeys the same rule", () => {
    const before = process.env["AWS_ENDPOINT_URL_S3"];
    process.env["AWS_ENDPOINT_URL_S3"] = "http://169.254.169.254";
    try {
      expect(make({}).message).toMatch(/^AWS_ENDPOINT_URL_S3 is http/);
    } finally {
      if (before === undefined) delete process.env["AWS_ENDPOINT_URL_S3"];
      else process.env["AWS_ENDPOINT_URL_S3"] = before;
    }
  });

  it("of a connection are refused beside a client; the client is used and not destroyed", async () => {
    await using s3 = await startS3();
    const client = new S3Client(s3.connection);
    expect(make({ client }).message).toMatch(/^region cannot be given beside client/);
    const emitter = s3.emitter({ client });
    await deliver(emitter, batchOf([1]));
    await emitter.close?.();
    await emitter.close?.();
    await deliver(s3.emitter({ client, prefix: "again" }), batchOf([1]));
    client.destroy();
    expect(s3.objects()).toHaveLength(2);
  });
});
