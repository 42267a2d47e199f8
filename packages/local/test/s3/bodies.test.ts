import { request, type OutgoingHttpHeaders } from "node:http";
import { GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checksumOf } from "../../src/s3/protocol/checksums.js";
import { startS3, type RunningS3 } from "./start-s3.js";

const Bucket = "things";
let s3: RunningS3;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(async () => {
  await s3.stop();
});

/** Sends exactly these bytes and gives status and answer. */
function put(key: string, headers: OutgoingHttpHeaders, body: string, chunked = false) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const sent = request(
      `${s3.server.url}/${Bucket}/${key}`,
      {
        method: "PUT",
        headers: { ...(chunked ? {} : { "content-length": Buffer.byteLength(body) }), ...headers },
        agent: false,
      },
      (answer) => {
        let text = "";
        answer.on("data", (piece: Buffer) => {
          text += piece.toString();
        });
        answer.on("end", () => {
          resolve({ status: answer.statusCode ?? 0, text });
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

const textOf = async (Key: string) =>
  (await s3.client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

const signature = `;chunk-signature=${"ab".repeat(32)}`;
const signed = `5${signature}\r\nhello\r\n6${signature}\r\n world\r\n0${signature}\r\n`;
const crc = checksumOf("CRC32C", Buffer.from("hello world"));
const streaming = { "content-encoding": "aws-chunked", "x-amz-decoded-content-length": "11" };

describe("a streaming body", () => {
  it("signed chunk by chunk is stored without its framing", async () => {
    const headers = { ...streaming, "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" };
    expect(await put("signed", headers, `${signed}\r\n`)).toMatchObject({ status: 200 });
    expect(await textOf("signed")).toBe("hello world");
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: "signed" }));
    expect(head.ContentEncoding).toBeUndefined();
  });

  it("signed with a trailer is verified by the trailer, and keeps its other encoding", async () => {
    const headers = {
      "content-encoding": "aws-chunked,gzip",
      "x-amz-decoded-content-length": "11",
      "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
      "x-amz-trailer": "x-amz-checksum-crc32c",
    };
    const trailer = (value: string) =>
      `${signed}x-amz-checksum-crc32c:${value}\r\nx-amz-trailer-signature:${"0".repeat(64)}\r\n\r\n`;
    expect(await put("trailer", headers, trailer(crc))).toMatchObject({ status: 200 });
    const head = await s3.client.send(
      new HeadObjectCommand({ Bucket, Key: "trailer", ChecksumMode: "ENABLED" }),
    );
    expect(head).toMatchObject({ ContentEncoding: "gzip", ChecksumCRC32C: crc, ContentLength: 11 });
    const wrong = await put("wrong", headers, trailer("AAAAAA=="));
    expect(wrong).toMatchObject({ status: 400, text: expect.stringContaining("BadDigest") as string });
    const missing = await put("missing", headers, `${signed}\r\n`);
    expect(missing.text).toContain("MalformedTrailerError");
  });

  it("of another decoded length than declared is IncompleteBody", async () => {
    const headers = {
      ...streaming,
      "x-amz-decoded-content-length": "12",
      "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    };
    const answer = await put("short", headers, "b\r\nhello world\r\n0\r\n\r\n");
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining("IncompleteBody") as string });
  });

  it("whose framing is broken is answered, not cut", async () => {
    const headers = { ...streaming, "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER" };
    const answer = await put("broken", headers, `zz\r\n${"x".repeat(200_000)}`);
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining("malformed") as string });
  });

  it("without its decoded length is MissingContentLength", async () => {
    const headers = { "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER" };
    expect(await put("unknown", headers, "0\r\n\r\n")).toMatchObject({ status: 411 });
  });
});

describe("a plain body", () => {
  it("of unknown length is refused as S3 refuses it", async () => {
    const answer = await put("chunked", { "transfer-encoding": "chunked" }, "x", true);
    expect(answer).toMatchObject({
      status: 501,
      text: expect.stringContaining("Transfer-Encoding") as string,
    });
  });

  it("that does not match x-amz-content-sha256 is refused", async () => {
    const answer = await put("sha", { "x-amz-content-sha256": "0".repeat(64) }, "x");
    expect(answer.text).toContain("XAmzContentSHA256Mismatch");
    expect((await put("sha", { "x-amz-content-sha256": "nonsense" }, "x")).text).toContain("InvalidArgument");
    expect((await put("sha", { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }, "x")).status).toBe(200);
  });

  it("with two checksums, or one promised and not sent, is refused", async () => {
    const two = { "x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-crc32c": "AAAAAA==" };
    expect((await put("two", two, "x")).text).toContain("Multiple checksum Types");
    const promised = { "x-amz-sdk-checksum-algorithm": "CRC32" };
    expect((await put("promised", promised, "x")).text).toContain("no corresponding");
  });

  it("without a checksum gets S3's own, CRC-64/NVME of the whole object", async () => {
    await put("own", {}, "hello world");
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: "own", ChecksumMode: "ENABLED" }));
    expect(head).toMatchObject({
      ChecksumCRC64NVME: checksumOf("CRC64NVME", Buffer.from("hello world")),
      ChecksumType: "FULL_OBJECT",
    });
  });
});

it("virtual-host style reaches the same objects", async () => {
  const { port } = s3.server;
  const answer = await new Promise<number>((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, method: "PUT", path: "/by/host", agent: false },
      (got) => {
        got.resume();
        resolve(got.statusCode ?? 0);
      },
    );
    sent.setHeader("host", `${Bucket}.localhost:${port}`);
    sent.on("error", reject);
    sent.end("hosted");
  });
  expect(answer).toBe(200);
  expect(await textOf("by/host")).toBe("hosted");
});
