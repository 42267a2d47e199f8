import type { Clock } from "@kinesis-connectors/core";
import { Connections } from "../connection/connections.js";
import { pgConnect } from "../connection/pg-session.js";
import type { AnswerRow, Session } from "../connection/session.js";
import { literal } from "../sql/identifiers.js";
import { DURABLE_SQL } from "../writing/transaction.js";
import { ConnectFailure } from "./lease-failures.js";
import type { LeaseTableSettings } from "./options.js";
import type { Statement } from "./statements.js";

/** All rows at once, and the table itself: no lease waits for it. */
const CONTROL_TIMEOUT_MS = 30_000;
const CONTROL_CONNECTIONS = 2;

/** The connections of a lease table: for single rows with a short time limit, for everything else with a long one. */
export class LeaseConnections {
  readonly #rows: Connections;
  readonly #control: Connections;
  readonly #rowTimeoutMs: number;
  readonly #controlTimeoutMs: number;
  readonly #clock: Clock;
  readonly #closed: AbortSignal;
  /** Sessions of which it is known that their server writes. */
  readonly #writing = new WeakSet<Session>();

  constructor(settings: LeaseTableSettings, clock: Clock, closed: AbortSignal) {
    const { connection, maxConnections, requestTimeoutMs } = settings;
    const connect = pgConnect(connection);
    this.#rowTimeoutMs = requestTimeoutMs;
    this.#controlTimeoutMs = Math.max(CONTROL_TIMEOUT_MS, requestTimeoutMs);
    this.#rows = new Connections(connect, { maxConnections, requestTimeoutMs });
    this.#control = new Connections(connect, {
      maxConnections: CONTROL_CONNECTIONS,
      requestTimeoutMs: this.#controlTimeoutMs,
    });
    this.#clock = clock;
    this.#closed = closed;
  }

  /**
   * What a statement about one row answers.
   * @throws ConnectFailure where nothing was sent
   */
  async row(statement: Statement): Promise<readonly AnswerRow[]> {
    return await this.#run(this.#rows, inTime(statement, this.#rowTimeoutMs));
  }

  /**
   * What any other statement answers.
   * @throws ConnectFailure where nothing was sent
   */
  async all(statement: Statement): Promise<readonly AnswerRow[]> {
    return await this.#run(this.#control, inTime(statement, this.#controlTimeoutMs));
  }

  close(): void {
    void this.#rows.close();
    void this.#control.close();
  }

  async #run(connections: Connections, sql: string): Promise<readonly AnswerRow[]> {
    const bounds = { clock: this.#clock, signal: this.#closed };
    let isSent = false;
    try {
      return await connections.use(bounds, async (session) => {
        if (!this.#writing.has(session)) {
          const [answer] = await session.query("SELECT pg_is_in_recovery() AS standby", undefined, bounds);
          // A standby answers with rows of a while ago: after a failover an address may lead to one.
          if (answer?.["standby"] === "t")
            throw new Error("the server is a standby: give the address of the writer");
          this.#writing.add(session);
        }
        isSent = true;
        return await session.query(sql, undefined, bounds);
      });
    } catch (thrown) {
      if (isSent) throw thrown;
      throw new ConnectFailure("no connection", { cause: thrown });
    }
  }
}

/**
 * The statement with its values in it, so that the server's own time limit goes with it in one message and is gone with it, also where a pooler gives the
 * connection to somebody else next: a statement that waits for a lock outlives its connection, and one for each repetition would take all connections that
 * the server has.
 */
function inTime({ sql, values }: Statement, timeoutMs: number): string {
  const whole = sql.replaceAll(/\$(\d+)/g, (_, number: string) => {
    const value = values[Number(number) - 1] ?? null;
    return value === null ? "NULL" : literal(value);
  });
  return `SET LOCAL statement_timeout = ${timeoutMs}; ${DURABLE_SQL}; ${whole}`;
}
