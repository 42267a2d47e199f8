import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";

/** A request as it came over the wire. */
export interface Asked {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What a test has the server answer; 200 and `{}` where it says nothing. */
export interface Answered {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Breaks the connection instead. */
  readonly breaks?: boolean;
}

/** An HTTP server on loopback whose answers a test makes up, and which keeps what it was asked. */
export interface AnsweringServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly asked: Asked[];
  answer: (asked: Asked, count: number) => Answered;
}

/** Credentials that nobody knows. */
export const CREDENTIALS = { accessKeyId: "access-key", secretAccessKey: "secret-key" } as const;

export async function startAnswering(
  answer: AnsweringServer["answer"] = () => ({}),
): Promise<AnsweringServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const one = { headers: request.headers, body: Buffer.concat(parts) };
      asked.push(one);
      const { status = 200, headers = {}, body = "{}", breaks = false } = answering.answer(one, asked.length);
      if (breaks) request.socket.destroy();
      else response.writeHead(status, { "content-type": "application/x-amz-json-1.0", ...headers }).end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const answering: AnsweringServer = {
    endpoint: `http://127.0.0.1:${port}`,
    asked,
    answer,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return answering;
}
