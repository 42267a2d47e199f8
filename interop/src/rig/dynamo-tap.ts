import { appendFileSync } from "node:fs";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A call of a worker on DynamoDB, as it went over the wire. */
export interface TableCall {
  /** When it was asked, in epoch milliseconds. */
  readonly t: number;
  /** How long the answer took. */
  readonly tookMs: number;
  readonly w: string;
  readonly operation: string;
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The error's name, without its namespace. */
  readonly error: string | undefined;
}

/** A port in front of DynamoDB for each worker, so that every call is known by who made it. */
export class DynamoTap implements AsyncDisposable {
  readonly calls: TableCall[] = [];
  readonly #target: URL;
  readonly #file: string;
  readonly #servers: { readonly close: () => void }[] = [];

  constructor(target: string, file: string) {
    this.#target = new URL(target);
    this.#file = file;
  }

  /** A URL of DynamoDB for one worker. */
  async portFor(worker: string): Promise<string> {
    const server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => this.#forward(worker, incoming, Buffer.concat(chunks), outgoing));
    });
    this.#servers.push({
      close: () => {
        server.close();
        server.closeAllConnections();
      },
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  #forward(worker: string, incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): void {
    const t = Date.now();
    const { host, hostname, port } = this.#target;
    const headers = { ...incoming.headers, host };
    const call = request(
      { hostname, port, path: incoming.url, method: incoming.method, headers },
      (reply) => {
        const chunks: Buffer[] = [];
        reply.on("data", (chunk: Buffer) => chunks.push(chunk));
        reply.on("end", () => {
          const answer = Buffer.concat(chunks);
          const status = reply.statusCode ?? 0;
          this.#note({
            t,
            tookMs: Date.now() - t,
            w: worker,
            operation: String(incoming.headers["x-amz-target"]).split(".").at(-1) ?? "",
            status,
            body: objectOf(body),
            error: status < 400 ? undefined : String(objectOf(answer)["__type"]).split("#").at(-1),
          });
          const { "transfer-encoding": _, ...rest } = reply.headers;
          outgoing.writeHead(status, { ...rest, "content-length": answer.length });
          outgoing.end(answer);
        });
      },
    );
    // Whoever asked sees a cut connection, as it would without anything between.
    call.on("error", () => outgoing.destroy());
    call.end(body);
  }

  #note(call: TableCall): void {
    this.calls.push(call);
    appendFileSync(this.#file, `${JSON.stringify(call)}\n`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) server.close();
    return Promise.resolve();
  }
}

function objectOf(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
