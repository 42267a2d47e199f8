import { decodeWith, type DecodingTransformer, json, type KinesisRecord } from "@kinesis-connectors/core";
import { isMembers, type Members, notA, textOf } from "./envelope.js";

/** A change of a row of Aurora DSQL, as its change data capture writes it (Aurora DSQL user guide, "Understanding CDC records"). */
export interface DsqlChange<Row> {
  /** What to do: `upsert` puts `after` in the place of the row, `delete` removes the row that has the key of `before`. */
  readonly type: "upsert" | "delete";
  /** What the record says: `c`, `u`, `d`, or a word of later: the guide wants those that one does not know taken for upserts. */
  readonly op: string;
  /** The columns of the primary key of a deleted row; undefined otherwise. */
  readonly before: Partial<Row> | undefined;
  /** The row after the change, with all its columns; undefined when it was deleted. */
  readonly after: Row | undefined;
  /** The schema of the table, as the record names it. */
  readonly schema: string;
  /** The table, without its schema. */
  readonly table: string;
  /** The transaction: with table and key it tells a change that came twice. */
  readonly transactionId: string;
  /** When the transaction was committed, in epoch nanoseconds: a version for stores that keep the latest one of a key. */
  readonly commitTimeNs: bigint;
  /** All members of the record's source. */
  readonly source: Readonly<Record<string, unknown>>;
}

const WHAT = "change record of Aurora DSQL";

/**
 * Changes of Aurora DSQL (change data capture of 2026). **They come at least once and in no order**: write to a store that keeps the latest version of each key, with
 * `commitTimeNs` as the version. Numbers that a JavaScript number does not hold become bigints and `ExactNumber`s, which every destination writes digit for digit.
 *
 * Rows over the stream's limit of a record come in pieces, which are not put together: they are poison (`KC_RECORD_POISON`), as is what is no such record. Raise
 * the stream's `MaxRecordSizeInKiB` to 10,240.
 */
export function dsqlChanges<Row = Record<string, unknown>>(): DecodingTransformer<DsqlChange<Row>> {
  const { toModel } = json({ numbers: "exact" });
  return decodeWith((record) => changeOf<Row>(toModel(record), record));
}

function changeOf<Row>(document: unknown, record: KinesisRecord): DsqlChange<Row> {
  if (!isMembers(document)) throw notA(WHAT, record, "it is no object");
  const { type = "full", op, before, after, source } = document;
  if (type !== "full") throw notA(WHAT, record, "it is a piece of a larger one (type is not full)");
  if (typeof op !== "string") throw notA(WHAT, record, "op");
  if (!isMembers(source)) throw notA(WHAT, record, "source");
  const isDelete = op === "d";
  if (isDelete && !isMembers(before)) throw notA(WHAT, record, "before");
  if (!isDelete && !isMembers(after)) throw notA(WHAT, record, "after");
  return {
    type: isDelete ? "delete" : "upsert",
    op,
    // The caller's type for the caller's table, as in `json`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    before: isMembers(before) ? (before as Partial<Row>) : undefined,
    // The same.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    after: isDelete ? undefined : (after as Row),
    schema: textOf(source["schema"]),
    table: textOf(source["table"]),
    transactionId: textOf(source["txId"]),
    commitTimeNs: commitTimeOf(source, record),
    source,
  };
}

function commitTimeOf({ ts_ns: nanoseconds, ts_ms: milliseconds }: Members, record: KinesisRecord): bigint {
  if (typeof nanoseconds === "bigint") return nanoseconds;
  if (typeof nanoseconds === "number" && Number.isSafeInteger(nanoseconds)) return BigInt(nanoseconds);
  if (typeof milliseconds === "number" && Number.isSafeInteger(milliseconds))
    return BigInt(milliseconds) * 1_000_000n;
  throw notA(WHAT, record, "source.ts_ns");
}
