import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { s3DeadLetters } from "@kinesis-connectors/s3";
import { batchOf, contextOf, deliver, failureFrom } from "@kinesis-connectors/testkit";
import S3rver from "s3rver";
import { describe, expect, it } from "vitest";
import { BUCKET, type LocalS3, startS3 } from "../support/local-s3.js";

const PROBE = "_kinesis-connectors-conditional-writes";
const ignored = { kind: "conditions-ignored" } as const;

const open = async (emitter: ReturnType<LocalS3["emitter"]>): Promise<void> =>
  emitter.open?.(contextOf(undefined));
const keys = (s3: LocalS3): string[] => s3.objects().map(({ key }) => key);

describe("a store that is not AWS's", () => {
  it("is tried once at open, and its writes in parts as well; the probe stays, and serves whoever tries next", async () => {
    await using s3 = await startS3();
    await open(s3.emitter({ prefix: "archive" }));
    expect(keys(s3)).toEqual([`archive/${PROBE}`]);
    const parts = [
      "CreateMultipartUpload 200",
      "UploadPart 200",
      "CompleteMultipartUpload 412",
      "AbortMultipartUpload 204",
    ];
    expect(s3.calls()).toEqual(["HeadBucket 200", "PutObject 200", "PutObject 412", ...parts]);
    await open(s3.emitter({ prefix: "archive" }));
    expect(s3.calls().slice(7)).toEqual(["HeadBucket 200", "PutObject 412", ...parts]);
  });

  it.each(["PutObject", "CompleteMultipartUpload"])(
    "that ignores If-None-Match on %s is refused by name, with the cure",
    async (operation) => {
      await using s3 = await startS3();
      s3.aws.faults.add({ operation, times: "always", effect: ignored });
      const { host } = new URL(s3.aws.endpoints.s3);
      for (const emitter of [
        s3.emitter({ prefix: "a" }),
        s3DeadLetters({ ...s3.connection, bucket: BUCKET }),
      ]) {
        const error = await failureFrom(Promise.resolve(emitter.open?.(contextOf(undefined))));
        expect(error).toMatchObject({ code: "KC_EMIT_REFUSED" });
        expect(error.message).toContain(`the store at ${host} ignores If-None-Match: ${operation}`);
        expect(error.message).toContain('conditionalWrites "trusted"');
        await emitter.close?.();
      }
    },
  );

  it("is not tried where that is said to be known", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({ operation: "PutObject", times: "always", effect: ignored });
    const emitter = s3.emitter({ conditionalWrites: "trusted" });
    await open(emitter);
    await deliver(emitter, batchOf([1]));
    expect(s3.calls()).toEqual(["HeadBucket 200", "PutObject 200"]);
  });

  it("is found sound by many workers that try at the same time", async () => {
    await using s3 = await startS3();
    await Promise.all(Array.from({ length: 24 }, () => open(s3.emitter({ prefix: "archive" }))));
    expect(keys(s3)).toEqual([`archive/${PROBE}`]);
  });

  it("is tried again after conflicts, throttling and lost answers", async () => {
    await using s3 = await startS3();
    const conflict = { kind: "error", status: 409, code: "ConditionalRequestConflict" } as const;
    s3.aws.faults.add({ operation: "PutObject", effect: conflict });
    s3.aws.faults.add({ operation: "CompleteMultipartUpload", effect: conflict });
    s3.aws.faults.add({ operation: "PutObject", nth: 2, effect: { kind: "reply-lost" } });
    await open(s3.emitter());
    expect(s3.aws.faults.unfired()).toEqual([]);
    expect(keys(s3)).toEqual([PROBE]);
  });

  it("of which it cannot be told stops the start: refused rights, and errors that do not end", async () => {
    await using s3 = await startS3();
    const denied = { kind: "error", status: 403, code: "AccessDenied" } as const;
    s3.aws.faults.add({ operation: "PutObject", effect: denied });
    expect(await failureFrom(open(s3.emitter()))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("grant s3:PutObject"),
    });
    const lacking = { kind: "error", status: 501, code: "NotImplemented" } as const;
    s3.aws.faults.add({ operation: "CompleteMultipartUpload", effect: lacking });
    expect(await failureFrom(open(s3.emitter()))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("lacks conditional writes"),
    });
    s3.aws.faults.add({
      operation: "PutObject",
      times: "always",
      effect: { ...denied, status: 409, code: "OperationAborted" },
    });
    expect(await failureFrom(open(s3.emitter()))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringMatching(/it could not be told .* failed with OperationAborted/),
      cause: { name: "OperationAborted" },
    });
  });

  it("is known by a client of the caller's own too", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({ operation: "PutObject", times: "always", effect: ignored });
    const client = new S3Client({ ...s3.connection, forcePathStyle: true });
    expect(await failureFrom(open(s3.emitter({ client })))).toMatchObject({ code: "KC_EMIT_REFUSED" });
    client.destroy();
  });

  it("s3rver ignores If-None-Match, and is refused by name at open", async () => {
    const directory = mkdtempSync(join(tmpdir(), "kinesis-connectors-s3rver-"));
    const server = new S3rver({
      address: "127.0.0.1",
      port: 0,
      silent: true,
      directory,
      configureBuckets: [{ name: BUCKET, configs: [] }],
    });
    const { address, port } = await server.run();
    await using s3 = await startS3();
    const emitter = s3.emitter({
      endpoint: `http://${address}:${port}`,
      forcePathStyle: true,
      credentials: { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" },
    });
    const error = await failureFrom(open(emitter));
    expect(error).toMatchObject({ code: "KC_EMIT_REFUSED" });
    expect(error.message).toContain(`the store at 127.0.0.1:${port} ignores If-None-Match: PutObject`);
    await server.close();
    rmSync(directory, { recursive: true });
  });
});

describe("S3 itself", () => {
  it("is not tried: no request about a probe, by whatever name of AWS", async () => {
    const asked: string[] = [];
    const client = new S3Client({
      region: "eu-central-1",
      endpoint: "https://bucket.vpce-1a2b-5678.s3.eu-central-1.vpce.amazonaws.com",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
      requestHandler: {
        handle: (request: { readonly method: string }) => {
          asked.push(request.method);
          return Promise.resolve({ response: { statusCode: 200, headers: {} } });
        },
      },
    });
    await using s3 = await startS3();
    await open(s3.emitter({ client }));
    expect(asked).toEqual(["HEAD"]);
  });
});
