import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";

/** A request as it came. */
export interface Asked {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What the server answers. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Sends so many bytes of the body, and closes. */
  readonly cutAt?: number;
}

/** A server that keeps what it was asked, and answers what the test says. */
export async function startRecorder(answer: Answer) {
  const asked: Asked[] = [];
  const recorder = { asked, answer, endpoint: "" };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const line = `${request.method} ${request.url} HTTP/${request.httpVersion}`;
      asked.push({ line, headers: request.headers, body: Buffer.concat(parts) });
      const { status = 200, headers = {}, body = "{}", cutAt } = recorder.answer;
      const bytes = Buffer.from(body);
      const isCbor = typeof body !== "string";
      response.writeHead(status, {
        "content-type": isCbor ? "application/x-amz-cbor-1.1" : "application/x-amz-json-1.1",
        "content-length": String(bytes.length),
        "x-amzn-requestid": `request-${asked.length}`,
        ...headers,
      });
      if (cutAt === undefined) response.end(bytes);
      else response.write(bytes.subarray(0, cutAt), () => request.socket.destroy());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  recorder.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(recorder, {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}
export type Recorder = Awaited<ReturnType<typeof startRecorder>>;

/** Headers, but for those of which each request has its own; those must be there. */
export function sameOf({ headers, body }: Asked): object {
  const {
    authorization = "",
    "x-amz-content-sha256": digest,
    "x-amz-date": date,
    "amz-sdk-invocation-id": id,
    connection: _,
    ...same
  } = headers;
  expect(digest).toBe(createHash("sha256").update(body).digest("hex"));
  expect(date).toMatch(/^\d{8}T\d{6}Z$/);
  expect(id).toMatch(/^[\da-f-]{36}$/);
  return { ...same, authorization: authorization.replace(/Signature=[\da-f]{64}$/, "") };
}
