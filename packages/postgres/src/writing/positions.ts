import type { PlannedRange, Position } from "@kinesis-connectors/core";
import type { AnswerRow, Bounds, Session } from "../connection/session.js";
import type { Target } from "../target/target.js";

/** Of which shard it is the position, for which application. */
export type PositionKey = Pick<PlannedRange, "application" | "stream" | "shardId">;

/** The tables: that of the rows, and that of the positions. Each table of rows has positions of its own, so that a pipeline may write several. */
export type PositionTables = Pick<Target<never>, "tableSql" | "positionsSql">;

const KEY = "application = $1 AND stream = $2 AND shard = $3 AND destination = $4";

const valuesOf = (
  { tableSql }: PositionTables,
  { application, stream, shardId }: PositionKey,
): readonly string[] => [application, stream, shardId, tableSql];

/**
 * Takes the position of a shard for the transaction: whoever else writes of it waits until this one ends, and finds then how far it came.
 * @returns undefined when nothing was written of the shard yet
 */
export async function lockPosition(
  session: Session,
  tables: PositionTables,
  key: PositionKey,
  bounds: Bounds,
): Promise<Position | undefined> {
  const select = `SELECT seq::text AS seq, sub::text AS sub FROM ${tables.positionsSql} WHERE ${KEY} FOR UPDATE`;
  const values = valuesOf(tables, key);
  for (;;) {
    const [row] = await session.query(select, values, bounds);
    if (row !== undefined) return positionOf(row);
    // The first batch of the shard here. It may be somebody else's at this moment too: whoever comes second waits for the first.
    const insert = `INSERT INTO ${tables.positionsSql} (application, stream, shard, destination) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`;
    await session.query(insert, values, bounds);
  }
}

/** How far a shard has come, as of the transactions that have ended; undefined when nothing was written of it. */
export async function readPosition(
  session: Session,
  tables: PositionTables,
  key: PositionKey,
  bounds: Bounds,
): Promise<Position | undefined> {
  const select = `SELECT seq::text AS seq, sub::text AS sub FROM ${tables.positionsSql} WHERE ${KEY}`;
  const [row] = await session.query(select, valuesOf(tables, key), bounds);
  return row === undefined ? undefined : positionOf(row);
}

/** Moves the position that the transaction has taken. */
export async function movePosition(
  session: Session,
  tables: PositionTables,
  key: PositionKey,
  { sequenceNumber, subSequenceNumber }: Position,
  bounds: Bounds,
): Promise<void> {
  const update = `UPDATE ${tables.positionsSql} SET seq = $5::numeric, sub = $6::bigint, updated_at = now() WHERE ${KEY} RETURNING shard`;
  const values = [...valuesOf(tables, key), sequenceNumber, String(subSequenceNumber)];
  const moved = await session.query(update, values, bounds);
  if (moved.length !== 1) throw new Error(`the position of ${key.shardId} is gone, though it was locked`);
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
