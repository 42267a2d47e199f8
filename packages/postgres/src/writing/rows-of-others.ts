import type { ReplayedStream } from "@kinesis-connectors/core";
import type { Bounds, Session } from "../connection/session.js";
import type { Target } from "../target/target.js";

/**
 * What rows of a stream another application wrote into the table, by its positions beside it; undefined where there are none, or where a replay changes nothing
 * of them, because only newer rows take the place of others.
 */
export async function rowsOfOthers<Row>(
  session: Session,
  { tableSql, positionsSql, mode }: Target<Row>,
  { application, stream }: ReplayedStream,
  bounds: Bounds,
): Promise<string | undefined> {
  if (mode.type === "upsert" && mode.guarded) return undefined;
  // A position without a number is of a batch that was taken back.
  const select = `SELECT application, shard FROM ${positionsSql} WHERE stream = $1 AND destination = $2 AND application <> $3 AND seq IS NOT NULL LIMIT 1`;
  const [found] = await session.query(select, [stream, tableSql, application], bounds);
  if (found === undefined) return undefined;
  const { application: other, shard } = found;
  const rows = `rows of stream "${stream}" in ${tableSql} that the application "${other ?? ""}" wrote, such as those of ${shard ?? ""}`;
  return mode.type === "insert"
    ? rows
    : `${rows}, and without mode.guarded older rows take the place of newer ones`;
}
