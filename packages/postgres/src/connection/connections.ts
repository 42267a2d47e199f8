import { type Bounds, type PostgresConnect, Session } from "./session.js";
import { Slots } from "./slots.js";

/** How many connections there may be, and how long an answer may take. */
export interface ConnectionBounds {
  readonly maxConnections: number;
  readonly requestTimeoutMs: number;
}

/** The connections of an emitter or a lease table: made when they are needed, kept for the next who needs one. */
export class Connections {
  readonly #connect: PostgresConnect;
  readonly #requestTimeoutMs: number;
  readonly #slots: Slots;
  readonly #idle: Session[] = [];
  readonly #busy = new Set<Session>();
  #isClosed = false;

  constructor(connect: PostgresConnect, { maxConnections, requestTimeoutMs }: ConnectionBounds) {
    this.#connect = connect;
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#slots = new Slots(maxConnections);
  }

  /**
   * Runs something in a connection of its own. When it rejects, the connection is dropped and the server rolls back what was under way: what is meant to
   * last has been committed before.
   * @throws what `run` rejects with, or what connecting failed with; the signal's reason as soon as it is aborted
   */
  async use<Answer>(bounds: Bounds, run: (session: Session) => Promise<Answer>): Promise<Answer> {
    const give = await this.#slots.take(bounds.signal);
    try {
      const session = await this.#session(bounds);
      this.#busy.add(session);
      try {
        const answer = await run(session);
        if (!session.isOver && !this.#isClosed) this.#idle.push(session);
        else await session.end();
        return answer;
      } catch (error) {
        session.destroy();
        throw error;
      } finally {
        this.#busy.delete(session);
      }
    } finally {
      give();
    }
  }

  /** Drops what is under way and ends the others. May be called again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const session of this.#busy) session.destroy();
    await Promise.all(this.#idle.splice(0).map((session) => session.end()));
  }

  async #session(bounds: Bounds): Promise<Session> {
    if (this.#isClosed) throw new Error("the connections were closed");
    for (;;) {
      // The one used last: the others get old, and are dropped by whoever is tired of them.
      const kept = this.#idle.pop();
      if (kept === undefined) return Session.connect(this.#connect, this.#requestTimeoutMs, bounds);
      if (!kept.isOver) return kept;
    }
  }
}
