import type { ExactNumber } from "@kinesis-connectors/core";

/** A filter, as Iceberg's own JSON of expressions has it (`ExpressionParser`). */
export type Filter =
  | {
      readonly type: "eq" | "lt" | "lt-eq" | "gt" | "gt-eq" | "starts-with";
      readonly term: string;
      readonly value: FilterValue;
    }
  | { readonly type: "in"; readonly term: string; readonly values: readonly FilterValue[] }
  | { readonly type: "is-null" | "not-null" | "is-nan" | "not-nan"; readonly term: string }
  | { readonly type: "and"; readonly left: Filter; readonly right: Filter };

export type FilterValue = string | number | bigint | boolean | ExactNumber;

/** A value in the words that all oracles use: texts, but for null and what has parts. */
export type Plain = string | null | readonly Plain[] | { readonly [name: string]: Plain };

/** A table as an oracle is shown it. */
export interface AskedTable {
  /** The JSON of its metadata, digit for digit. */
  readonly metadata: string;
  /** The S3 that its files are in. */
  readonly endpoint: string;
  /** The same files as `<folder>/<bucket>/<key>`, for readers that read no S3. */
  readonly folder: string;
}

/** What an oracle found. */
export interface Found {
  /** Rows of each filter; a text where it contradicts itself, or, behind `cannot:`, why it has no answer. */
  readonly counts: readonly (number | string)[];
  /** Files that each filter has to look into, of those that can tell. */
  readonly files?: readonly number[];
  /** All rows, of those that can tell them and were asked to. */
  readonly rows?: readonly Plain[];
  /** The values of the column `id` of all rows, where they were asked for. */
  readonly ids?: readonly string[];
}

/** What is told beside counts. */
export type Tell = "counts" | "rows" | "ids";

/** Somebody else's reader of Iceberg tables. */
export interface Oracle {
  /** With its version. */
  readonly name: string;
  readonly ask: (table: AskedTable, filters: readonly Filter[], tell: Tell) => Promise<Found>;
}

/** An oracle that cannot be had here, in one sentence. */
export class Missing extends Error {
  override readonly name = "Missing";
}
