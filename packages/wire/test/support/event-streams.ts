import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";

import { EventStreamCodec } from "@smithy/core/event-streams";
import { fromUtf8, toUtf8 } from "@smithy/core/serde";

/** The SDK's own encoder. */
export const codec = new EventStreamCodec(toUtf8, fromUtf8);

export type Message = Parameters<EventStreamCodec["encode"]>[0];

/** A message of an event stream, with these headers and perhaps others beside them. */
export const messageOf = (
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  others: Message["headers"] = {},
): Buffer =>
  Buffer.from(
    codec.encode({
      headers: {
        ...others,
        ...Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name, { type: "string" as const, value }]),
        ),
      },
      body,
    }),
  );

export const eventOf = (type: string, body: Uint8Array, others: Message["headers"] = {}): Buffer =>
  messageOf(
    { ":message-type": "event", ":event-type": type, ":content-type": "application/x-amz-json-1.1" },
    body,
    others,
  );

export const exceptionOf = (type: string, body: Uint8Array): Buffer =>
  messageOf({ ":message-type": "exception", ":exception-type": type }, body);

/** Cuts bytes into parts of the given sizes, over and over; a copy each, as parts come from the network. */
export const parts = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const cut: Buffer[] = [];
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    cut.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return cut;
};

/** A server over HTTP/2, as SubscribeToShard has it, whose event streams a test writes itself. */
export const serveEventStreams = async (
  respond: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
) => {
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  // A client that has seen enough goes away.
  server.on("sessionError", () => undefined);
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    stream.resume();
    stream.respond({ ":status": 200, "content-type": "application/vnd.amazon.eventstream" });
    respond(stream, headers);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
};
