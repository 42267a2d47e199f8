import { readFileSync } from "node:fs";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type Answer, cannedAnswers, type Request } from "./answers.js";
import { initialResponse } from "../data/pages.js";

/** Where the server listens, in cleartext and over TLS; both speak HTTP/1.1 and HTTP/2. */
export interface Endpoints {
  readonly clear: string;
  readonly tls: string;
}

/** A server whose answers are all there before the first request. */
export interface CannedServer {
  readonly endpoints: Endpoints;
  readonly close: () => Promise<void>;
}

/** The certificate of the servers, and of nothing else: its key is in the repository. */
export const CERTIFICATE_FILE: URL = new URL("../../tls/test-only-certificate.pem", import.meta.url);
const KEY_FILE: URL = new URL("../../tls/test-only-key.pem", import.meta.url);

/** Starts the server: HTTP/1.1 written to bare sockets, HTTP/2 by Node's own server. */
export async function startCannedServer(): Promise<CannedServer> {
  const answers = cannedAnswers();
  const sockets = new Set<Socket>();
  const http2 = createHttp2Server().on("stream", (stream, headers) => serveHttp2(stream, headers, answers));
  // The client gives the connections up when it has seen enough.
  http2.on("sessionError", () => undefined);
  const clear = createServer((socket) => {
    // HTTP/2 without TLS begins with "PRI * HTTP/2.0" (RFC 9113 §3.4).
    socket.once("data", (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      if (first.toString("latin1", 0, 3) === "PRI") http2.emit("connection", socket);
      else serveHttp1(socket, answers.answer);
    });
  });
  const tls = createTlsServer(
    {
      cert: readFileSync(CERTIFICATE_FILE),
      key: readFileSync(KEY_FILE),
      ALPNProtocols: ["h2", "http/1.1"],
    },
    (socket) => {
      if (socket.alpnProtocol === "h2") http2.emit("connection", socket);
      else serveHttp1(socket, answers.answer);
    },
  );
  for (const server of [clear, tls]) {
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
  tls.on("tlsClientError", () => undefined);
  return {
    endpoints: { clear: `http://127.0.0.1:${portOf(clear)}`, tls: `https://127.0.0.1:${portOf(tls)}` },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(
        [clear, tls].map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
      );
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen");
  return address.port;
}

function serveHttp1(socket: Socket, answer: (request: Request) => Answer): void {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let neededBytes = 1;
  let answered = 0;
  socket.setNoDelay(true);
  socket.on("data", (chunk: Buffer) => {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    while (waitingBytes >= neededBytes && waitingBytes > 0) {
      const bytes =
        waiting.length === 1 ? (waiting[0] ?? Buffer.alloc(0)) : Buffer.concat(waiting, waitingBytes);
      waiting = [bytes];
      const headEnd = bytes.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const head = bytes.toString("latin1", 0, headEnd).toLowerCase();
      const length = Number(/\ncontent-length: *(\d+)/.exec(head)?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (bytes.length < end) {
        // Go sends large bodies only once it is told to go on (RFC 9110 §10.1.1).
        if (neededBytes !== end && head.includes("expect: 100-continue"))
          socket.write("HTTP/1.1 100 Continue\r\n\r\n");
        neededBytes = end;
        return;
      }
      const operation = operationOf(bytes.toString("latin1", 0, headEnd));
      const { contentType, body } = answer({
        operation,
        isCbor: head.includes("application/x-amz-cbor"),
        body: bytes.subarray(headEnd + 4, end),
      });
      answered += 1;
      // What names no operation puts an object: an answer that has no ETag is none of S3's.
      const etag = operation === "" ? 'etag: "bench"\r\n' : "";
      const header = `HTTP/1.1 200 OK\r\ncontent-type: ${contentType}\r\ncontent-length: ${body.length}\r\nx-amzn-requestid: bench-${answered}\r\n${etag}\r\n`;
      socket.cork();
      socket.write(header, "latin1");
      socket.write(body);
      socket.uncork();
      const rest = bytes.subarray(end);
      waiting = rest.length === 0 ? [] : [rest];
      waitingBytes = rest.length;
      neededBytes = 1;
    }
  });
  socket.resume();
}

function operationOf(head: string): string {
  return /x-amz-target: *[^.\r]+\.(\w+)/i.exec(head)?.[1] ?? "";
}

function serveHttp2(
  stream: ServerHttp2Stream,
  headers: Readonly<Record<string, unknown>>,
  { answer, event }: ReturnType<typeof cannedAnswers>,
): void {
  const chunks: Buffer[] = [];
  stream.on("error", () => stream.destroy());
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    const body = Buffer.concat(chunks);
    const operation = String(headers["x-amz-target"]).split(".")[1] ?? "";
    if (operation === "SubscribeToShard") {
      void sendEvents(stream, body, event);
      return;
    }
    const isCbor = String(headers["content-type"]).includes("cbor");
    const given = answer({ operation, isCbor, body });
    stream.respond({
      ":status": 200,
      "content-type": given.contentType,
      "content-length": given.body.length,
      "x-amzn-requestid": "bench",
    });
    // Copied: another session may ask for the next page while this one is still on its way.
    stream.end(Buffer.from(given.body));
  });
}

async function sendEvents(
  stream: ServerHttp2Stream,
  body: Buffer,
  event: ReturnType<typeof cannedAnswers>["event"],
): Promise<void> {
  const next = event(body);
  stream.respond({ ":status": 200, "content-type": "application/vnd.amazon.eventstream" });
  stream.write(initialResponse());
  while (!stream.destroyed && !stream.closed) {
    const bytes = next();
    await new Promise<void>((resolve) => {
      stream.once("close", resolve);
      stream.write(bytes, () => {
        stream.removeListener("close", resolve);
        resolve();
      });
    });
  }
}
