import type { Clock } from "@kinesis-connectors/core";
import type { BodyMemory } from "./body-memory.js";
import { HttpConnection, type Origin } from "./http-connection.js";
import type { HttpFormatError } from "./http-format-error.js";
import { AnswerIds } from "./seen-answers.js";

/** Somebody who waits for a connection, because all are in use. */
interface Waiter {
  readonly resolve: (connection: HttpConnection) => void;
  readonly reject: (error: Error) => void;
}

/**
 * How long a connection rests at most. What translates addresses in between forgets those that are silent for longer: Azure's load balancers after
 * 4 minutes, AWS's NAT gateways and network load balancers after 350 s (VPC user guide, "Troubleshoot NAT gateways").
 */
export const MAX_REST_MS = 180_000;

/** A connection that waits for its next request. */
interface Resting {
  readonly connection: HttpConnection;
  readonly sinceMs: number;
  /** Its place in the order of all rests and requests. */
  readonly turn: number;
}

/** What a pool is made with. */
export interface PoolOptions {
  readonly maxConnections: number;
  readonly maxRestMs: number;
  readonly memory: BodyMemory;
  readonly unasked: (error: HttpFormatError) => void;
  readonly clock: Pick<Clock, "monotonicNow">;
}

/** The connections to one server: kept open, and never more than a number of them. */
export class ConnectionPool {
  readonly #origin: Origin;
  readonly #options: PoolOptions;
  readonly #ids = new AnswerIds();
  readonly #connections = new Set<HttpConnection>();
  /** The one that rested last comes first: it is the least likely to have been closed meanwhile. */
  readonly #resting: Resting[] = [];
  readonly #waiting: Waiter[] = [];
  /** When each connection was taken for its request, in the order of all rests and requests. */
  readonly #taken = new WeakMap<HttpConnection, number>();
  #turn = 0;
  #session: Buffer | undefined;

  constructor(origin: Origin, options: PoolOptions) {
    this.#origin = origin;
    this.#options = options;
  }

  /** A connection for one request, opened or still opening; to be given back afterwards. Waits when all are in use, in turn. */
  take(): HttpConnection | Promise<HttpConnection> {
    for (let rested = this.#resting.pop(); rested !== undefined; rested = this.#resting.pop()) {
      const { connection, sinceMs } = rested;
      if (!connection.isUsable) continue;
      if (this.#options.clock.monotonicNow() - sinceMs < this.#options.maxRestMs)
        return this.#given(connection);
      connection.destroy(restedTooLong());
    }
    if (this.#connections.size < this.#options.maxConnections) return this.#open();
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
      this.#turn += 1;
      this.#resting.push({ connection, sinceMs: this.#options.clock.monotonicNow(), turn: this.#turn });
    } else next.resolve(this.#given(connection));
  }

  /**
   * Told that a request over this connection was not answered in time. Where the connection had been kept, the way there may be another one by now: a
   * NAT gateway that took over knows nothing of the connections of the one before it, and drops what comes over them. All that have rested since
   * before the request was sent are closed then, instead of being found dead one time-out each.
   */
  timedOut(connection: HttpConnection): void {
    const sent = this.#taken.get(connection);
    if (sent === undefined || !connection.wasKept) return;
    const old = this.#resting.filter(({ turn }) => turn < sent);
    this.#resting.splice(0, old.length);
    for (const { connection: rested } of old) rested.destroy(restedTooLong());
  }

  /** Closes everything, at once. */
  destroy(reason: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    for (const connection of this.#connections) connection.destroy(reason);
  }

  #given(connection: HttpConnection): HttpConnection {
    this.#turn += 1;
    this.#taken.set(connection, this.#turn);
    return connection;
  }

  #open(): HttpConnection {
    const { memory, unasked } = this.#options;
    const connection = new HttpConnection(this.#origin, memory, this.#ids, this.#session, {
      unasked,
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
    const index = this.#resting.findIndex((resting) => resting.connection === connection);
    if (index >= 0) this.#resting.splice(index, 1);
    // Its place is free for the one who has waited longest.
    const next = this.#connections.size < this.#options.maxConnections ? this.#waiting.shift() : undefined;
    next?.resolve(this.#open());
  }
}

function restedTooLong(): Error {
  return Object.assign(new Error("the connection had rested for too long"), { code: "ECONNABORTED" });
}
