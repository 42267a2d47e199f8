import type { SeededRandom } from "../world/random.js";
import type { Scheduler } from "../world/scheduler.js";

/** What PostgreSQL answers with when it refuses: the code is what counts (SQLSTATE). */
class PostgresError extends Error {
  readonly severity = "ERROR";
  readonly code: string;

  constructor(code: string) {
    super("simulated");
    this.code = code;
  }
}

/** A row of the target: texts by column. */
export type TargetRow = Readonly<Record<string, string | null>>;

/** What keeps a batch from being written twice, and what of it is left out on purpose. */
export type PositionRule = "kept" | "not-locked" | "outside" | "not-looked-at";

interface StoredPosition {
  seq: string | null;
  sub: string | null;
}

/** A position that waits to be made so by a commit. */
interface Move {
  readonly key: string;
  readonly to: StoredPosition;
}

/** What a transaction has done that nobody else sees before its end. */
interface Transaction {
  rows: TargetRow[];
  moves: Move[];
  /** Rows written when each savepoint was set. */
  readonly savepoints: number[];
  hasFailed: boolean;
}

/** How the database behaves beyond what it is asked for. */
export interface DatabaseTemper {
  /** Of a statement that ends its session: a restart, a failover. */
  restarts: number;
  /** Of a statement that is refused for now. */
  failures: number;
}

const PASSING: readonly string[] = ["40P01", "53300", "55P03", "57014", "25006"];
/** How long a statement may wait for a lock. */
const TIMEOUT_MS = 4_000;
/** How long a transaction may lie idle before the server ends its session: longer than it takes for a shard to have its next owner. */
const IDLE_MS = 15_000;

/** A table, the positions of shards, and of SQL what the emitter's transactions consist of, under READ COMMITTED. */
export class PostgresDatabase {
  readonly temper: DatabaseTemper;
  readonly scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #written: (rows: readonly TargetRow[]) => void;
  readonly #rule: PositionRule;
  readonly #positions = new Map<string, StoredPosition>();
  readonly #lockedBy = new Map<string, DatabaseSession>();
  readonly #waiting = new Map<string, (() => void)[]>();
  rowCount = 0;

  constructor(options: {
    readonly scheduler: Scheduler;
    readonly random: SeededRandom;
    readonly temper: DatabaseTemper;
    /** Told of the rows of each transaction that ended well. */
    readonly written: (rows: readonly TargetRow[]) => void;
    /** All but `kept` are broken on purpose. */
    readonly rule: PositionRule;
  }) {
    this.scheduler = options.scheduler;
    this.#random = options.random;
    this.temper = options.temper;
    this.#written = options.written;
    this.#rule = options.rule;
  }

  open(): DatabaseSession {
    return new DatabaseSession(this);
  }

  /** Throws what happens now and then, whatever is asked. */
  misbehave(session: DatabaseSession): void {
    if (this.#random.chance(this.temper.restarts)) {
      session.end();
      throw new PostgresError("57P01");
    }
    if (this.#random.chance(this.temper.failures)) throw new PostgresError(this.#random.pick(PASSING));
  }

  /** The position of a shard, once no other transaction has it. */
  async lock(session: DatabaseSession, key: string): Promise<StoredPosition | undefined> {
    if (this.#rule !== "not-locked") {
      const untilMs = this.scheduler.nowMs + TIMEOUT_MS;
      while (this.#lockedBy.has(key) && this.#lockedBy.get(key) !== session)
        await this.#untilFree(key, untilMs);
      // A session that ended while it waited takes nothing.
      session.requireOpen();
      if (this.#positions.has(key)) this.#lockedBy.set(key, session);
    }
    const found = this.#positions.get(key);
    return this.#rule === "not-looked-at" && found !== undefined ? { seq: null, sub: null } : found;
  }

  read(key: string): StoredPosition | undefined {
    return this.#positions.get(key);
  }

  /** The row of a shard's first batch: it is seen by all at once, which changes nothing, for it says nothing yet. */
  insertPosition(key: string): void {
    if (!this.#positions.has(key)) this.#positions.set(key, { seq: null, sub: null });
  }

  /** Takes the rows of a transaction; broken on purpose, they are seen by all before the position has moved. */
  write(transaction: Transaction, rows: readonly TargetRow[]): void {
    if (this.#rule === "outside") this.commit({ ...transaction, rows: [...rows], moves: [] });
    else transaction.rows.push(...rows);
  }

  commit({ rows, moves }: Transaction): void {
    for (const { key, to } of moves) this.#positions.set(key, to);
    this.rowCount += rows.length;
    this.#written(rows);
  }

  /** Gives back all that a session had locked. */
  release(session: DatabaseSession): void {
    for (const [key, owner] of this.#lockedBy) {
      if (owner !== session) continue;
      this.#lockedBy.delete(key);
      for (const wake of this.#waiting.get(key)?.splice(0) ?? []) wake();
    }
  }

  async #untilFree(key: string, untilMs: number): Promise<void> {
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.set(key, waiting);
    await new Promise<void>((resolve, reject) => {
      waiting.push(resolve);
      this.scheduler.after(Math.max(0, untilMs - this.scheduler.nowMs), undefined, () =>
        reject(new PostgresError("57014")),
      );
    });
  }
}

/** One connection, as the server has it. */
export class DatabaseSession {
  readonly #database: PostgresDatabase;
  #transaction: Transaction | undefined;
  #isEnded = false;
  #statements = 0;
  /** Whether a statement is being carried out, or waits for a lock. */
  #isBusy = false;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  requireOpen(): void {
    if (this.#isEnded) throw new PostgresError("57P01");
  }

  /** What was not committed is gone. */
  end(): void {
    this.#isEnded = true;
    this.#transaction = undefined;
    this.#database.release(this);
  }

  /** Carries out a statement; of one that was given up, whoever asked is gone, and it may be carried out all the same. */
  async run(sql: string, values: readonly (string | null)[]): Promise<readonly TargetRow[]> {
    this.requireOpen();
    this.#isBusy = true;
    try {
      return await this.#answer(sql, values);
    } catch (error) {
      if (this.#transaction !== undefined) this.#transaction.hasFailed = true;
      throw error;
    } finally {
      this.#isBusy = false;
      this.#endWhenIdle();
    }
  }

  async #answer(sql: string, values: readonly (string | null)[]): Promise<readonly TargetRow[]> {
    if (/^ROLLBACK(?! TO)/.test(sql)) return this.#rollBack();
    if (this.#transaction?.hasFailed === true && !sql.startsWith("ROLLBACK TO"))
      throw new PostgresError("25P02");
    this.#database.misbehave(this);
    if (sql.startsWith("BEGIN"))
      this.#transaction = { rows: [], moves: [], savepoints: [], hasFailed: false };
    if (sql.endsWith("FOR UPDATE")) return rowsOf(await this.#database.lock(this, keyIn(sql)));
    // A limit may stand before it, which goes with the statement.
    if (/^(?:SET LOCAL [^;]*; )?SELECT seq/.test(sql)) return rowsOf(this.#database.read(keyIn(sql)));
    if (sql.startsWith("DELETE FROM")) return [];
    const transaction = this.#transaction;
    // All else is part of a transaction.
    if (transaction === undefined) throw new PostgresError("25P01");
    if (sql.endsWith("ON CONFLICT DO NOTHING")) {
      this.#database.insertPosition(values.join(" "));
      return [];
    }
    if (sql.startsWith("INSERT INTO")) {
      this.#database.write(transaction, insertedBy(sql, values));
      return [];
    }
    if (sql.endsWith("COMMIT")) {
      const [, seq = null, sub = null] = /SET seq = '(\d+)'::numeric, sub = (\d+)::/.exec(sql) ?? [];
      if (seq !== null) transaction.moves.push({ key: keyIn(sql), to: { seq, sub } });
      this.#database.commit(transaction);
      return this.#rollBack();
    }
    if (sql.startsWith("SAVEPOINT")) transaction.savepoints.push(transaction.rows.length);
    else if (sql.startsWith("RELEASE")) transaction.savepoints.pop();
    else if (sql.startsWith("ROLLBACK TO")) {
      transaction.rows.length = transaction.savepoints.pop() ?? 0;
      transaction.hasFailed = false;
    } else throw new PostgresError("42601");
    return [];
  }

  #rollBack(): readonly TargetRow[] {
    this.#transaction = undefined;
    this.#database.release(this);
    return [];
  }

  /** `idle_in_transaction_session_timeout` */
  #endWhenIdle(): void {
    this.#statements += 1;
    const number = this.#statements;
    if (this.#transaction === undefined) return;
    this.#database.scheduler.after(IDLE_MS, undefined, () => {
      if (!this.#isBusy && this.#statements === number) this.end();
    });
  }
}

/** The key of a position, as the condition of a statement names it. */
function keyIn(sql: string): string {
  return [...sql.matchAll(/(?:application|stream|shard|destination) = '([^']*)'/g)]
    .map(([, text]) => text)
    .join(" ");
}

function rowsOf(position: StoredPosition | undefined): readonly TargetRow[] {
  return position === undefined ? [] : [{ ...position }];
}

/** The rows of a statement, whose values are arrays in their text form. A row with a value for `unwritable` does not fit. */
function insertedBy(sql: string, values: readonly (string | null)[]): readonly TargetRow[] {
  const names = [...(/\(([^)]*)\)/.exec(sql)?.[1] ?? "").matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name);
  const columns = values.map((value) => elementsOf(value ?? "{}"));
  const rows = (columns[0] ?? []).map((_, index) =>
    Object.fromEntries(names.map((name, column) => [name, columns[column]?.[index] ?? null])),
  );
  if (rows.some((row) => row["unwritable"] !== null)) throw new PostgresError("22003");
  return rows;
}

/** The texts of this simulation hold no quotes, commas and braces. */
function elementsOf(array: string): readonly (string | null)[] {
  const inner = array.slice(1, -1);
  if (inner === "") return [];
  return inner.split(",").map((element) => (element === "NULL" ? null : element.replaceAll('"', "")));
}
