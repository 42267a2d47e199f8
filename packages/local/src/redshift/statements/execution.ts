import type { Clock } from "../../clock.js";
import type { FiredFault } from "../../faults.js";
import { SCHEMA } from "../databases/catalog.js";
import { copyLoad, type LoadError } from "../copy/copy-load.js";
import type { CopyObjects } from "../copy/copy-files.js";
import { readCopy } from "../copy/copy-statement.js";
import type { Database, QueryResult, Session } from "../databases/database.js";
import { asSqlFailure, errorText, notEmulated, SqlFailure } from "../errors.js";
import { writeLoadErrors } from "../copy/load-errors.js";
import { bindParameters } from "../sql/parameters.js";
import { rewrite } from "../sql/rewrite.js";
import { significant, isWord, statementKind } from "../sql/sql-tokens.js";
import { StatementAborted, type Statement, type SubStatement } from "./statement.js";
import { holdLock, statementFault } from "./statement-faults.js";

/** What running a statement needs. */
export interface ExecutionContext {
  readonly clock: Clock;
  readonly database: Database;
  /** The name that calls must give. */
  readonly databaseName: string;
  readonly objects: CopyObjects;
}

/**
 * Runs a statement to its end, whatever becomes of the client that sent it. Never throws: how it ended is in the
 * statement.
 *
 * @param kept the session of a SessionId, which goes on; without it the statement has a clean one of its own
 */
export async function execute(
  statement: Statement,
  context: ExecutionContext,
  faults: readonly FiredFault[],
  kept?: Session,
): Promise<void> {
  const { clock } = context;
  const errors: LoadError[] = [];
  const run: Run = { statement, context, faults, errors, failedQueryId: 0 };
  let failure: unknown;
  try {
    if (statement.database !== context.databaseName)
      throw new SqlFailure(`FATAL: database "${statement.database}" does not exist`, { sqlState: "3D000" });
    await holdLock(faults, context, statement.abort.signal);
    const session = kept ?? (await context.database.open());
    try {
      throwIfAborted(statement);
      setStatus(statement, "PICKED", clock);
      await withInterruption(statement, session, () =>
        runAll(run, guarded(session, statement), kept !== undefined),
      );
    } finally {
      if (kept === undefined) await session.end();
    }
  } catch (error) {
    failure = error;
  }
  try {
    if (errors.length > 0) await keepLoadErrors(run);
  } catch (error) {
    failure ??= error;
  }
  finish(run, failure);
}

interface Run {
  readonly statement: Statement;
  readonly context: ExecutionContext;
  readonly faults: readonly FiredFault[];
  readonly errors: LoadError[];
  failedQueryId: number;
}

/** What was not loaded is told after the transaction has ended, so that a rollback does not take it away. */
async function keepLoadErrors({ context, errors, failedQueryId }: Run): Promise<void> {
  const session = await context.database.open();
  try {
    await writeLoadErrors(session, failedQueryId, context.clock.now(), errors);
  } finally {
    await session.end();
  }
}

function finish({ statement, context }: Run, failure: unknown): void {
  const { clock } = context;
  if (failure === undefined) {
    const first = statement.subs.find((sub) => sub.status === "FAILED");
    // In AUTO_COMMIT one may fail and the others stand.
    if (first !== undefined) statement.error = numbered(statement, first);
    setStatus(statement, first === undefined ? "FINISHED" : "FAILED", clock);
    return;
  }
  const aborted = failure instanceof StatementAborted || statement.abort.signal.aborted;
  const text = aborted ? "Query cancelled on user's request" : errorText(asSqlFailure(failure));
  const running = statement.subs.find((sub) => sub.status === "STARTED" || sub.status === "PICKED");
  for (const sub of statement.subs) {
    if (sub === running && !aborted) {
      sub.error = text;
      setStatus(sub, "FAILED", clock);
    } else if (sub.status !== "FINISHED") setStatus(sub, "ABORTED", clock);
  }
  statement.error =
    statement.isBatch && running !== undefined && !aborted ? numbered(statement, running) : text;
  setStatus(statement, aborted ? "ABORTED" : "FAILED", clock);
}

function numbered(statement: Statement, sub: SubStatement): string {
  const text = sub.error ?? "";
  return statement.isBatch ? `Query #${statement.subs.indexOf(sub) + 1} failed with ${text}` : text;
}

function setStatus(target: Statement | SubStatement, status: Statement["status"], clock: Clock): void {
  target.status = status;
  target.updatedAtMs = clock.now();
  if (status === "STARTED") target.startedAtMs ??= clock.now();
}

function throwIfAborted(statement: Statement): void {
  if (statement.abort.signal.aborted) throw new StatementAborted();
}

/** A cancelled statement begins no further query: the interruption may have come between two. */
function guarded(session: Session, statement: Statement): Session {
  return {
    ...session,
    query: async (sql) => {
      if (sql !== "ROLLBACK") throwIfAborted(statement);
      return session.query(sql);
    },
    copyIn: async (sql, lines) => {
      throwIfAborted(statement);
      return session.copyIn(sql, lines);
    },
  };
}

/** A cancelled statement interrupts what its session runs. */
async function withInterruption(
  statement: Statement,
  session: Session,
  work: () => Promise<void>,
): Promise<void> {
  const { signal } = statement.abort;
  let interrupting: Promise<void> = Promise.resolve();
  const interrupt = (): void => {
    // A session that cannot be interrupted ends its statement by itself; the next one is not begun.
    interrupting = session.interrupt().catch(() => {});
  };
  signal.addEventListener("abort", interrupt, { once: true });
  try {
    await work();
  } finally {
    signal.removeEventListener("abort", interrupt);
    await interrupting;
  }
}

async function runAll(run: Run, session: Session, isKept: boolean): Promise<void> {
  const { statement, context } = run;
  setStatus(statement, "STARTED", context.clock);
  const asOne = statement.isBatch && statement.executionMode === "TRANSACTION";
  if (asOne) {
    for (const sub of statement.subs) refuseTransactionControl(sub);
    await inTransaction(run, session, isKept, async () => {
      for (const sub of statement.subs) await runOne(run, sub, session, true);
    });
    return;
  }
  for (const sub of statement.subs) {
    try {
      await runOne(run, sub, session, isKept && (await isInTransaction(session)));
    } catch (error) {
      if (!statement.isBatch || !(error instanceof SqlFailure) || statement.abort.signal.aborted) throw error;
      sub.error = errorText(error);
      setStatus(sub, "FAILED", context.clock);
    }
  }
}

/** A batch is a transaction already; its end in the middle would commit a half of it. */
function refuseTransactionControl({ tokens }: SubStatement): void {
  const [first] = significant(tokens);
  if (isWord(first, "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"))
    throw notEmulated("BEGIN, COMMIT and ROLLBACK inside a batch, which is one transaction");
}

async function inTransaction(
  { statement }: Run,
  session: Session,
  isKept: boolean,
  work: () => Promise<void>,
): Promise<void> {
  await session.query("BEGIN");
  try {
    await work();
    throwIfAborted(statement);
    await session.query("COMMIT");
  } catch (error) {
    if (isKept) await session.query("ROLLBACK");
    throw error;
  }
}

/** Only a transaction has savepoints. */
async function isInTransaction(session: Session): Promise<boolean> {
  try {
    await session.query("SAVEPOINT local_probe");
    await session.query("RELEASE SAVEPOINT local_probe");
    return true;
  } catch (error) {
    if (error instanceof SqlFailure && error.sqlState === "25P01") return false;
    // A failed transaction: the statement itself says so.
    if (error instanceof SqlFailure && error.sqlState === "25P02") return true;
    throw error;
  }
}

async function runOne(run: Run, sub: SubStatement, session: Session, isOpen: boolean): Promise<void> {
  const { statement, context, faults } = run;
  const number = statement.subs.indexOf(sub) + 1;
  throwIfAborted(statement);
  setStatus(sub, "STARTED", context.clock);
  const at = { number, count: statement.subs.length, clock: context.clock, signal: statement.abort.signal };
  await statementFault(faults, "before", at);
  sub.result = await runSql(run, sub, session, isOpen, () => statementFault(faults, "after", at));
  setStatus(sub, "FINISHED", context.clock);
}

/** @param afterwards faults that strike when the change is made and not yet committed */
async function runSql(
  run: Run,
  sub: SubStatement,
  session: Session,
  isOpen: boolean,
  afterwards: () => Promise<void>,
): Promise<QueryResult> {
  const { statement, context } = run;
  const kind = statementKind(sub.tokens);
  const hasFault = run.faults.some((fault) => fault.phase === "after" && fault.effect.kind === "statement");
  if (kind !== "COPY") {
    const sql = rewrite(bindParameters(sub.tokens, statement.parameters));
    if (hasFault && !isOpen && /^(?:INSERT|UPDATE|DELETE|MERGE|WITH|SELECT)$/.test(kind)) {
      let result: QueryResult | undefined;
      await inTransaction(run, session, false, async () => {
        result = await session.query(sql);
        await afterwards();
      });
      if (result !== undefined) return result;
    }
    const result = await session.query(sql);
    // "TRUNCATE commits the transaction in which it is run": the developer guide. What follows is a new one.
    if (kind === "TRUNCATE" && isOpen) {
      await session.query("COMMIT");
      await session.query("BEGIN");
    }
    await afterwards();
    return result;
  }
  if (sub.tokens.some((token) => token.kind === "parameter") && statement.parameters.length > 0)
    throw new SqlFailure('syntax error at or near "$1"', { sqlState: "42601" });
  const command = readCopy(sub.tokens);
  let count = 0;
  const load = async (): Promise<void> => {
    run.failedQueryId = sub.queryId;
    count = await copyLoad(command, {
      session,
      objects: context.objects,
      errors: run.errors,
      errorView: statement.workgroupName === undefined ? "stl_load_errors" : "sys_load_error_detail",
    });
    await session.query(
      `SELECT set_config('${SCHEMA}.last_copy_count', '${count}', false), ` +
        `set_config('${SCHEMA}.last_copy_id', '${sub.queryId}', false)`,
    );
    await afterwards();
  };
  if (isOpen) await load();
  else await inTransaction(run, session, true, load);
  return { columns: [], rows: [], rowCount: count };
}
