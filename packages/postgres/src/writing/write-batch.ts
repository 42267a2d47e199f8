import { type Batch, type EmitContext, entriesPast, type FailedEntry } from "@kinesis-connectors/core";
import type { Session } from "../connection/session.js";
import { isAboutRows } from "../failures.js";
import type { Settings } from "../settings.js";
import type { Target } from "../target/target.js";
import { beginWithPosition, commitWithPosition } from "./positions.js";
import { rollBack } from "./transaction.js";
import { findRefusedRows, RowsRefused, writeRows } from "./write-rows.js";

/** A batch on its way into its tables. */
export interface Writing<Row> {
  readonly session: Session;
  readonly target: Target<Row>;
  /** Looks the tables up again: they may have been altered since. */
  readonly lookUpAgain: () => Promise<Target<Row>>;
  readonly settings: Pick<Settings<Row>, "maxRowsPerStatement" | "requestTimeoutMs">;
  readonly batch: Batch<Row>;
  readonly context: EmitContext<unknown>;
}

/** What became of a batch. */
export interface Written<Row> {
  /** The rows that PostgreSQL will never take. When there are any, nothing was written. */
  readonly refused: readonly FailedEntry<Row>[];
  /** Rows that lay at or before the position already. */
  readonly skipped: number;
}

/** Writes a batch in one transaction with its position; when a row is refused, writes nothing and names all refused ones. */
export async function writeBatch<Row>(writing: Writing<Row>): Promise<Written<Row>> {
  try {
    return await inTransaction(writing, (target, entries) =>
      writeRows(writing.session, target, entries, writing.settings.maxRowsPerStatement, writing.context),
    );
  } catch (thrown) {
    if (!(thrown instanceof RowsRefused)) throw thrown;
    return await withRefusedRows(writing, thrown);
  }
}

type WriteRows<Row> = (
  target: Target<Row>,
  entries: Batch<Row>["entries"],
) => Promise<readonly FailedEntry<Row>[]>;

async function inTransaction<Row>(writing: Writing<Row>, write: WriteRows<Row>): Promise<Written<Row>> {
  const { session, target, batch, context, settings } = writing;
  const { requestTimeoutMs } = settings;
  const position = await beginWithPosition(session, target, batch, requestTimeoutMs, context);
  const entries = entriesPast(position, batch);
  const refused = entries.length === 0 ? [] : await write(target, entries);
  if (refused.length > 0) {
    await rollBack(session, context);
    return { refused, skipped: 0 };
  }
  try {
    await commitWithPosition(session, target, batch, { last: batch.last, position }, context);
  } catch (error) {
    throw isAboutRows(error) ? new RowsRefused(error, true) : error;
  }
  return { refused: [], skipped: batch.entries.length - entries.length };
}

/**
 * Writes the batch once more, and finds what was refused. Where nothing is refused any more, it has written it: a key that another transaction held
 * for a moment, or keys that are equal to the database alone.
 */
async function withRefusedRows<Row>(
  writing: Writing<Row>,
  { wasCommitting }: RowsRefused,
): Promise<Written<Row>> {
  const { session, context, settings } = writing;
  // After a COMMIT that was refused there is no transaction any more; the server only remarks on it.
  await rollBack(session, context);
  const target = await writing.lookUpAgain();
  try {
    return await inTransaction({ ...writing, target }, async (_, entries) => {
      // Only then: rows may refer to later ones of the same batch, which constraints that wait permit.
      if (wasCommitting) await session.query("SET CONSTRAINTS ALL IMMEDIATE", undefined, context);
      return findRefusedRows(session, target, entries, settings.maxRowsPerStatement, context);
    });
  } catch (thrown) {
    // Each row was taken, and yet the whole was not: it is the table of positions that is wrong.
    throw thrown instanceof RowsRefused ? thrown.cause : thrown;
  }
}
