import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";

/** A request as it came over the wire. */
export interface Asked {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What a test has the server answer; 200 and `{}` where it says nothing. */
interface Answered {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Breaks the connection instead. */
  readonly breaks?: boolean;
  /** Does not answer at all. */
  readonly stalls?: boolean;
}

/** An HTTP server on loopback whose answers a test makes up, and which keeps what it was asked. */
export interface AnsweringServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly asked: Asked[];
  /** How many requests were given up before they were answered. */
  readonly abandoned: () => number;
  answer: (asked: Asked, count: number) => Answered;
}

/** Credentials that nobody knows. */
export const CREDENTIALS = { accessKeyId: "access-key", secretAccessKey: "secret-key" } as const;

export async function startAnswering(
  answer: AnsweringServer["answer"] = () => ({}),
): Promise<AnsweringServer> {
  const asked: Asked[] = [];
  let abandoned = 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const one = { headers: request.headers, body: Buffer.concat(parts) };
      asked.push(one);
      const {
        status = 200,
        headers = {},
        body = "{}",
        breaks = false,
        stalls = false,
      } = answering.answer(one, asked.length);
      response.on("close", () => {
        if (!response.writableFinished) abandoned += 1;
      });
      if (stalls) return;
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
    abandoned: () => abandoned,
    answer,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return answering;
}
