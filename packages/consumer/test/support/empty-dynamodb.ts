import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { HttpHandler } from "@kinesis-connectors/aws";
import { vi } from "vitest";

/** Answers a request with nothing but its status. */
export function answerEmpty(response: ServerResponse, status: number = 200): void {
  response
    .writeHead(status, { "content-type": "application/x-amz-json-1.0", "content-length": "2" })
    .end("{}");
}

/**
 * A server that knows nothing, and a client of it that counts what goes through all of its steps.
 * @param asked is given the response of each request once that is there
 */
export async function startEmptyDynamoDb(
  asked: (response: ServerResponse) => void,
  {
    maxAttempts = 1,
    requestTimeoutMs,
  }: { readonly maxAttempts?: number; readonly requestTimeoutMs?: number } = {},
) {
  const server = createServer((request, response) => {
    request.resume().on("end", () => asked(response));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new DynamoDBClient({
    region: "eu-central-1",
    credentials: { accessKeyId: "access-key", secretAccessKey: "secret-key" },
    maxAttempts,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requestHandler: new HttpHandler(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
  });
  client.middlewareStack.remove("loggerMiddleware");
  return {
    client,
    inAllSteps: vi.spyOn(client.config.requestHandler, "handle"),
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
