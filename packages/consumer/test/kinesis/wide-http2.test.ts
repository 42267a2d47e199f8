import { once } from "node:events";
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";

import { SubscribeToShardCommand } from "@aws-sdk/client-kinesis";
import { silentLogger } from "@kinesis-connectors/core";
import { expect, it } from "vitest";

import { createSubscriptionClient } from "../../src/kinesis/clients/kinesis-clients.js";

const credentials = { accessKeyId: "a", secretAccessKey: "b" };

/** A server that looks at the session of whoever subscribes. */
async function serve(respond: (stream: ServerHttp2Stream) => void) {
  const sockets = new Set<Socket>();
  const sessions: ServerHttp2Session[] = [];
  const server = createServer();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("session", (session) => sessions.push(session));
  server.on("sessionError", () => undefined);
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    stream.resume();
    respond(stream);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    sessions,
    endpoint: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function subscribe(endpoint: string, abortSignal: AbortSignal) {
  const client = await createSubscriptionClient(
    { endpoint, region: "eu-central-1", credentials },
    silentLogger,
  );
  const command = new SubscribeToShardCommand({
    ConsumerARN: "arn:aws:kinesis:eu-central-1:000000000000:stream/orders/consumer/c:1",
    ShardId: "shardId-000000000000",
    StartingPosition: { Type: "LATEST" },
  });
  return client.send(command, { abortSignal });
}

it("lets the service send half a mebibyte ahead, in the stream and in the session", async () => {
  await using server = await serve((stream) => {
    stream.respond({ ":status": 200, "content-type": "application/vnd.amazon.eventstream" });
  });
  const connection = new AbortController();
  const answer = subscribe(server.endpoint, connection.signal);
  await expect.poll(() => server.sessions[0]?.remoteSettings.initialWindowSize).toBe(512 * 1024);
  // Nothing has been sent that would be taken off it.
  await expect.poll(() => server.sessions[0]?.state.remoteWindowSize).toBe(512 * 1024);
  connection.abort();
  await answer;
});

it("passes a refusal on, whose stream is over by then", async () => {
  await using server = await serve((stream) => {
    stream.respond({ ":status": 400, "content-type": "application/x-amz-json-1.1" });
    stream.end('{"__type":"ResourceInUseException","message":"another one"}');
  });
  await expect(subscribe(server.endpoint, new AbortController().signal)).rejects.toMatchObject({
    name: "ResourceInUseException",
    message: "another one",
  });
});
