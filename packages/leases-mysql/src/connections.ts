import type { Clock } from "@kinesis-connectors/core";
import { type Connection, createConnection, type ResultSetHeader, type RowDataPacket } from "mysql2/promise";
import { ConnectFailure } from "./failures.js";
import type { ConnectionSettings, TableSettings } from "./options.js";

/** A value that goes into a statement: as what it is, never as text of it. */
export type Value = string | number | Buffer | null;

/** A connection, and whether it is good for more. */
interface Kept {
  readonly connection: Connection;
  isOver: boolean;
}

/** The connections of a lease table: made when they are needed, kept for the next who needs one. */
export class Connections {
  readonly #settings: TableSettings;
  readonly #clock: Clock;
  readonly #idle: Kept[] = [];
  readonly #waiting = new Set<() => void>();
  #free: number;
  #isClosed = false;

  constructor(settings: TableSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#free = settings.maxConnections;
  }

  /**
   * The rows of a query.
   * @throws ConnectFailure where nothing was sent
   */
  async rows(sql: string, values: readonly Value[], timeoutMs: number): Promise<readonly RowDataPacket[]> {
    return await this.#run(timeoutMs, async (connection) => {
      const [rows] = await connection.execute<RowDataPacket[]>(sql, [...values]);
      return rows;
    });
  }

  /**
   * How many rows a statement found.
   * @throws ConnectFailure where nothing was sent
   */
  async found(sql: string, values: readonly Value[], timeoutMs: number): Promise<number> {
    return await this.#run(timeoutMs, async (connection) => {
      const [{ affectedRows }] = await connection.execute<ResultSetHeader>(sql, [...values]);
      return affectedRows;
    });
  }

  /** Ends the connections that nobody uses; the others end when they are done. */
  close(): void {
    this.#isClosed = true;
    for (const kept of this.#idle.splice(0)) destroy(kept);
  }

  async #run<Answer>(timeoutMs: number, work: (connection: Connection) => Promise<Answer>): Promise<Answer> {
    const giveTurn = await this.#turn(timeoutMs);
    try {
      const kept = this.#kept() ?? (await this.#connect());
      try {
        const answer = await this.#within(timeoutMs, work(kept.connection));
        if (kept.isOver || this.#isClosed) destroy(kept);
        else this.#idle.push(kept);
        return answer;
      } catch (thrown) {
        // Whatever failed: the next one who needs a connection gets a sound one.
        destroy(kept);
        throw thrown;
      }
    } finally {
      giveTurn();
    }
  }

  #kept(): Kept | undefined {
    for (let kept = this.#idle.pop(); kept !== undefined; kept = this.#idle.pop())
      if (!kept.isOver) return kept;
    return undefined;
  }

  /** Waits until there may be one connection more. */
  async #turn(timeoutMs: number): Promise<() => void> {
    if (this.#isClosed)
      throw new ConnectFailure("closed", { cause: new Error("the lease table was closed") });
    if (this.#free > 0) this.#free -= 1;
    else {
      let go = (): void => undefined;
      const turn = new Promise<void>((resolve) => {
        go = resolve;
      });
      this.#waiting.add(go);
      try {
        await this.#within(timeoutMs, turn);
      } catch (thrown) {
        // A turn that came at the last moment is the next one's.
        if (!this.#waiting.delete(go)) this.#giveTurn();
        throw new ConnectFailure("no connection is free", { cause: thrown });
      }
    }
    return () => this.#giveTurn();
  }

  #giveTurn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  async #connect(): Promise<Kept> {
    const { connection: settings, requestTimeoutMs } = this.#settings;
    let kept: Kept | undefined;
    try {
      const connecting = connect(settings, requestTimeoutMs);
      // One that comes too late is of no use to anybody.
      let isLate = false;
      void connecting.then(
        (late) => isLate && destroy(late),
        () => undefined,
      );
      try {
        kept = await this.#within(requestTimeoutMs, connecting);
      } catch (thrown) {
        isLate = true;
        throw thrown;
      }
      await this.#within(requestTimeoutMs, requireWriter(kept.connection));
      await this.#within(requestTimeoutMs, setSession(kept.connection, requestTimeoutMs));
      return kept;
    } catch (thrown) {
      if (kept !== undefined) destroy(kept);
      throw new ConnectFailure("no connection", { cause: thrown });
    }
  }

  async #within<Answer>(timeoutMs: number, work: Promise<Answer>): Promise<Answer> {
    return await new Promise<Answer>((resolve, reject) => {
      const timer = this.#clock.setTimer(timeoutMs, () => {
        const error = new Error(`no answer within ${timeoutMs} ms (requestTimeoutMs)`);
        error.name = "TimeoutError";
        reject(error);
      });
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

/** A year: as long as servers take for their own limit (`lock_wait_timeout`). */
const MAX_LOCK_WAIT_S = 31_536_000;

function destroy(kept: Kept): void {
  kept.isOver = true;
  kept.connection.destroy();
}

async function connect(settings: ConnectionSettings, connectTimeout: number): Promise<Kept> {
  const { host, port, database, user, password, tls } = settings;
  const secret = typeof password === "function" ? await password() : password;
  const connection = await createConnection({
    host,
    port,
    database,
    user,
    ...(secret === undefined ? {} : { password: secret }),
    // Without verifyIdentity the name in the certificate would be anybody's.
    ...(tls === false ? {} : { ssl: { ...tls, rejectUnauthorized: true, verifyIdentity: true } }),
    connectTimeout,
    enableKeepAlive: true,
    // A row that is found counts, also when it holds already what is written.
    flags: ["FOUND_ROWS"],
    charset: "utf8mb4",
  });
  const kept: Kept = { connection, isOver: false };
  const over = (): void => {
    kept.isOver = true;
  };
  // A server that goes away is told by the statement that runs; of an idle connection it is found out here.
  connection.on("error", over);
  connection.on("end", over);
  return kept;
}

/** A replica answers with rows of a while ago: after a failover an address may lead to one. */
async function requireWriter(connection: Connection): Promise<void> {
  const [[row]] = await connection.query<RowDataPacket[]>(
    "SELECT @@GLOBAL.read_only AS server, @@GLOBAL.innodb_read_only AS engine",
  );
  if (isOff(row?.["server"]) && isOff(row?.["engine"])) return;
  throw new Error("the server is read-only: give the address of the writer");
}

/**
 * Settings that a server may have otherwise, and with which a lease would not be what was answered: without autocommit nothing is ever committed, and
 * without a strict mode a key that is too long is cut in silence, so that two shards share a row. A lock is waited for no longer than an answer, so that
 * requests that were given up neither pile up at the server nor are carried out long afterwards.
 */
async function setSession(connection: Connection, requestTimeoutMs: number): Promise<void> {
  const seconds = Math.min(Math.ceil(requestTimeoutMs / 1_000), MAX_LOCK_WAIT_S);
  await connection.query(
    "SET SESSION autocommit = 1, SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', " +
      `SESSION innodb_lock_wait_timeout = ${seconds}, SESSION lock_wait_timeout = ${seconds}`,
  );
  await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
}

/** MariaDB has more than two values of read_only, and tells them by name. */
function isOff(value: unknown): boolean {
  return value === 0 || value === "0" || value === "OFF";
}
