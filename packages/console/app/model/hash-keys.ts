import type { Row } from "./rows.js";

const HASH_KEYS = 2n ** 128n;
const PARTS = 1_000_000n;

/** A piece of the hash keys, from 0 to 1: a shard's, or one that no open shard has. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  /** Null for a hole. */
  readonly row: Row | null;
}

/** All hash keys as pieces, in their order. Empty where a row does not say its range: then nothing can be said of holes either. */
export function segmentsOf(rows: readonly Row[]): readonly Segment[] {
  const open: { readonly row: Row; readonly from: bigint; readonly to: bigint }[] = [];
  for (const row of rows) {
    if (row.state === "ended") continue;
    // Its parents still have these keys.
    if (row.state === "waiting") continue;
    if (row.hashKeyRange === null) return [];
    const { startingHashKey, endingHashKey } = row.hashKeyRange;
    open.push({ row, from: BigInt(startingHashKey), to: BigInt(endingHashKey) + 1n });
  }
  open.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const segments: Segment[] = [];
  let next = 0n;
  for (const { row, from, to } of open) {
    if (from > next) segments.push({ from: partOf(next), to: partOf(from), row: null });
    segments.push({ from: partOf(from), to: partOf(to), row });
    if (to > next) next = to;
  }
  if (open.length > 0 && next < HASH_KEYS) segments.push({ from: partOf(next), to: 1, row: null });
  return segments;
}

/** The part of all hash keys that no open shard has. */
export function holesOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { row, from, to }) => (row === null ? sum + to - from : sum), 0);
}

/** The part of all hash keys that a shard has. */
export function shareOf({ startingHashKey, endingHashKey }: NonNullable<Row["hashKeyRange"]>): number {
  return partOf(BigInt(endingHashKey) - BigInt(startingHashKey) + 1n);
}

function partOf(key: bigint): number {
  return Number((key * PARTS) / HASH_KEYS) / Number(PARTS);
}
