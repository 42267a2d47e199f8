import type { PlannedRange, Position } from "@kinesis-connectors/core";
import type { AnswerRow, Bounds, Session } from "../connection/session.js";

/** Whose position it is. */
export type PositionKey = Pick<PlannedRange, "application" | "stream" | "shardId">;

const KEY = "application = $1 AND stream = $2 AND shard = $3";

const valuesOf = ({ application, stream, shardId }: PositionKey): readonly string[] => [
  application,
  stream,
  shardId,
];

/**
 * Takes the position of a shard for the transaction: whoever else writes of it waits until this one ends, and finds then how far it came.
 * @returns undefined when nothing was written of the shard yet
 */
export async function lockPosition(
  session: Session,
  positionsSql: string,
  key: PositionKey,
  bounds: Bounds,
): Promise<Position | undefined> {
  const select = `SELECT seq::text AS seq, sub::text AS sub FROM ${positionsSql} WHERE ${KEY} FOR UPDATE`;
  const values = valuesOf(key);
  for (;;) {
    const [row] = await session.query(select, values, bounds);
    if (row !== undefined) return positionOf(row);
    // The first batch of the shard here. It may be somebody else's at this moment too: whoever comes second waits for the first.
    const insert = `INSERT INTO ${positionsSql} (application, stream, shard) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`;
    await session.query(insert, values, bounds);
  }
}

/** How far a shard has come, as of the transactions that have ended; undefined when nothing was written of it. */
export async function readPosition(
  session: Session,
  positionsSql: string,
  key: PositionKey,
  bounds: Bounds,
): Promise<Position | undefined> {
  const select = `SELECT seq::text AS seq, sub::text AS sub FROM ${positionsSql} WHERE ${KEY}`;
  const [row] = await session.query(select, valuesOf(key), bounds);
  return row === undefined ? undefined : positionOf(row);
}

/** Moves the position that the transaction has taken. */
export async function movePosition(
  session: Session,
  positionsSql: string,
  key: PositionKey,
  { sequenceNumber, subSequenceNumber }: Position,
  bounds: Bounds,
): Promise<void> {
  const update = `UPDATE ${positionsSql} SET seq = $4::numeric, sub = $5::bigint, updated_at = now() WHERE ${KEY} RETURNING shard`;
  const values = [...valuesOf(key), sequenceNumber, String(subSequenceNumber)];
  const moved = await session.query(update, values, bounds);
  if (moved.length !== 1) throw new Error(`the position of ${key.shardId} is gone, though it was locked`);
}

/**
 * Removes the positions of an application's stream that nothing was written of for so long that none of the records before them is in the stream any more:
 * those of shards that were read to their end, mostly. The server's clock measures it, which wrote their time as well.
 */
export async function removeOldPositions(
  session: Session,
  positionsSql: string,
  { application, stream }: PositionKey,
  olderThanHours: number,
  bounds: Bounds,
): Promise<readonly string[]> {
  const remove =
    `DELETE FROM ${positionsSql} WHERE application = $1 AND stream = $2 AND shard IN (SELECT shard FROM ${positionsSql} ` +
    "WHERE application = $1 AND stream = $2 AND updated_at < now() - make_interval(hours => $3::integer) FOR UPDATE SKIP LOCKED) RETURNING shard";
  const removed = await session.query(remove, [application, stream, String(olderThanHours)], bounds);
  return removed.map((row) => row["shard"] ?? "");
}

function positionOf({ seq, sub }: AnswerRow): Position | undefined {
  if (seq === null || seq === undefined) return undefined;
  return { sequenceNumber: seq, subSequenceNumber: Number(sub ?? 0) };
}
