import type { BodyMemory } from "./body-memory.js";
import { HttpConnection, type Origin } from "./http-connection.js";
import type { HttpFormatError } from "./http-format-error.js";
import { AnswerIds } from "./seen-answers.js";

/** Somebody who waits for a connection, because all are in use. */
interface Waiter {
  readonly resolve: (connection: HttpConnection) => void;
  readonly reject: (error: Error) => void;
}

/** The connections to one server: kept open, and never more than a number of them. */
export class ConnectionPool {
  readonly #origin: Origin;
  readonly #maxConnections: number;
  readonly #memory: BodyMemory;
  readonly #unasked: (error: HttpFormatError) => void;
  readonly #ids = new AnswerIds();
  readonly #connections = new Set<HttpConnection>();
  /** The one that rested last comes first: it is the least likely to have been closed meanwhile. */
  readonly #resting: HttpConnection[] = [];
  readonly #waiting: Waiter[] = [];
  #session: Buffer | undefined;

  constructor(
    origin: Origin,
    maxConnections: number,
    memory: BodyMemory,
    unasked: (error: HttpFormatError) => void,
  ) {
    this.#origin = origin;
    this.#maxConnections = maxConnections;
    this.#memory = memory;
    this.#unasked = unasked;
  }

  /** A connection for one request, opened or still opening; to be given back afterwards. Waits when all are in use, in turn. */
  take(): HttpConnection | Promise<HttpConnection> {
    for (let rested = this.#resting.pop(); rested !== undefined; rested = this.#resting.pop())
      if (rested.isUsable) return rested;
    if (this.#connections.size < this.#maxConnections) return this.#open();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Takes a connection back, whatever became of its request. */
  give(connection: HttpConnection): void {
    if (!connection.isUsable) return;
    const next = this.#waiting.shift();
    if (next === undefined) {
      connection.rest();
      this.#resting.push(connection);
    } else next.resolve(connection);
  }

  /** Closes everything, at once. */
  destroy(reason: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    for (const connection of this.#connections) connection.destroy(reason);
  }

  #open(): HttpConnection {
    const connection = new HttpConnection(this.#origin, this.#memory, this.#ids, this.#session, {
      unasked: this.#unasked,
      closed: (closed) => this.#closed(closed),
      session: (session) => {
        this.#session = session;
      },
    });
    this.#connections.add(connection);
    return connection;
  }

  #closed(connection: HttpConnection): void {
    this.#connections.delete(connection);
    const index = this.#resting.indexOf(connection);
    if (index >= 0) this.#resting.splice(index, 1);
    // Its place is free for the one who has waited longest.
    const next = this.#connections.size < this.#maxConnections ? this.#waiting.shift() : undefined;
    next?.resolve(this.#open());
  }
}
