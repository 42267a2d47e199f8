import { createServer, type Server } from "node:http";
import { isIPv6 } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { asError, errorFields, invalidOption } from "@kinesis-connectors/core";
import type { Hono } from "hono";
import { type AdminEnv, SAFE_HEADERS } from "./answers.js";
import type { Address } from "./address.js";

// Of those who look, a few at a time; whoever opens more connections than that, or dawdles, takes nothing from the connector.
const MAX_CONNECTIONS = 64;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 5_000;
/** Of a connection on which nothing has gone either way: one that does not read its answer. */
const SILENCE_MS = 60_000;

/**
 * Serves an application on an address, and resolves with its URL.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option that cannot be had
 */
export async function listen(address: Address, app: Hono<AdminEnv>, servers: Server[]): Promise<string> {
  const listener = listenerOf(app);
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: KEEP_ALIVE_MS,
    },
    (incoming, outgoing) => void listener(incoming, outgoing),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(SILENCE_MS);
  server.on("connection", (socket) => socket.unref());
  servers.push(server);
  const { host, port } = address;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(notListening(address, error)));
    server.listen({ host, port, exclusive: true }, resolve);
  });
  server.unref();
  // A connection that cannot be taken is the client's to try again.
  server.on("error", () => undefined);
  return urlOf(host, portOf(server));
}

/** Closes a server and everything that is open on it. */
export async function closed(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function listenerOf(app: Hono<AdminEnv>): ReturnType<typeof getRequestListener> {
  return getRequestListener((request, env) => app.fetch(request, env), {
    // The process may have its own Request and Response, or another copy of this library.
    overrideGlobalObjects: false,
    errorHandler: () =>
      Response.json(
        { error: { code: "request-malformed", message: "the request line or its Host cannot be read" } },
        { status: 400, headers: SAFE_HEADERS },
      ),
  });
}

function notListening({ host, port, option }: Address, thrown: unknown): Error {
  const { error: code } = errorFields(asError(thrown));
  const hostOption = option.replace(/port$/, "host");
  switch (code) {
    case "EADDRINUSE":
      return invalidOption(
        `${option} ${port} of ${host} is in use: stop who has it, or give another ${option} (0 takes a free one)`,
      );
    case "EACCES":
      return invalidOption(`${option} ${port} is not this user's to listen on: give one above 1023`);
    default:
      return invalidOption(
        `${hostOption} ${host} cannot be listened on (${code}): give an address of this machine`,
      );
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** One that a browser on this machine opens: a server on all addresses is reached by loopback too. */
function urlOf(host: string, port: number): string {
  const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${isIPv6(reached) ? `[${reached}]` : reached}:${port}`;
}
