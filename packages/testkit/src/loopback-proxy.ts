import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { checkOptions, type OptionNames } from "@kinesis-connectors/core";

/** What becomes of a CONNECT: the way is opened, nothing comes back, the connection is closed, or this status is answered. */
export type ProxyAnswer = "open" | "silence" | "close" | number;

/** Options of `startLoopbackProxy`. */
export interface LoopbackProxyOptions {
  /** The port of 127.0.0.1 that a host of a CONNECT is led to. Default: the port that was asked for. */
  readonly route?: (host: string, port: number) => number;
  /** The port of 127.0.0.1 that connections are led to which begin with anything else than CONNECT. Default: they are closed. */
  readonly forwardTo?: number;
  /** User and password that it asks for, divided by a colon; whoever gives others is answered 407. Default: none. */
  readonly credentials?: string;
  /** Speaks TLS to whoever connects. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
}

const NAMES: OptionNames<LoopbackProxyOptions> = {
  route: true,
  forwardTo: true,
  credentials: true,
  tls: { key: true, cert: true },
};

/** A proxy on loopback, and the network around it. */
export interface LoopbackProxy extends AsyncDisposable {
  readonly port: number;
  /** The hosts of all CONNECTs, as `host:port`, in order. */
  readonly asked: readonly string[];
  /** How many connections were opened to it. */
  readonly connections: () => number;
  /** What becomes of CONNECTs from now on. */
  readonly answer: (answer: ProxyAnswer) => void;
  /**
   * Drops, from now on, what comes over the connections that are open, in both directions, and closes none of them: as a NAT gateway does that has taken
   * over from another one. New connections work.
   */
  readonly forgetConnections: () => void;
  /** Closes the connections that are open. */
  readonly closeConnections: () => void;
}

/**
 * Starts a proxy that knows CONNECT (RFC 9110 section 9.3.6), and forwards other connections to one port: for tests of clients on a network that is
 * not as it should be.
 *
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export async function startLoopbackProxy(options: LoopbackProxyOptions = {}): Promise<LoopbackProxy> {
  checkOptions("startLoopbackProxy", options, NAMES);
  const { route = (_host: string, port: number) => port, forwardTo, credentials, tls } = options;
  const asked: string[] = [];
  const open = new Set<Socket>();
  const ends = new Set<Connection>();
  let connections = 0;
  let answering: ProxyAnswer = "open";

  const lead = (client: Socket, port: number, first: Buffer, greeting: string): void => {
    const service = connect(port, "127.0.0.1");
    open.add(service);
    const connection = { isForgotten: false };
    ends.add(connection);
    const forward = (from: Socket, to: Socket): void => {
      from.on("data", (bytes) => {
        if (!connection.isForgotten) to.write(bytes);
      });
      from.on("close", () => {
        open.delete(from);
        ends.delete(connection);
        if (!connection.isForgotten) to.destroy();
      });
      from.on("error", () => undefined);
    };
    forward(client, service);
    forward(service, client);
    service.once("connect", () => client.write(greeting));
    service.write(first);
  };

  const begin = (client: Socket, head: Buffer, rest: Buffer): void => {
    const target = /^CONNECT (\S+):(\d+) HTTP\/1\.1\r\n/u.exec(head.toString("latin1"));
    if (target?.[1] === undefined) {
      if (forwardTo === undefined) client.destroy();
      else lead(client, forwardTo, Buffer.concat([head, rest]), "");
      return;
    }
    const host = target[1];
    const port = Number(target[2]);
    asked.push(`${host}:${port}`);
    const given = /\r\nproxy-authorization: Basic (\S+)\r\n/iu.exec(head.toString("latin1"))?.[1] ?? "";
    const isKnown = credentials === undefined || Buffer.from(given, "base64").toString() === credentials;
    const what = isKnown ? answering : 407;
    if (what === "silence") return;
    if (what === "close") client.destroy();
    else if (what === "open")
      lead(client, route(host, port), rest, "HTTP/1.1 200 Connection established\r\n\r\n");
    else client.end(`HTTP/1.1 ${what} No\r\nproxy-authenticate: Basic\r\ncontent-length: 4\r\n\r\noops`);
  };

  const accept = (client: Socket): void => {
    connections += 1;
    open.add(client);
    client.on("error", () => undefined);
    client.on("close", () => open.delete(client));
    let bytes = Buffer.alloc(0);
    const listen = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const isConnect = "CONNECT ".startsWith(bytes.toString("latin1", 0, 8));
      const end = isConnect ? bytes.indexOf("\r\n\r\n") : 0;
      if (end < 0) return;
      client.off("data", listen);
      const length = isConnect ? end + 4 : bytes.length;
      begin(client, bytes.subarray(0, length), bytes.subarray(length));
    };
    client.on("data", listen);
  };

  const closeConnections = (): void => {
    for (const socket of open) socket.destroy();
  };

  const server: Server = tls === undefined ? createServer(accept) : createTlsServer({ ...tls }, accept);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    connections: () => connections,
    answer: (answer) => {
      answering = answer;
    },
    forgetConnections: () => {
      for (const connection of ends) connection.isForgotten = true;
    },
    closeConnections,
    [Symbol.asyncDispose]: async () => {
      closeConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A client's way to a service. */
interface Connection {
  isForgotten: boolean;
}
