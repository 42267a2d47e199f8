import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What becomes of a statement: the connection breaks before or after the server has dealt with it, nobody answers, or this SQLSTATE is answered. */
export type Strike = "break-before" | "break-after" | "silence" | { readonly code: string };

/** A fault that is waiting for its statement. */
interface Rule {
  readonly pattern: RegExp;
  readonly strike: Strike;
  times: number;
  fired: number;
}

/** Stands between a client and PostgreSQL, and knows where a statement begins (manual, "Message Formats"). */
export interface WireProxy extends AsyncDisposable {
  /** The URL of the server, by this way. */
  readonly url: string;
  /** Strikes at the next statements that match. Gives how often it has struck. */
  readonly strike: (pattern: RegExp, strike: Strike, times?: number) => () => number;
  /** The statements that were sent so far. */
  readonly statements: readonly string[];
  /** Connections that were opened so far. */
  readonly connections: () => number;
  /** Breaks all connections that are open. */
  readonly breakAll: () => void;
  /** Calls back with the number of each message of a client that begins a statement, from 1, before the server has it. */
  readonly onStatement: (listener: ((number: number, sql: string) => Strike | undefined) | undefined) => void;
}

/** Starts one in front of a server. */
export async function startWireProxy(target: string): Promise<WireProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const rules: Rule[] = [];
  const statements: string[] = [];
  let connections = 0;
  let listener: ((number: number, sql: string) => Strike | undefined) | undefined;

  const strikeFor = (sql: string): Strike | undefined => {
    statements.push(sql);
    const told = listener?.(statements.length, sql);
    if (told !== undefined) return told;
    const rule = rules.find(({ pattern, times, fired }) => fired < times && pattern.test(sql));
    if (rule === undefined) return undefined;
    rule.fired += 1;
    return rule.strike;
  };

  const server = createServer({ noDelay: true }, (client) => {
    connections += 1;
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    let isSilent = false;
    let breaksAtAnswer = false;
    let isSkipping = false;
    const messages = new Messages();
    client.on("data", (bytes) => {
      for (const { type, whole, text } of messages.take(bytes)) {
        if (isSilent) continue;
        if (isSkipping) {
          // Of a statement in steps everything up to its end belongs to the answer that was given.
          if (type !== "S") continue;
          isSkipping = false;
          client.write(READY);
          continue;
        }
        const strike = text === undefined ? undefined : strikeFor(text);
        if (strike === "break-before") {
          client.destroy();
          return;
        }
        if (strike === "silence") isSilent = true;
        else if (typeof strike === "object") {
          client.write(errorOf(strike.code));
          if (type === "P") isSkipping = true;
          else client.write(READY);
        } else {
          if (strike === "break-after") breaksAtAnswer = true;
          upstream.write(whole);
        }
      }
    });
    upstream.on("data", (bytes) => {
      if (!breaksAtAnswer) {
        client.write(bytes);
        return;
      }
      // Only when it is ready again has it dealt with the statement: of several steps the first answers come before.
      if (bytes.toString("latin1").includes("Z\0\0\0\u0005")) client.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(target);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    statements,
    connections: () => connections,
    strike: (pattern, strike, times = 1) => {
      const rule: Rule = { pattern, strike, times, fired: 0 };
      rules.push(rule);
      return () => rule.fired;
    },
    breakAll,
    onStatement: (given) => {
      listener = given;
    },
    [Symbol.asyncDispose]: async () => {
      breakAll();
      server.close();
      await once(server, "close");
    },
  };
}

const READY = Buffer.from("Z\0\0\0\u0005I", "latin1");

function errorOf(code: string): Buffer {
  const fields = Buffer.from(`SERROR\0VERROR\0C${code}\0Msaid by a test\0\0`, "latin1");
  const head = Buffer.from("E\0\0\0\0", "latin1");
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

interface Message {
  /** Undefined for what comes before a client is known. */
  readonly type: string | undefined;
  readonly whole: Buffer;
  /** The statement that it begins. */
  readonly text: string | undefined;
}

/** Takes a client's messages out of its bytes. The first has no type. */
class Messages {
  readonly #chunks: Buffer[] = [];
  #length = 0;
  /** So many bytes are wanted before there is anything to be taken. */
  #wanted = 5;
  #isKnown = false;

  *take(bytes: Buffer): Generator<Message, void> {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    if (this.#length < this.#wanted) return;
    let rest = Buffer.concat(this.#chunks.splice(0));
    for (;;) {
      const at = this.#isKnown ? 1 : 0;
      this.#wanted = rest.length < at + 4 ? at + 4 : at + rest.readInt32BE(at);
      if (rest.length < this.#wanted) break;
      const whole = rest.subarray(0, this.#wanted);
      rest = rest.subarray(this.#wanted);
      const type = this.#isKnown ? String.fromCodePoint(whole[0] ?? 0) : undefined;
      this.#isKnown = true;
      yield { type, whole, text: type === undefined ? undefined : textOf(type, whole) };
    }
    this.#chunks.push(rest);
    this.#length = rest.length;
  }
}

function textOf(type: string, whole: Buffer): string | undefined {
  if (type === "Q") return whole.toString("utf8", 5, whole.length - 1);
  if (type !== "P") return undefined;
  const from = whole.indexOf(0, 5) + 1;
  return whole.toString("utf8", from, whole.indexOf(0, from));
}
