import { Socket } from "node:net";
import type { Clock } from "@kinesis-connectors/core";
import { Client, type QueryResult } from "pg";
import type { ConnectionSettings } from "./options.js";

/** Bounds of what is asked: the caller's signal, and the clock that time is measured with. */
export interface Bounds {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** A row of an answer: each value as PostgreSQL writes it, whatever its type. */
export type AnswerRow = Readonly<Record<string, string | null>>;

/** Every value as PostgreSQL writes it: what it means is decided where it is read. */
const TEXTS = { getTypeParser: () => (text: unknown) => text };

/** One connection to the server. It is good for one user at a time, and for nothing once anything failed in it. */
export class Session {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #requestTimeoutMs: number;
  #isOver = false;
  /** Rejects what is under way. */
  #stop: ((reason: unknown) => void) | undefined;

  private constructor(client: Client, socket: Socket, requestTimeoutMs: number) {
    this.#client = client;
    this.#socket = socket;
    this.#requestTimeoutMs = requestTimeoutMs;
    // A server that goes away is told by the query that runs; of an idle connection it is found out here.
    client.on("error", () => this.destroy());
    client.on("end", () => this.destroy());
  }

  /** Connects, within the time of a request. */
  static async connect(
    settings: ConnectionSettings,
    requestTimeoutMs: number,
    bounds: Bounds,
  ): Promise<Session> {
    const { host, port, database, user, password, tls } = settings;
    // The client's own end waits for the server in the middle of a handshake; a socket can be dropped at any time.
    const socket = new Socket();
    const client = new Client({
      host,
      port,
      database,
      user,
      ...(password === undefined ? {} : { password }),
      ssl: tls,
      stream: () => socket,
      keepAlive: true,
      application_name: "kinesis-connectors",
    });
    const session = new Session(client, socket, requestTimeoutMs);
    await session.#within(bounds, "connect", () => client.connect());
    return session;
  }

  /** Whether it can be used no more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Sends one statement and waits for its answer; of several statements without values, for the last one's.
   * @throws what the server answered, as `pg` has it; an error named `TimeoutError`; the signal's reason
   */
  async query(
    text: string,
    values: readonly (string | null)[] | undefined,
    bounds: Bounds,
  ): Promise<readonly AnswerRow[]> {
    // The declared type knows one answer; several statements have several.
    const answer: unknown = await this.#within(bounds, "query", () =>
      values === undefined
        ? this.#client.query<AnswerRow>({ text, types: TEXTS })
        : this.#client.query<AnswerRow>({ text, values: [...values], types: TEXTS }),
    );
    const last = (Array.isArray(answer) ? answer.at(-1) : answer) as QueryResult<AnswerRow> | undefined;
    return last?.rows ?? [];
  }

  /** Drops the connection; the server rolls back what was under way in it. */
  destroy(reason: unknown = new Error("the connection was closed")): void {
    this.#isOver = true;
    this.#stop?.(reason);
    this.#socket.destroy();
  }

  /** Says good-bye, and drops the connection. */
  async end(): Promise<void> {
    if (!this.#isOver) await this.#client.end().catch(() => undefined);
    this.destroy();
  }

  async #within<Answer>(
    { signal, clock }: Bounds,
    what: "connect" | "query",
    run: () => Promise<Answer>,
  ): Promise<Answer> {
    signal.throwIfAborted();
    if (this.#isOver) throw new Error("the connection was closed");
    const onAbort = (): void => this.destroy(signal.reason);
    const timer = clock.setTimer(this.#requestTimeoutMs + GRACE_MS, () => {
      const error = new Error(
        `no answer to a ${what} within ${this.#requestTimeoutMs} ms (requestTimeoutMs)`,
      );
      error.name = "TimeoutError";
      this.destroy(error);
    });
    try {
      return await new Promise<Answer>((resolve, reject) => {
        this.#stop = reject;
        signal.addEventListener("abort", onAbort, { once: true });
        run().then(resolve, reject);
      });
    } finally {
      this.#stop = undefined;
      timer.cancel();
      signal.removeEventListener("abort", onAbort);
    }
  }
}

/** The server ends a statement that takes too long by itself, and says so; its answer has this long to arrive. */
const GRACE_MS = 1_000;
