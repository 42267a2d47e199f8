import type { Clock } from "@kinesis-connectors/core";
import { codeOf } from "../failures.js";

/** Bounds of what is asked: the caller's signal, and the clock that time is measured with. */
export interface Bounds {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** A row of an answer: each value as PostgreSQL writes it, whatever its type. */
export type AnswerRow = Readonly<Record<string, string | null>>;

/** One connection to PostgreSQL, as a driver of one's own gives it. It is used for one statement at a time, and not again once one of them was given up. */
export interface PostgresSession {
  /**
   * Sends a statement and settles with the rows of its answer, each value as the text that PostgreSQL writes. Without values it may be several statements,
   * with a semicolon between them, and the answer is that of the last. Rejects with the server's error, `code` (SQLSTATE) and `severity` on it, or with what
   * the connection failed with.
   */
  readonly query: (
    text: string,
    values: readonly (string | null)[] | undefined,
  ) => Promise<readonly AnswerRow[]>;
  /** Ends it. At once: without waiting for a statement that is under way; the server rolls back what was not committed. */
  readonly close: (isAtOnce: boolean) => Promise<void>;
  /** Whether it has ended by itself. Default: the next statement tells. */
  readonly hasEnded?: () => boolean;
}

/** Opens a connection to PostgreSQL. When `signal` is aborted nobody waits for it any more. */
export type PostgresConnect = (signal: AbortSignal) => Promise<PostgresSession>;

/** A session whose statements take no longer than they may. It is good for nothing once anything was given up in it. */
export class Session {
  readonly #session: PostgresSession;
  readonly #requestTimeoutMs: number;
  #isOver = false;
  /** Rejects what is under way. */
  #stop: ((reason: unknown) => void) | undefined;

  private constructor(session: PostgresSession, requestTimeoutMs: number) {
    this.#session = session;
    this.#requestTimeoutMs = requestTimeoutMs;
  }

  /** Connects, within the time of a request. */
  static async connect(connect: PostgresConnect, requestTimeoutMs: number, bounds: Bounds): Promise<Session> {
    const givenUp = new AbortController();
    const connecting = connect(givenUp.signal);
    try {
      const session = await within(
        bounds,
        requestTimeoutMs,
        "connect",
        () => connecting,
        () => undefined,
      );
      return new Session(session, requestTimeoutMs);
    } catch (error) {
      givenUp.abort(error);
      // One that comes after all is not wanted any more.
      connecting
        .then(
          (late) => late.close(true),
          () => undefined,
        )
        .catch(() => undefined);
      throw error;
    }
  }

  /** Whether it can be used no more. */
  get isOver(): boolean {
    return this.#isOver || this.#session.hasEnded?.() === true;
  }

  /**
   * Sends one statement and waits for its answer; of several statements without values, for the last one's.
   * @throws what the session rejects with; an error named `TimeoutError`; the signal's reason
   */
  async query(
    text: string,
    values: readonly (string | null)[] | undefined,
    bounds: Bounds,
  ): Promise<readonly AnswerRow[]> {
    bounds.signal.throwIfAborted();
    if (this.isOver) throw new Error("the connection was closed");
    try {
      return await within(
        bounds,
        // The server ends a statement that takes too long by itself, and says so.
        this.#requestTimeoutMs + GRACE_MS,
        "statement",
        () => this.#session.query(text, values),
        (stop) => {
          this.#stop = stop;
        },
      );
    } catch (error) {
      // What was given up may be answered later on, when the next one waits for its answer.
      if (codeOf(error) === undefined) this.destroy();
      throw error;
    } finally {
      this.#stop = undefined;
    }
  }

  /** Drops the connection; the server rolls back what was under way in it. */
  destroy(): void {
    this.#isOver = true;
    this.#stop?.(new Error("the connection was closed"));
    this.#session.close(true).catch(() => undefined);
  }

  /** Ends it when nothing is under way in it. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#session.close(false).catch(() => undefined);
  }
}

/** The server's own word about a statement that took too long has so much time to arrive. */
const GRACE_MS = 1_000;

async function within<Answer>(
  { signal, clock }: Bounds,
  timeoutMs: number,
  what: string,
  run: () => Promise<Answer>,
  onStart: (stop: (reason: unknown) => void) => void,
): Promise<Answer> {
  let end = (): void => undefined;
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason as Error);
      const timer = clock.setTimer(timeoutMs, () => {
        const error = new Error(`no answer to a ${what} within ${timeoutMs} ms (requestTimeoutMs)`);
        error.name = "TimeoutError";
        reject(error);
      });
      end = () => {
        timer.cancel();
        signal.removeEventListener("abort", onAbort);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      onStart(reject);
      run().then(resolve, reject);
    });
  } finally {
    end();
  }
}
