import {
  comparePositions,
  KinesisConnectorError,
  type PlannedRange,
  type Position,
} from "@kinesis-connectors/core";
import { beginSql } from "./transaction.js";
import { literal } from "../sql/identifiers.js";
import type { AnswerRow, Bounds, Session } from "../connection/session.js";
import type { Target } from "../target/target.js";

/** Of which shard it is the position, for which application. */
export type PositionKey = Pick<PlannedRange, "application" | "stream" | "shardId">;

/** The tables: that of the rows, and that of the positions. Each table of rows has positions of its own, so that a pipeline may write several. */
export type PositionTables = Pick<Target<never>, "tableSql" | "positionsSql">;

/** More often than old positions are removed between a row's insertion and its lock. */
const MAX_ATTEMPTS = 5;

/** The condition that names a position. */
function keySql({ tableSql }: PositionTables, { application, stream, shardId }: PositionKey): string {
  return (
    `application = ${literal(application)} AND stream = ${literal(stream)} AND shard = ${literal(shardId)} ` +
    `AND destination = ${literal(tableSql)}`
  );
}

/**
 * Begins a transaction and takes the position of a shard for it, in one go: whoever else writes of the shard waits until it ends, and finds then how far it
 * came.
 * @returns undefined when nothing was written of the shard yet
 */
export async function beginWithPosition(
  session: Session,
  tables: PositionTables,
  key: PositionKey,
  requestTimeoutMs: number,
  bounds: Bounds,
): Promise<Position | undefined> {
  const lock = `SELECT seq::text AS seq, sub::text AS sub FROM ${tables.positionsSql} WHERE ${keySql(tables, key)} FOR UPDATE`;
  let [row] = await session.query(`${beginSql(requestTimeoutMs)}; ${lock}`, undefined, bounds);
  for (let attempt = 1; row === undefined; attempt += 1) {
    if (attempt > MAX_ATTEMPTS) throw hidden(tables);
    // The first batch of the shard here. It may be somebody else's at this moment too: whoever comes second waits for the first.
    const values = [key.application, key.stream, key.shardId, tables.tableSql];
    await session.query(
      `INSERT INTO ${tables.positionsSql} (application, stream, shard, destination) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
      values,
      bounds,
    );
    [row] = await session.query(lock, undefined, bounds);
  }
  return positionOf(row);
}

function hidden({ positionsSql }: PositionTables): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `positions: a row that is inserted into ${positionsSql} cannot be found there: let the user of connection.user read and change all rows (policies of row security), and take away triggers and rules that change or drop them`,
  );
}

/** How far a shard has come, as of the transactions that have ended; undefined when nothing was written of it. */
export async function readPosition(
  session: Session,
  tables: PositionTables,
  key: PositionKey,
  requestTimeoutMs: number,
  bounds: Bounds,
): Promise<Position | undefined> {
  // The limit goes with the statement: what waits for a lock outlives its connection.
  const select = `SET LOCAL statement_timeout = ${requestTimeoutMs}; SELECT seq::text AS seq, sub::text AS sub FROM ${tables.positionsSql} WHERE ${keySql(tables, key)}`;
  const [row] = await session.query(select, undefined, bounds);
  return row === undefined ? undefined : positionOf(row);
}

/** Makes what was written last, all of it or nothing, and the position with it: `last`, or as it is where that lies behind. */
export async function commitWithPosition(
  session: Session,
  tables: PositionTables,
  key: PositionKey,
  { last, position }: { readonly last: Position; readonly position: Position | undefined },
  bounds: Bounds,
): Promise<void> {
  const isMoved = position === undefined || comparePositions(last, position) > 0;
  const move =
    `UPDATE ${tables.positionsSql} SET seq = ${literal(last.sequenceNumber)}::numeric, sub = ${last.subSequenceNumber}::bigint, ` +
    `updated_at = now() WHERE ${keySql(tables, key)}; `;
  await session.query(`${isMoved ? move : ""}COMMIT`, undefined, bounds);
}

/**
 * Removes the positions of an application's stream that nothing was written of for so long that none of the records before them is in the stream any more:
 * those of shards that were read to their end, mostly. The server's clock measures it, which wrote their time as well.
 */
export async function removeOldPositions(
  session: Session,
  tables: PositionTables,
  { application, stream }: PositionKey,
  olderThanHours: number,
  bounds: Bounds,
): Promise<readonly string[]> {
  const remove =
    `DELETE FROM ${tables.positionsSql} WHERE application = $1 AND stream = $2 AND (shard, destination) IN (SELECT shard, destination FROM ${tables.positionsSql} ` +
    "WHERE application = $1 AND stream = $2 AND updated_at < now() - make_interval(hours => $3::integer) FOR UPDATE SKIP LOCKED) RETURNING shard";
  const removed = await session.query(remove, [application, stream, String(olderThanHours)], bounds);
  return removed.map((row) => row["shard"] ?? "");
}

function positionOf({ seq, sub }: AnswerRow): Position | undefined {
  if (seq === null || seq === undefined) return undefined;
  return { sequenceNumber: seq, subSequenceNumber: Number(sub ?? 0) };
}
