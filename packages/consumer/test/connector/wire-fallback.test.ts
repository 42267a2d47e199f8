import { once } from "node:events";
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";

import { describe, expect, it } from "vitest";

import { startConnector } from "../../src/connector.js";
import type { ConnectorEvent } from "../../src/events.js";
import { collector, numbered, optionsFor, startAws, STREAM, textPipeline } from "./support.js";

/** A server in front of another one that knows nothing of CBOR, as older stand-ins for Kinesis do not. */
async function jsonOnly(target: string) {
  const server = createServer((request, response) => {
    if (request.headers["content-type"]?.includes("cbor") === true) {
      request.resume();
      response.writeHead(400, { "content-type": "application/x-amz-json-1.1" });
      response.end('{"__type":"SerializationException"}');
      return;
    }
    const { method, headers, url } = request;
    const onward = send(new URL(url ?? "/", target), {
      ...(method === undefined ? {} : { method }),
      headers,
    });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a port has an address of this form.
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

describe("a connector whose server speaks no CBOR", () => {
  it("tells it once as an event, and reads in JSON", async () => {
    await using local = await startAws();
    await using front = await jsonOnly(local.endpoints.kinesis);
    local.kinesis.putRecords(STREAM, numbered(1, 20));
    const collected = collector();
    const options = optionsFor(local, textPipeline(collected.emitter));
    const connector = await startConnector({
      ...options,
      endpoints: { ...options.endpoints, kinesis: front.endpoint },
    });
    const fallbacks: ConnectorEvent[] = [];
    for await (const event of connector) {
      if (event.type === "wire-fallback") fallbacks.push(event);
      if (event.type === "checkpoint-commit") void connector.stop();
    }
    expect(fallbacks).toEqual([{ type: "wire-fallback", wireFormat: "json" }]);
    expect(collected.all()).toEqual(numbered(1, 20).map(({ data }) => data));
  });
});
