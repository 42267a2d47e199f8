import { readFileSync } from "node:fs";
import { createServer as createHttp2Server, createSecureServer, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type Answer, cannedAnswers, type Request } from "./answers.js";
import { SET_NAMES } from "./data-sets.js";
import { initialResponse } from "./pages.js";

/** Where the server listens. */
export interface Endpoints {
  readonly http1: string;
  readonly https1: string;
  readonly http2: string;
  readonly https2: string;
}

/** A server whose answers are all there before the first request. */
export interface CannedServer {
  readonly endpoints: Endpoints;
  readonly close: () => Promise<void>;
}

/** The certificate of the servers, and of nothing else: its key is in the repository. */
export const CERTIFICATE_FILE: URL = new URL("../tls/test-only-certificate.pem", import.meta.url);
const KEY_FILE: URL = new URL("../tls/test-only-key.pem", import.meta.url);

/** Starts the server: HTTP/1.1 written to bare sockets, HTTP/2 by Node's own server; each in cleartext and over TLS. */
export async function startCannedServer(): Promise<CannedServer> {
  const answers = cannedAnswers();
  const tls = { cert: readFileSync(CERTIFICATE_FILE), key: readFileSync(KEY_FILE) };
  const onSocket = (socket: Socket): void => serveHttp1(socket, answers.answer);
  const onStream = (stream: ServerHttp2Stream, headers: Readonly<Record<string, unknown>>): void =>
    serveHttp2(stream, headers, answers);
  const sockets = new Set<{ readonly destroy: () => void }>();
  const plain2 = createHttp2Server().on("stream", onStream);
  const secure2 = createSecureServer(tls).on("stream", onStream);
  for (const server of [plain2, secure2]) server.on("session", (session) => sockets.add(session));
  const servers: Server[] = [createServer(onSocket), createTlsServer(tls, onSocket), plain2, secure2];
  for (const server of servers) {
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
  const url = (index: number, scheme: string): string =>
    `${scheme}://127.0.0.1:${(servers[index]?.address() as AddressInfo).port}`;
  return {
    endpoints: {
      http1: url(0, "http"),
      https1: url(1, "https"),
      http2: url(2, "http"),
      https2: url(3, "https"),
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    },
  };
}

function serveHttp1(socket: Socket, answer: (request: Request) => Answer): void {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let neededBytes = 1;
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    while (waitingBytes >= neededBytes && waitingBytes > 0) {
      const bytes = waiting.length === 1 ? (waiting[0] ?? Buffer.alloc(0)) : Buffer.concat(waiting, waitingBytes);
      waiting = [bytes];
      const headEnd = bytes.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const head = bytes.toString("latin1", 0, headEnd).toLowerCase();
      const length = Number(/\ncontent-length: *(\d+)/.exec(head)?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (bytes.length < end) {
        neededBytes = end;
        return;
      }
      const { contentType, body } = answer({
        operation: operationOf(bytes.toString("latin1", 0, headEnd)),
        isCbor: head.includes("application/x-amz-cbor"),
        body: bytes.subarray(headEnd + 4, end),
      });
      const header = `HTTP/1.1 200 OK\r\ncontent-type: ${contentType}\r\ncontent-length: ${body.length}\r\nx-amzn-requestid: bench\r\n\r\n`;
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
  const named = /bench-([0-9a-z]+)/.exec(body.toString("latin1"))?.[1];
  const page = event(SET_NAMES.find((name) => name === named) ?? "200b");
  stream.respond({ ":status": 200, "content-type": "application/vnd.amazon.eventstream" });
  stream.write(initialResponse());
  while (!stream.destroyed && !stream.closed) {
    const bytes = page.advance();
    await new Promise<void>((resolve) => {
      stream.once("close", resolve);
      stream.write(bytes, () => {
        stream.removeListener("close", resolve);
        resolve();
      });
    });
  }
}
