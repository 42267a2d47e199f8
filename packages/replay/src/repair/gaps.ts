import { comparePositions, type Position } from "@kinesis-connectors/core";
import type { LeaseCheckpoint } from "@kinesis-connectors/leases";

/** A range of a shard that no object is made of, although the checkpoint is past it. */
export interface Gap {
  readonly shardId: string;
  /** It begins behind this position: the end of the object before it. Undefined: with what arrived at `fromMs`. */
  readonly after: Position | undefined;
  /** Epoch milliseconds. Undefined where it begins behind a position. */
  readonly fromMs?: number | undefined;
  /** It ends before this position, the beginning of the object behind it; or with the record of this one, where that is the checkpoint; or with the shard. */
  readonly end:
    | { readonly type: "before"; readonly position: Position }
    | { readonly type: "through"; readonly position: Position }
    | { readonly type: "shard-end" };
}

/** A range that objects are made of. */
interface Range {
  readonly first: Position;
  readonly last: Position;
}

/**
 * The ranges of a shard that no object is made of, up to its checkpoint: what comes behind it is the live connector's. Ranges in which everything was filtered
 * are among them: only reading tells.
 *
 * @param ranges in the order of their first positions
 * @param checkpoint of the live connector; undefined where the shard has no row, which is the case before it is read, and long after
 * @param fromMs what comes before the first range is looked at from then on; undefined: it is not
 */
export function gapsOf(
  shardId: string,
  ranges: readonly Range[],
  checkpoint: LeaseCheckpoint | undefined,
  fromMs: number | undefined,
): readonly Gap[] {
  const gaps: Gap[] = [];
  // Nothing is committed yet: all that is missing is the live connector's.
  if (typeof checkpoint === "string" && checkpoint !== "SHARD_END") return gaps;
  const committed = typeof checkpoint === "object" ? checkpoint : undefined;
  let covered: Position | undefined;
  const begin = () => ({ shardId, after: covered, ...(covered === undefined ? { fromMs } : {}) });
  let isBegun = fromMs !== undefined;
  for (const { first, last } of ranges) {
    // An object past the checkpoint was written while the archive was listed, or before the connector was reset: what lies before it is delivered by that.
    if (committed !== undefined && comparePositions(first, committed) > 0) break;
    if (isBegun && (covered === undefined || comparePositions(first, covered) > 0))
      gaps.push({ ...begin(), end: { type: "before", position: first } });
    isBegun = true;
    if (covered === undefined || comparePositions(last, covered) > 0) covered = last;
  }
  if (!isBegun) return gaps;
  if (checkpoint === "SHARD_END") gaps.push({ ...begin(), end: { type: "shard-end" } });
  else if (committed !== undefined && (covered === undefined || comparePositions(committed, covered) > 0))
    gaps.push({ ...begin(), end: { type: "through", position: committed } });
  return gaps;
}

/** The key of a gap's row: it holds the gap, so that whoever goes on knows what was begun. */
export function keyOfGap({ shardId, after, fromMs = 0, end }: Gap): string {
  const begin = after === undefined ? `@${fromMs}` : textOf(after);
  return [shardId, begin, end.type, ...(end.type === "shard-end" ? [] : [textOf(end.position)])].join("/");
}

/** The gap of a row; undefined for a row of another making. */
export function gapOfKey(key: string): Gap | undefined {
  const [shardId = "", begin = "", type, position = ""] = key.split("/");
  const after = positionOf(begin);
  if (after === undefined && !/^@\d+$/.test(begin)) return undefined;
  const from = { shardId, after, ...(after === undefined ? { fromMs: Number(begin.slice(1)) } : {}) };
  if (type === "shard-end") return { ...from, end: { type } };
  const at = positionOf(position);
  if ((type !== "before" && type !== "through") || at === undefined) return undefined;
  return { ...from, end: { type, position: at } };
}

function textOf({ sequenceNumber, subSequenceNumber }: Position): string {
  return `${sequenceNumber}.${subSequenceNumber}`;
}

function positionOf(text: string): Position | undefined {
  const [, sequenceNumber, subSequenceNumber] = /^(\d+)\.(\d+)$/.exec(text) ?? [];
  return sequenceNumber === undefined
    ? undefined
    : { sequenceNumber, subSequenceNumber: Number(subSequenceNumber) };
}
