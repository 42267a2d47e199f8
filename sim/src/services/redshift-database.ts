import type { Field } from "@aws-sdk/client-redshift-data";
import type { StoredObject } from "./bucket.js";
import type { SeededRandom } from "../world/random.js";
import type { Scheduler } from "../world/scheduler.js";

/** A row of the target. */
export type TargetRow = Readonly<Record<string, unknown>>;

interface LedgerRow {
  readonly loadId: string;
  readonly loader: string;
  readonly contentSha256: string;
}

/** A statement that was submitted: some texts of SQL that are one transaction. */
export interface Statement {
  readonly id: string;
  status: "STARTED" | "FINISHED" | "FAILED" | "ABORTED";
  error: string;
  /** The rows of its last text. */
  result: Field[][];
}

/** What a transaction has done that nobody else sees before its end. */
interface Transaction {
  readonly statement: Statement;
  readonly sqls: readonly string[];
  next: number;
  /** The ledger as of its first read, which it goes on seeing (snapshot isolation). LOCK reads nothing. */
  snapshot: readonly LedgerRow[] | undefined;
  /** Of the session, as `pg_last_copy_id()` says it: other sessions copy meanwhile. */
  lastCopy: number;
  readonly staged: TargetRow[];
  readonly inserted: TargetRow[];
  readonly noted: LedgerRow[];
}

/** How the database behaves beyond what it is asked for. */
export interface DatabaseTemper {
  /** Of a text that ends its transaction: a conflict, a full disk, a restart. */
  failures: number;
  /** Of a text that takes seconds. */
  slow: number;
}

const PASSING: readonly string[] = [
  "ERROR: 1023 DETAIL: Serializable isolation violation on table in Redshift",
  "ERROR: deadlock detected",
  "ERROR: Disk Full",
  "ERROR: could not obtain lock on relation",
];

/**
 * A ledger and a target under snapshot isolation, and of SQL what the loads consist of. Transactions run beside each other, text by text;
 * nothing but the lock keeps two loads of one batch apart.
 */
export class RedshiftDatabase {
  readonly temper: DatabaseTemper;
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #objects: ReadonlyMap<string, StoredObject>;
  readonly #loaded: (rows: readonly TargetRow[]) => void;
  readonly #lock: "kept" | "ignored" | "after-read";
  readonly #statements = new Map<string, Statement>();
  readonly #loadErrors = new Map<number, Field[][]>();
  readonly #waiting: Transaction[] = [];
  #ledger: readonly LedgerRow[] = [];
  #lockedBy: Transaction | undefined;
  #lastId = 0;
  #lastCopy = 0;
  rowCount = 0;

  constructor(options: {
    readonly scheduler: Scheduler;
    readonly random: SeededRandom;
    readonly temper: DatabaseTemper;
    readonly objects: ReadonlyMap<string, StoredObject>;
    /** Told of the rows of each transaction that ended well. */
    readonly loaded: (rows: readonly TargetRow[]) => void;
    /** `ignored` and `after-read` are broken on purpose. */
    readonly lock: "kept" | "ignored" | "after-read";
  }) {
    this.#scheduler = options.scheduler;
    this.#random = options.random;
    this.temper = options.temper;
    this.#objects = options.objects;
    this.#loaded = options.loaded;
    this.#lock = options.lock;
  }

  submit(sqls: readonly string[]): Statement {
    this.#lastId += 1;
    const statement: Statement = {
      id: `statement-${this.#lastId}`,
      status: "STARTED",
      error: "",
      result: [],
    };
    this.#statements.set(statement.id, statement);
    const transaction = {
      statement,
      sqls,
      next: 0,
      snapshot: this.#lock === "after-read" ? this.#ledger : undefined,
      lastCopy: -1,
      staged: [],
      inserted: [],
      noted: [],
    };
    this.#continue(transaction);
    return statement;
  }

  statement(id: string): Statement | undefined {
    return this.#statements.get(id);
  }

  cancel(id: string): void {
    const statement = this.#statements.get(id);
    if (statement?.status === "STARTED") statement.status = "ABORTED";
  }

  /** The next text is carried out after a while, whatever has become of who submitted it. */
  #continue(transaction: Transaction): void {
    const delayMs = this.#random.chance(this.temper.slow)
      ? this.#random.between(500, 8_000)
      : this.#random.between(1, 120);
    this.#scheduler.after(delayMs, undefined, () => this.#step(transaction));
  }

  #step(transaction: Transaction): void {
    const { statement, sqls } = transaction;
    if (statement.status === "ABORTED") {
      this.#end(transaction);
      return;
    }
    const sql = sqls[transaction.next];
    if (sql === undefined) {
      this.#commit(transaction);
      return;
    }
    if (this.#random.chance(this.temper.failures)) {
      this.#fail(transaction, this.#random.pick(PASSING));
      return;
    }
    if (sql.startsWith("LOCK ") && this.#lock !== "ignored") {
      if (this.#lockedBy !== undefined && this.#lockedBy !== transaction) {
        this.#waiting.push(transaction);
        return;
      }
      this.#lockedBy = transaction;
    }
    transaction.next += 1;
    const error = this.#run(transaction, sql);
    if (error === undefined) this.#continue(transaction);
    else this.#fail(transaction, error);
  }

  #run(transaction: Transaction, sql: string): string | undefined {
    const { statement, staged, inserted, noted } = transaction;
    if (/^(?:LOCK|CREATE TEMP TABLE|DROP TABLE) /.test(sql)) return undefined;
    if (sql.startsWith("COPY ")) return this.#copy(transaction, sql);
    if (sql === "SELECT pg_last_copy_id() AS query_id") {
      statement.result = [[{ longValue: transaction.lastCopy }]];
      return undefined;
    }
    const [, queryId] = /FROM sys_load_error_detail WHERE query_id = (\d+)$/.exec(sql) ?? [];
    if (queryId !== undefined) {
      statement.result = this.#loadErrors.get(Number(queryId)) ?? [];
      return undefined;
    }
    transaction.snapshot ??= this.#ledger;
    const wanted = idsIn(/load_id IN \(([^)]*)\)/.exec(sql)?.[1]);
    const known = [...transaction.snapshot, ...noted].filter(({ loadId }) => wanted.includes(loadId));
    if (sql.startsWith("SELECT load_id, loader, content_sha256 ")) {
      statement.result = known.map(({ loadId, loader, contentSha256 }) => [
        { stringValue: loadId },
        { stringValue: loader },
        { stringValue: contentSha256 },
      ]);
      return undefined;
    }
    if (!sql.startsWith("INSERT INTO ") || !sql.includes("NOT EXISTS")) return "ERROR: syntax error";
    if (known.length > 0) return undefined;
    const [, loader] = /SELECT kc_new\.load_id, '[^']*', '([0-9a-f]+)'/.exec(sql) ?? [];
    if (loader === undefined) {
      inserted.push(...staged);
      return undefined;
    }
    for (const [, loadId = "", contentSha256 = ""] of sql.matchAll(
      /SELECT '([0-9a-f]+)' AS load_id, '([0-9a-f]+)' AS content_sha256/g,
    ))
      noted.push({ loadId, loader, contentSha256 });
    return undefined;
  }

  /** Rows of JSON out of the objects of a manifest, all mandatory. A row with a column that the table has no room for is refused. */
  #copy(transaction: Transaction, sql: string): string | undefined {
    const { staged } = transaction;
    const [, manifestUrl = ""] = / FROM '([^']+)' /.exec(sql) ?? [];
    const maxErrors = Number(/ MAXERROR (\d+) /.exec(sql)?.[1]);
    const manifest = this.#objects.get(keyIn(manifestUrl));
    if (manifest === undefined) return "ERROR: Problem reading manifest file: the key does not exist";
    const { entries }: { entries: readonly { url: string }[] } = JSON.parse(manifest.body.toString("utf8"));
    const errors: Field[][] = [];
    for (const { url } of entries) {
      const object = this.#objects.get(keyIn(url));
      if (object === undefined) return "ERROR: mandatory: the specified S3 prefix does not exist";
      const lines = object.body.toString("utf8").split("\n");
      lines.forEach((line, index) => {
        if (line === "") return;
        const row: TargetRow = JSON.parse(line);
        if (!("unwritable" in row)) staged.push(row);
        else
          errors.push([
            { stringValue: url },
            { longValue: index + 1 },
            { stringValue: "unwritable" },
            { longValue: 1207 },
            { stringValue: "Overflow for NUMERIC" },
          ]);
      });
    }
    this.#lastCopy += 1;
    transaction.lastCopy = this.#lastCopy;
    this.#loadErrors.set(this.#lastCopy, errors);
    return errors.length > maxErrors
      ? "ERROR: Load into table 'kc_stage' failed. Check 'sys_load_error_detail' for details."
      : undefined;
  }

  #commit(transaction: Transaction): void {
    const { statement, inserted, noted } = transaction;
    this.#ledger = [...this.#ledger, ...noted];
    this.rowCount += inserted.length;
    statement.status = "FINISHED";
    this.#loaded(inserted);
    this.#end(transaction);
  }

  #fail(transaction: Transaction, error: string): void {
    transaction.statement.status = "FAILED";
    transaction.statement.error = error;
    this.#end(transaction);
  }

  #end(transaction: Transaction): void {
    if (this.#lockedBy !== transaction) return;
    this.#lockedBy = undefined;
    for (const waiting of this.#waiting.splice(0)) this.#continue(waiting);
  }
}

function idsIn(list = ""): readonly string[] {
  return [...list.matchAll(/'([0-9a-f]+)'/g)].map(([, id = ""]) => id);
}

/** `s3://bucket/key` without its bucket. */
function keyIn(url: string): string {
  return url.split("/").slice(3).join("/");
}
