import type { BufferEntry, FailedEntry } from "@kinesis-connectors/core";
import type { Bounds, Session } from "../connection/session.js";
import { isAboutRows, rejection } from "../failures.js";
import { oneStatement, rowStatements } from "../requests.js";
import { rowSql } from "../sql/row-sql.js";
import type { Target } from "../target/target.js";

/** A row, or the rows of a statement, that PostgreSQL did not take; what was before it in the transaction is gone with it. */
export class RowsRefused extends Error {
  override readonly name = "RowsRefused";
  override readonly cause: unknown;
  /** Whether it was the commit that refused them, for constraints that wait until then. */
  readonly wasCommitting: boolean;

  constructor(cause: unknown, wasCommitting: boolean) {
    super("rows were refused");
    this.cause = cause;
    this.wasCommitting = wasCommitting;
  }
}

/**
 * Writes rows within a transaction, a statement at a time. While the server works on one, the next is made.
 * @returns the rows that have no form in PostgreSQL: when there are any, the transaction is to be rolled back
 * @throws RowsRefused for rows that do not fit the table; what the server answered otherwise
 */
export async function writeRows<Row>(
  session: Session,
  target: Target<Row>,
  entries: readonly BufferEntry<Row>[],
  maxRows: number,
  bounds: Bounds,
): Promise<readonly FailedEntry<Row>[]> {
  const sql = rowSql(target);
  const refused: FailedEntry<Row>[] = [];
  let underWay: Promise<unknown> = Promise.resolve();
  for (const { values } of rowStatements(entries, target, maxRows, refused)) {
    // What follows a row that has no form is looked at all the same, so that all of them are named together.
    await underWay;
    if (refused.length > 0) continue;
    underWay = session.query(sql, values, bounds).catch((error: unknown) => {
      throw isAboutRows(error) ? new RowsRefused(error, false) : error;
    });
    // It is awaited next; until then a failure must not count as unhandled.
    underWay.catch(() => undefined);
  }
  await underWay;
  return refused;
}

/**
 * Writes rows within a transaction and finds those that PostgreSQL refuses, by halving: each half is tried behind a savepoint, and what went well stays, so
 * that a row is looked at in the company that it would have.
 * @returns the refused rows; without any, all rows are written
 * @throws what the server answered, where that is not about rows
 */
export async function findRefusedRows<Row>(
  session: Session,
  target: Target<Row>,
  entries: readonly BufferEntry<Row>[],
  maxRows: number,
  bounds: Bounds,
): Promise<readonly FailedEntry<Row>[]> {
  // The outputs of one record are divided here: their order decides.
  const sql = rowSql(target, { overEqual: true });
  const refused: FailedEntry<Row>[] = [];
  const tryRows = async (from: number, to: number): Promise<void> => {
    const some = entries.slice(from, to);
    await session.query("SAVEPOINT kc_rows", undefined, bounds);
    try {
      await session.query(sql, oneStatement(some, target).values, bounds);
      await session.query("RELEASE SAVEPOINT kc_rows", undefined, bounds);
      return;
    } catch (error) {
      if (!isAboutRows(error)) throw error;
      await session.query("ROLLBACK TO SAVEPOINT kc_rows; RELEASE SAVEPOINT kc_rows", undefined, bounds);
      const [only] = some;
      if (some.length === 1 && only !== undefined) {
        refused.push({ entry: only, action: "dead-letter", error: rejection(error) });
        return;
      }
    }
    const middle = from + Math.ceil((to - from) / 2);
    await tryRows(from, middle);
    await tryRows(middle, to);
  };
  for (let from = 0; from < entries.length; from += maxRows)
    await tryRows(from, Math.min(from + maxRows, entries.length));
  return refused;
}
