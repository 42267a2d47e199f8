import {
  comparePositions,
  KinesisConnectorError,
  type PlannedRange,
  type Position,
  type ReplayedStream,
} from "@kinesis-connectors/core";

const PREFIX = "kc.position";
const DAY_MS = 86_400_000;

/** The position of a shard in a table's properties, and the batch that brought it there. */
export interface TablePosition extends Position {
  /** When it was committed, in epoch milliseconds. Undefined where somebody wrote the property by hand. */
  readonly atMs?: number;
  /** `<batch>-<content>`, the start of both. */
  readonly batch?: string;
}

type Owner = Pick<PlannedRange, "application" | "stream" | "shardId">;

/** The property of a shard: `kc.position.<application>.<stream>.<shard>`. A point inside a name is written as %2E, so that no two shards share one. */
export function positionKey({ application, stream, shardId }: Owner): string {
  return `${streamPrefix(application, stream)}${escaped(shardId)}`;
}

function streamPrefix(application: string, stream: string): string {
  return `${PREFIX}.${escaped(application)}.${escaped(stream)}.`;
}

function escaped(name: string): string {
  return encodeURIComponent(name).replaceAll(".", "%2E");
}

/** What the property says: `<sequence number>.<sub-sequence number> <time> <batch>`. */
export function positionText(position: Position, atMs: number, batch: string): string {
  return `${position.sequenceNumber}.${position.subSequenceNumber} ${new Date(atMs).toISOString()} ${batch}`;
}

/**
 * Reads what a table holds of a shard; undefined where it holds nothing.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` for a property that says nothing
 */
export function positionIn(
  properties: Readonly<Record<string, string>> | undefined,
  key: string,
): TablePosition | undefined {
  const text = properties?.[key];
  if (text === undefined) return undefined;
  const [where = "", time, batch] = text.split(" ");
  const [, sequenceNumber, subSequenceNumber] = /^(\d+)\.(\d+)$/.exec(where) ?? [];
  if (sequenceNumber === undefined)
    throw new KinesisConnectorError(
      "KC_EMIT_REFUSED",
      `the property ${key} of the table is not <sequence number>.<sub-sequence number>: correct it, or remove it where the table holds nothing of the shard`,
    );
  const atMs = Date.parse(time ?? "");
  return {
    sequenceNumber,
    subSequenceNumber: Number(subSequenceNumber),
    ...(Number.isNaN(atMs) ? {} : { atMs }),
    ...(batch === undefined ? {} : { batch }),
  };
}

/** A phrase for the rows of a stream that another application brought into the table, by its positions; undefined where there are none. */
export function rowsOfOthers(
  properties: Readonly<Record<string, string>> | undefined,
  { application, stream }: ReplayedStream,
  table: string,
): string | undefined {
  const ours = escaped(application);
  for (const key of Object.keys(properties ?? {})) {
    if (!key.startsWith(`${PREFIX}.`)) continue;
    const [other = "", ofStream, shardId = ""] = key.slice(PREFIX.length + 1).split(".");
    if (ofStream !== escaped(stream) || other === ours) continue;
    return `rows of stream "${stream}" in the table ${table} that another application added, by its property ${key} (${decodeURIComponent(shardId)})`;
  }
  return undefined;
}

/** Whether a table that is at `position` holds everything up to `last`. */
export function isPast(position: Position | undefined, last: Position): boolean {
  return position !== undefined && comparePositions(position, last) >= 0;
}

/** Whether two positions are the same, or both nowhere. */
export function isSame(left: Position | undefined, right: Position | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return comparePositions(left, right) === 0;
}

/**
 * Positions of the same stream that no record can come before any more: committed longer ago than the stream keeps records, and a day. Those of shards
 * that were read to their end pile up otherwise. One that was written by hand, without a time, stays.
 */
export function outlivedPositions(
  properties: Readonly<Record<string, string>> | undefined,
  { application, stream }: Owner,
  retentionMs: number,
  nowMs: number,
): readonly string[] {
  const prefix = streamPrefix(application, stream);
  return Object.keys(properties ?? {}).filter((key) => {
    if (!key.startsWith(prefix)) return false;
    const [, time = ""] = properties?.[key]?.split(" ") ?? [];
    return Date.parse(time) < nowMs - retentionMs - DAY_MS;
  });
}
