import {
  invalidOption,
  type KnownNames,
  nonEmptyText,
  type OptionNames,
  wholeNumber,
} from "@kinesis-connectors/core";
import type { ParquetCompression, ParquetSchema } from "@kinesis-connectors/parquet";
import type { StructType } from "@kinesis-connectors/parquet/tables";
import { OBJECT_STORE_OPTIONS, type ObjectStoreOptions } from "@kinesis-connectors/s3/objects";
import type { Catalog, TableIdentifier } from "./catalog/catalog.js";
import { declaredColumns } from "./columns/declared.js";
import { MAX_STREAM_RETENTION_HOURS } from "./limits.js";
import { transformOf } from "./partitions/transforms.js";

/** A field of the partition of a new table. */
export interface PartitionBy {
  /** A column without parts, or a field of a struct: `at`, `payload.at`. */
  readonly column: string;
  /** `identity`, `year`, `month`, `day`, `hour`, `bucket[16]` or `truncate[4]`. */
  readonly transform: string;
  /** Default: the column and the transform, `at_day`. */
  readonly name?: string;
}

/** Options of the table and its catalog, which both emitters have. */
export interface IcebergTableOptions {
  /** `restCatalog()`, or an own one. */
  readonly catalog: Catalog;
  /** `namespace.table`; a namespace of several levels has a point between them. */
  readonly table: string;
  /** The S3 of the table's files: region, endpoint, credentials, encryption. Default: the SDK's. */
  readonly storage?: ObjectStoreOptions;
  /**
   * From one commit of this process to the next, in milliseconds; appends that come in between wait and go together. A stop and the end of a shard do not wait.
   * Default 0: what waits while a commit is under way goes together.
   */
  readonly commitEveryMs?: number;
  /**
   * How long the stream keeps its records, in hours. Positions of shards that were committed longer ago, and a day, are removed from the table's properties. Never less than the stream's
   * own retention: a record read again after that would be added again. Default 8,760, the longest there is.
   */
  readonly retentionHours?: number;
}

/** Options of the Parquet files, and of the table that they are of. */
export interface IcebergFileOptions {
  /** Columns by name, with types as `parquet()` has them. Rows with other fields, or with values that do not fit, are dead letters. */
  readonly columns: ParquetSchema;
  /** Fields that have no column: their row is a dead letter (`refuse`, default), or they are left out (`ignore`). */
  readonly unknownFields?: "refuse" | "ignore";
  /** Creates the table where the catalog has none. Default false. */
  readonly createTable?: boolean;
  /** Adds columns that the table lacks, in a commit of their own, each as optional. Default false: that is refused. */
  readonly addColumns?: boolean;
  /** The partition of a table that is created. A table that is there keeps its own. Default: none. */
  readonly partitionBy?: readonly PartitionBy[];
  /** Properties of a table that is created. Default: none. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Of the pages of files. Default `snappy`, which every reader has. */
  readonly compression?: ParquetCompression;
  /** Rows of a row group, 1 to 1,000,000. Default 50,000. */
  readonly rowGroupRows?: number;
}

/** The names of `IcebergTableOptions`. */
export const TABLE_OPTIONS: OptionNames<IcebergTableOptions> & { readonly storage: KnownNames } = {
  catalog: "required",
  table: "required",
  storage: OBJECT_STORE_OPTIONS,
  commitEveryMs: true,
  retentionHours: true,
};

/** The names of `IcebergFileOptions`. */
export const FILE_OPTIONS: OptionNames<IcebergFileOptions> = {
  columns: "required",
  unknownFields: true,
  createTable: true,
  addColumns: true,
  partitionBy: true,
  properties: true,
  compression: true,
  rowGroupRows: true,
};

const MS_PER_HOUR = 3_600_000;

/** `IcebergTableOptions`, checked. */
export interface TableSettings {
  readonly catalog: Catalog;
  readonly id: TableIdentifier;
  readonly storage: ObjectStoreOptions;
  readonly commitEveryMs: number;
  readonly retentionMs: number;
}

/**
 * Checks what both emitters take.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function tableSettings(options: IcebergTableOptions): TableSettings {
  const { catalog, storage = {} } = options;
  if (
    typeof catalog?.loadTable !== "function" ||
    typeof catalog.createTable !== "function" ||
    typeof catalog.commitTable !== "function"
  )
    throw invalidOption("catalog must be restCatalog(), or an own Catalog");
  if (typeof storage !== "object" || storage === null)
    throw invalidOption("storage must be an object of S3 options");
  const hours = options.retentionHours ?? MAX_STREAM_RETENTION_HOURS;
  return {
    catalog,
    id: identifierOf(options.table),
    storage,
    commitEveryMs: wholeNumber("commitEveryMs", options.commitEveryMs ?? 0, { min: 0, max: 3_600_000 }),
    retentionMs:
      wholeNumber("retentionHours", hours, { min: 24, max: MAX_STREAM_RETENTION_HOURS }) * MS_PER_HOUR,
  };
}

function identifierOf(table: string): TableIdentifier {
  const parts = nonEmptyText("table", table).split(".");
  const name = parts.at(-1) ?? "";
  if (parts.length < 2 || parts.includes(""))
    throw invalidOption('table must name a namespace and a table, such as "sales.orders"');
  return { namespace: parts.slice(0, -1), name };
}

/** `IcebergFileOptions`, checked. */
export interface FileSettings {
  readonly declared: StructType;
  readonly ignoreUnknown: boolean;
  readonly createTable: boolean;
  readonly addColumns: boolean;
  readonly partitionBy: readonly Required<PartitionBy>[];
  readonly properties: Readonly<Record<string, string>>;
  readonly compression: ParquetCompression;
  readonly rowGroupRows: number;
}

/**
 * Checks what is asked of files.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function fileSettings(options: IcebergFileOptions): FileSettings {
  const { unknownFields = "refuse", createTable = false, addColumns = false, properties = {} } = options;
  const declared = declaredColumns(options.columns);
  if (unknownFields !== "refuse" && unknownFields !== "ignore")
    throw invalidOption('unknownFields must be "refuse" or "ignore"');
  if (typeof createTable !== "boolean") throw invalidOption("createTable must be true or false");
  if (typeof addColumns !== "boolean") throw invalidOption("addColumns must be true or false");
  for (const [name, value] of Object.entries(properties))
    if (typeof value !== "string") throw invalidOption(`properties.${name} must be a text`);
  return {
    declared,
    ignoreUnknown: unknownFields === "ignore",
    createTable,
    addColumns,
    partitionBy: partitionsOf(options),
    properties,
    compression: options.compression ?? "snappy",
    rowGroupRows: wholeNumber("rowGroupRows", options.rowGroupRows ?? 50_000, { min: 1, max: 1_000_000 }),
  };
}

function partitionsOf({ partitionBy = [] }: IcebergFileOptions): readonly Required<PartitionBy>[] {
  if (!Array.isArray(partitionBy)) throw invalidOption("partitionBy must be a list of { column, transform }");
  return partitionBy.map((field: PartitionBy, nth) => {
    const column = nonEmptyText(`partitionBy[${nth}].column`, field?.column);
    const transform = nonEmptyText(`partitionBy[${nth}].transform`, field.transform);
    if (transformOf(transform) === undefined)
      throw invalidOption(
        `partitionBy[${nth}].transform must be identity, year, month, day, hour, bucket[N] or truncate[N]`,
      );
    const kind = transform.replace(/\[.*$/, "");
    const name = field.name ?? (kind === "identity" ? column : `${column}_${kind}`);
    return { column, transform, name: nonEmptyText(`partitionBy[${nth}].name`, name) };
  });
}
