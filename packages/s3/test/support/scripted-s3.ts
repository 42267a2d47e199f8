import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { ndjson, s3Emitter, type S3EmitterOptions } from "@kinesis-connectors/s3";

/** A request as it came over the connection. */
export interface Came {
  readonly method: string;
  readonly url: string;
  /** Names as they were sent, in their order. */
  readonly names: readonly string[];
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** Whether the SDK's client sent it: node:http, which the client sends by, says that it keeps the connection. */
  readonly isOfClient: boolean;
}

/** How a request is answered instead of well. */
export type Answer = (response: ServerResponse) => unknown;

/** An error as S3 tells it. */
export function xmlError(status: number, code: string, headers: Record<string, string> = {}): Answer {
  return (response) =>
    response
      .writeHead(status, { "content-type": "application/xml", ...headers })
      .end(`<Error><Code>${code}</Code><Message>said by the script</Message></Error>`);
}

/** A bucket that takes everything, but for what it is told to answer. */
export async function startScriptedS3() {
  const came: Came[] = [];
  const script: Answer[] = [];
  let answers = 0;
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const { method = "", url = "", headers, rawHeaders } = request;
      came.push({
        method,
        url,
        names: rawHeaders.filter((_, nth) => nth % 2 === 0),
        headers,
        body: Buffer.concat(pieces).toString(),
        isOfClient: headers.connection !== undefined,
      });
      response.setHeader("x-amz-request-id", `request-${(answers += 1)}`);
      const answer = method === "PUT" ? script.shift() : undefined;
      if (answer === undefined) response.setHeader("etag", '"0"').end();
      else answer(response);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const endpoint = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const emitters: ReturnType<typeof s3Emitter<unknown>>[] = [];
  return {
    endpoint,
    came,
    /** What came since the last time. */
    taken: (): readonly Came[] => came.splice(0),
    /** The next writes are answered so, one by one. */
    answer: (...answers: readonly Answer[]) => script.push(...answers),
    emitter: (options: Partial<S3EmitterOptions<unknown>> = {}) => {
      const own =
        options.client === undefined
          ? { endpoint, region: "eu-central-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } }
          : {};
      const emitter = s3Emitter<unknown>({ ...own, bucket: "clicks", format: ndjson(), ...options });
      emitters.push(emitter);
      return emitter;
    },
    [Symbol.asyncDispose]: async () => {
      for (const emitter of emitters) await emitter.close?.();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
