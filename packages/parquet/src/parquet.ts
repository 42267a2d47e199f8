import {
  KinesisConnectorError,
  nonEmptyText,
  wholeNumber,
  checkOptions,
  type OptionNames,
} from "@kinesis-connectors/core";
import type { ArchiveFormat, ObjectFormat } from "@kinesis-connectors/s3";
import { pageCompression, type ParquetCompression } from "./files/compress.js";
import { Misfit } from "./columns/convert.js";
import { Generations } from "./evolution/generations.js";
import { grow, type Growth } from "./evolution/grow.js";
import { rowsIn } from "./files/read-rows.js";
import { type ParquetSchema, schemaFrom, twinOf } from "./columns/schema.js";
import type { StructType } from "./columns/types.js";
import { writeRows } from "./files/write-rows.js";

/**
 * The changes that are allowed when a row does not fit the columns. The rows of an object share all columns that one of them has brought; what is not allowed makes the
 * row a dead letter.
 *
 * - `none`: nothing.
 * - `forward`: columns may join, so that a reader with the oldest columns reads every newer object.
 * - `backward`: columns may join, types may widen and required columns may stay away, so that a reader with the newest columns reads every older object.
 * - `full`: what both of them allow. As columns that join are always optional, that is what `forward` allows.
 */
export type SchemaEvolution = "none" | "backward" | "forward" | "full";

/** Options of `parquet`. */
export interface ParquetCommonOptions {
  /**
   * Most columns after rows have brought some, counted with those inside objects, 1 to 10,000. Default 1,000. Field names that are data, such as ids, would
   * make a column each.
   */
  readonly maxColumns?: number;
  /** Default `snappy`, which every reader has. `zstd` takes Node 22.15, or `@hpcc-js/wasm-zstd` beside this package. */
  readonly compression?: ParquetCompression;
  /**
   * Rows of a row group, 1 to 1,000,000. Default 50,000. A group is written in one turn of the event loop, some 5 ms per 1,000 rows of ten columns:
   * larger ones suit scans a little better and keep other shards waiting. Of more than ten columns a group takes fewer rows, so that it takes no longer.
   */
  readonly rowGroupRows?: number;
  /**
   * A column for what has none of its own, as the text of a JSON object: fields beside the declared ones, columns past `maxColumns`, and names that differ
   * from a column's by case only. Inside objects they keep their place, `{"detail":{"late":1}}`. Default: there is none, and such a row is a dead letter.
   */
  readonly restColumn?: string;
}

/** Columns that are declared. */
export interface DeclaredColumns {
  readonly schema: ParquetSchema;
  readonly infer?: undefined;
  /** Default `none`. */
  readonly evolution?: SchemaEvolution;
  /** The fate of a row with a field that has no column: it becomes a dead letter (default), or the field is left out. Only with `none`. */
  readonly unknownFields?: "refuse" | "ignore";
}

/** Columns that are found in the rows. */
export interface InferredColumns<Row> {
  readonly schema?: undefined;
  /** Rows to start with, or `true` to start with the first row there is. */
  readonly infer: true | readonly Row[];
  /** Default `backward`. */
  readonly evolution?: SchemaEvolution;
  readonly unknownFields?: undefined;
}

/** Options of `parquet`. */
export type ParquetOptions<Row> = ParquetCommonOptions & (DeclaredColumns | InferredColumns<Row>);

const NAMES: OptionNames<ParquetOptions<unknown>> = {
  compression: true,
  rowGroupRows: true,
  schema: true,
  infer: true,
  evolution: true,
  unknownFields: true,
  maxColumns: true,
  restColumn: true,
};

const GROWTH: Readonly<Record<SchemaEvolution, Pick<Growth, "columns" | "types"> | undefined>> = {
  none: undefined,
  forward: { columns: true, types: false },
  full: { columns: true, types: false },
  backward: { columns: true, types: true },
};

/**
 * One Parquet file per object, a row per output. A row with a value that does not fit its column is named and goes the way of dead letters.
 *
 * `readArchive` of the S3 package takes it as one of its `formats`, for objects of whatever columns: `parquet({ infer: true })` will do.
 *
 * @example
 * ```ts
 * const format = parquet<Click>({
 *   schema: { id: { required: "int64" }, time: "timestamp", country: "string", price: { decimal: [12, 2] }, tags: { list: "string" } },
 * });
 * const emitter = s3Emitter({ bucket: "clicks", format, partition: (click) => ({ country: click.country }) });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function parquet<Row extends object>(options: ParquetOptions<Row>): ObjectFormat<Row> & ArchiveFormat {
  checkOptions("parquet", options, NAMES);
  const { schema, infer, unknownFields = "refuse" } = options;
  const compression = pageCompression(options.compression ?? "snappy");
  const rowGroupRows = wholeNumber("rowGroupRows", options.rowGroupRows ?? 50_000, {
    min: 1,
    max: 1_000_000,
  });
  if ((schema === undefined) === (infer === undefined)) throw invalid("takes either schema or infer");
  const evolution = options.evolution ?? (schema === undefined ? "backward" : "none");
  if (!Object.hasOwn(GROWTH, evolution))
    throw invalid('evolution must be "none", "backward", "forward" or "full"');
  if (unknownFields !== "refuse" && unknownFields !== "ignore")
    throw invalid('unknownFields must be "refuse" or "ignore"');
  const { restColumn } = options;
  const maxColumns = wholeNumber("maxColumns", options.maxColumns ?? 1000, { min: 1, max: 10_000 });
  if (restColumn !== undefined) nonEmptyText("restColumn", restColumn);
  const allowed = GROWTH[evolution];
  const growth: Growth | undefined = allowed && { ...allowed, maxColumns, restColumn };
  if (unknownFields === "ignore" && growth !== undefined)
    throw invalid(`unknownFields "ignore" contradicts evolution "${evolution}", which makes columns of them`);
  if (unknownFields === "ignore" && restColumn !== undefined)
    throw invalid('unknownFields "ignore" contradicts restColumn, which keeps them');
  if (infer === true && growth === undefined)
    throw invalid(
      'infer: true needs an evolution other than "none", or rows to start with: nothing would fit',
    );
  const first = schema === undefined ? inferredFrom(infer ?? [], maxColumns, restColumn) : schemaFrom(schema);
  const taken = restColumn === undefined ? undefined : twinOf(first.fields, restColumn);
  if (taken !== undefined) throw invalid(`restColumn has the name of the column ${taken}`);
  const ignoreUnknown = unknownFields === "ignore";
  const generations = growth === undefined ? undefined : new Generations(first, growth);

  return {
    extension: ".parquet",
    // https://www.iana.org/assignments/media-types/application/vnd.apache.parquet
    contentType: "application/vnd.apache.parquet",
    ...(generations === undefined ? {} : { check: (row: Row) => generations.take(row) }),
    encodeObject: async (rows, { signal }) => {
      const columns = generations === undefined ? first : await generations.schemaOf(rows, signal);
      const written = await writeRows(columns, rows, {
        compression,
        rowGroupRows,
        ignoreUnknown,
        restColumn,
        signal,
      });
      return "refused" in written ? written : { bytes: written.bytes };
    },
    read: rowsIn,
  };
}

function inferredFrom(
  infer: true | readonly unknown[],
  maxColumns: number,
  restColumn: string | undefined,
): StructType {
  const empty: StructType = { kind: "struct", fields: new Map() };
  if (infer === true) return empty;
  if (!Array.isArray(infer) || infer.length === 0) throw invalid("infer must be true, or rows to start with");
  return infer.reduce<StructType>((schema, row: unknown, nth) => {
    const grown = grow(schema, row, { columns: true, types: true, maxColumns, restColumn });
    if (grown instanceof Misfit)
      throw invalid(`infer: row ${nth + 1} does not fit those before it: ${grown.path} ${grown.reason}`);
    return grown;
  }, empty);
}

function invalid(message: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_OPTION_INVALID", `parquet ${message}`);
}
