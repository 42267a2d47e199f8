import type { Bounds, Session } from "../connection/session.js";

/** Makes the commit of the transaction durable. One that a crash of the server takes back would be lost: who was answered has gone on by then. */
export const DURABLE_SQL =
  "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'";

/**
 * Begins a transaction whose commit is durable and which holds nobody up for long: the server ends it when the process that began it falls silent, so that
 * the next owner of the shard is not kept waiting for the lock of its position. In the transaction alone, because a pooler may give the connection to
 * another one afterwards.
 */
export function beginSql(requestTimeoutMs: number): string {
  return (
    "BEGIN ISOLATION LEVEL READ COMMITTED; " +
    `SET LOCAL statement_timeout = ${requestTimeoutMs}; ` +
    `SET LOCAL idle_in_transaction_session_timeout = ${requestTimeoutMs}; ` +
    // An element NULL would be the text of the same letters.
    "SET LOCAL array_nulls = on; " +
    DURABLE_SQL
  );
}

/** Takes back what was written. */
export async function rollBack(session: Session, bounds: Bounds): Promise<void> {
  await session.query("ROLLBACK", undefined, bounds);
}
