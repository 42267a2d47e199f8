import { checkOptions, type KinesisRecord, type OptionNames } from "@kinesis-connectors/core";

/** Adds each row. Made by `insert()`. */
export interface InsertMode {
  readonly type: "insert";
}

/** Options of `upsert`. */
export interface UpsertOptions<Row> {
  /** The columns that make a row the same row. The table must have a unique index on just these. */
  readonly key: readonly (keyof Row & string)[];
  /**
   * Writes a row only over an older one, by the position of its record, for keys whose records come from several shards or move between them. The table
   * needs the columns `kc_seq numeric(56)` and `kc_sub bigint`. Default false: the order of each shard alone.
   */
  readonly guarded?: boolean;
  /**
   * Says which rows are removals. They are deleted; where the mode is guarded, a tombstone takes their place, so that an older row does not come back: the
   * key, with `kc_removed boolean` true and all other columns NULL. Must be pure. Default: none.
   */
  readonly remove?: (row: Row, record: KinesisRecord) => boolean;
}

/** Keeps the last row of each key. Made by `upsert()`. */
export interface UpsertMode<Row> extends UpsertOptions<Row> {
  readonly type: "upsert";
}

/** What becomes of a row: it is added, or it takes the place of the one before it. */
export type PostgresMode<Row> = InsertMode | UpsertMode<Row>;

/** Adds each row. */
export function insert(): InsertMode {
  return { type: "insert" };
}

const NAMES: OptionNames<UpsertOptions<unknown>> = { key: "required", guarded: true, remove: true };

/**
 * Keeps the last row of each key.
 *
 * @example
 * ```ts
 * const mode = upsert<Order>({ key: ["id"], guarded: true, remove: (order) => order.status === "cancelled" });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function upsert<Row>(options: UpsertOptions<Row>): UpsertMode<Row> {
  checkOptions("upsert", options, NAMES);
  return { type: "upsert", ...options };
}
