import type { ModeSetting } from "../settings.js";

/** How values of a column travel. */
export type ValueKind = "text" | "bytes" | "json";

/** A column that is written. */
export interface Column {
  readonly name: string;
  /** The name in double quotes. */
  readonly sql: string;
  /** Type of its parameter's elements, as the server itself writes it. */
  readonly parameterType: string;
  /** The type that the parameter is cast to, row by row, where no array of it can be taken apart: arrays and composites. */
  readonly castType: string | undefined;
  readonly kind: ValueKind;
  readonly isArray: boolean;
  /** What stands between the elements of an array. */
  readonly delimiter: string;
  readonly isKey: boolean;
  /** The type, with its precision, of a column that rounds what is written; undefined for any other. */
  readonly roundedType: string | undefined;
}

/** Where rows go: looked up once, so that a mistake in the options shows before anything is read. */
export interface Target<Row> {
  /** `"schema"."table"`. */
  readonly tableSql: string;
  readonly positionsSql: string;
  readonly columns: readonly Column[];
  readonly mode: ModeSetting<Row>;
  /** Whether positions may be removed: what nobody has granted is left alone. */
  readonly mayRemovePositions: boolean;
}
