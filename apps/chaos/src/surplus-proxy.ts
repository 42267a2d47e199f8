import { pick, type SeededNumbers } from "@kinesis-connectors/app-sample";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** A proxy that sends some of the answers once or twice more: bytes that nobody asked for. */
export interface SurplusProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** How many answers were sent again. */
  readonly repeated: () => number;
}

/** When an answer is sent again: in one packet with it, a turn or some milliseconds later, while its connection rests, or before the next answer. */
const MOMENTS = ["packet", "turn", "soon", "idle", "next"] as const;
/** One answer in so many. */
const ONE_IN = 12;
/** RFC 9113 section 3.4. What speaks HTTP/2 is passed on as it is: there is nothing behind an answer there. */
const HTTP2_PREFACE = "PRI ";

/**
 * Starts one between clients and a server on loopback.
 * @param target where the requests go
 * @param next decides which answers, how often and when; repeats end when `signal` is aborted
 */
export async function startSurplusProxy(
  target: string,
  next: SeededNumbers,
  signal: AbortSignal,
): Promise<SurplusProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let repeated = 0;
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true });
    const answers = new Answers(client, next, signal, () => (repeated += 1));
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    client.once("data", (first) => {
      if (first.toString("latin1").startsWith(HTTP2_PREFACE)) answers.passOn();
    });
    client.on("data", (chunk) => upstream.write(chunk));
    client.on("close", () => upstream.destroy());
    upstream.on("data", (chunk: Buffer) => answers.take(chunk));
    // What a cut answer has left comes before the cut.
    upstream.on("close", () => void answers.end().then(() => client.destroy()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    repeated: () => repeated,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** The answers that come over one connection, one after the other. */
class Answers {
  readonly #client: Socket;
  readonly #next: SeededNumbers;
  readonly #over: AbortSignal;
  readonly #repeats: () => void;
  #isPassedOn = false;
  #waiting: Buffer = Buffer.alloc(0);
  #held: Buffer | undefined;
  #sending = Promise.resolve();

  constructor(client: Socket, next: SeededNumbers, over: AbortSignal, repeats: () => void) {
    this.#client = client;
    this.#next = next;
    this.#over = over;
    this.#repeats = repeats;
  }

  /** From here on bytes are bytes. */
  passOn(): void {
    this.#isPassedOn = true;
  }

  take(chunk: Buffer): void {
    this.#waiting = Buffer.concat([this.#waiting, chunk]);
    for (let end = this.#end(); end > 0; end = this.#end()) {
      const whole = this.#waiting.subarray(0, end);
      this.#waiting = this.#waiting.subarray(end);
      this.#sending = this.#sending.then(() => (this.#isPassedOn ? this.#send(whole) : this.#answer(whole)));
    }
  }

  /** Sends what is left. */
  async end(): Promise<void> {
    await this.#sending;
    this.#send(this.#waiting);
  }

  /** Where the first whole answer ends, or -1. The local services name the length of each but of a stream. */
  #end(): number {
    if (this.#isPassedOn) return this.#waiting.length;
    const head = this.#waiting.indexOf("\r\n\r\n");
    if (head < 0) return -1;
    const length = /\r\ncontent-length: (\d+)/i.exec(this.#waiting.toString("latin1", 0, head))?.[1];
    if (length === undefined) {
      this.passOn();
      return this.#waiting.length;
    }
    const end = head + 4 + Number(length);
    return this.#waiting.length < end ? -1 : end;
  }

  async #answer(bytes: Buffer): Promise<void> {
    if (this.#held !== undefined) {
      this.#sendAgain(this.#held);
      this.#held = undefined;
      await wait(1 + this.#next() * 3);
    }
    if (this.#over.aborted || this.#next() * ONE_IN >= 1) {
      this.#send(bytes);
      return;
    }
    const copies = this.#next() < 0.5 ? bytes : Buffer.concat([bytes, bytes]);
    const moment = pick(this.#next, MOMENTS);
    if (moment === "packet") {
      this.#sendAgain(Buffer.concat([bytes, copies]));
      return;
    }
    this.#send(bytes);
    if (moment === "next") this.#held = copies;
    else if (moment === "turn") setImmediate(() => this.#sendAgain(copies));
    else
      setTimeout(
        () => this.#sendAgain(copies),
        moment === "soon" ? this.#next() * 6 : 15 + this.#next() * 40,
      );
  }

  #send(bytes: Buffer): void {
    if (!this.#client.destroyed && bytes.length > 0) this.#client.write(bytes);
  }

  #sendAgain(bytes: Buffer): void {
    if (this.#client.destroyed) return;
    this.#repeats();
    this.#client.write(bytes);
  }
}
