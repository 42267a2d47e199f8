import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { asError } from "@kinesis-connectors/core";

import type { KinesisBatchResponse, KinesisEvent } from "../event.js";
import type { EventSourceMapping } from "../mapping/event-source-mapping.js";
import type { InvocationOrder } from "./sandbox.js";

/** Paths of the runtime API (Lambda developer guide, "Using the Lambda runtime API"). */
const NEXT = "/2018-06-01/runtime/invocation/next";
const OF_INVOCATION = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/;
const INIT_ERROR = "/2018-06-01/runtime/init/error";
const MAPPINGS = /^\/2015-03-31\/event-source-mappings\//;

interface Asked {
  readonly event: KinesisEvent;
  readonly order: InvocationOrder;
  readonly resolve: (answer: KinesisBatchResponse | null) => void;
  readonly reject: (error: Error) => void;
}

/** Lambda's runtime API for one sandbox, on this machine: the function asks for its next event, and says how it went. */
export class RuntimeApi {
  readonly #server: Server;
  readonly #mappings: () => readonly EventSourceMapping[];
  readonly #underWay = new Map<string, Asked>();
  #waiting: Asked[] = [];
  #poll: ServerResponse | undefined;
  #failure: Error | undefined;

  /** @param mappings what ListEventSourceMappings answers, which is served here too */
  constructor(mappings: () => readonly EventSourceMapping[]) {
    this.#mappings = mappings;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(asError(error)));
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  /** `127.0.0.1:<port>`, for AWS_LAMBDA_RUNTIME_API. */
  get address(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `127.0.0.1:${port}`;
  }

  /** Hands an event to the function, as soon as it asks for one. */
  async invoke(event: KinesisEvent, order: InvocationOrder): Promise<KinesisBatchResponse | null> {
    if (this.#failure !== undefined) throw this.#failure;
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ event, order, resolve, reject });
      this.#handOver();
    });
  }

  /** Nothing more comes from the function: what it has been given failed. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of [...this.#waiting, ...this.#underWay.values()]) reject(error);
    this.#waiting = [];
    this.#underWay.clear();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").split("?")[0] ?? "";
    if (path === NEXT) {
      this.#poll = response;
      this.#handOver();
      return;
    }
    const body = await textOf(request);
    if (MAPPINGS.test(path)) {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ EventSourceMappings: this.#mappings() }));
      return;
    }
    const [, requestId = "", kind] = OF_INVOCATION.exec(path) ?? [];
    if (path === INIT_ERROR) this.fail(new Error(`the function did not start: ${body}`));
    else if (kind === undefined) response.statusCode = 404;
    const asked = this.#underWay.get(requestId);
    this.#underWay.delete(requestId);
    if (kind === "response")
      asked?.resolve(body === "" ? null : (JSON.parse(body) as KinesisBatchResponse | null));
    else if (kind === "error") asked?.reject(new Error(body));
    if (kind !== undefined || path === INIT_ERROR) response.statusCode = 202;
    response.end();
  }

  #handOver(): void {
    const response = this.#poll;
    if (response === undefined) return;
    const asked = this.#waiting.shift();
    if (asked === undefined) return;
    this.#poll = undefined;
    const { requestId, deadlineMs, functionArn } = asked.order;
    this.#underWay.set(requestId, asked);
    response.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": requestId,
      "lambda-runtime-deadline-ms": String(Math.floor(deadlineMs)),
      "lambda-runtime-invoked-function-arn": functionArn,
    });
    response.end(JSON.stringify(asked.event));
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
