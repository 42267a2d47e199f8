import {
  checkOptions,
  decodeWith,
  type DecodingTransformer,
  invalidOption,
  json,
  type KinesisRecord,
  type OptionNames,
} from "@kinesis-connectors/core";
import { isMembers, notA, textOf } from "./envelope.js";

/** A change of a row, as AWS DMS writes it (DMS user guide, "Using Amazon Kinesis Data Streams as a target"). */
export interface DmsChange<Row> {
  readonly kind: "data";
  /** `load` is a row of the full load, before the changes. */
  readonly operation: "load" | "insert" | "update" | "delete";
  /** The row after the change; of a deleted one what the task was told to send. */
  readonly data: Row;
  /** The row before the change; undefined unless the task has before-images. */
  readonly before: Partial<Row> | undefined;
  readonly schema: string;
  readonly table: string;
  /** When DMS wrote it, as DMS says: ISO 8601. */
  readonly timestamp: string;
  /** All members of the record's metadata: with transaction details also `commit-timestamp`, `stream-position`, `transaction-record-id`. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** What DMS says of a table: that it was created, dropped or altered. */
export interface DmsControl {
  readonly kind: "control";
  /** `create-table`, `drop-table`, `rename-table`, `add-column` and so on. */
  readonly operation: string;
  readonly schema: string;
  readonly table: string;
  readonly timestamp: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Details, where the endpoint was told to send them. */
  readonly control: Readonly<Record<string, unknown>> | undefined;
}

/** Options of `dmsChanges`. */
export interface DmsChangesOptions {
  /** Whether control records are models too (`kind: "control"`). Default false: they have none, and count as filtered. */
  readonly control?: boolean;
}

const OPTIONS: OptionNames<DmsChangesOptions> = { control: true };
const WHAT = "record of AWS DMS";
const OPERATIONS = new Set(["load", "insert", "update", "delete"]);

/**
 * Changes that AWS DMS writes into a stream, one document a record. Numbers that a JavaScript number does not hold become bigints and `ExactNumber`s, which every
 * destination writes digit for digit. Control records, which tell of tables, have no model unless `control` asks for them. What is no record of DMS is
 * poison (`KC_RECORD_POISON`).
 *
 * DMS keeps the order of a row's changes only where its records go to one shard (partition key `primary-key`), and may write a change again after a task is resumed.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function dmsChanges<Row = Record<string, unknown>>(
  options: DmsChangesOptions & { readonly control: true },
): DecodingTransformer<DmsChange<Row> | DmsControl>;
export function dmsChanges<Row = Record<string, unknown>>(
  options?: DmsChangesOptions & { readonly control?: false },
): DecodingTransformer<DmsChange<Row>>;
export function dmsChanges<Row>(
  options: DmsChangesOptions = {},
): DecodingTransformer<DmsChange<Row>> | DecodingTransformer<DmsChange<Row> | DmsControl> {
  checkOptions("dmsChanges", options, OPTIONS);
  const { control = false } = options;
  if (typeof control !== "boolean") throw invalidOption("dmsChanges: control must be true or false");
  const { toModel } = json({ numbers: "exact" });
  if (control) return decodeWith((record) => changeOf<Row>(toModel(record), record));
  return decodeWith((record) => {
    const change = changeOf<Row>(toModel(record), record);
    return change.kind === "data" ? change : undefined;
  });
}

function changeOf<Row>(document: unknown, record: KinesisRecord): DmsChange<Row> | DmsControl {
  if (!isMembers(document)) throw notA(WHAT, record, "it is no object");
  const { data, metadata, control } = document;
  if (!isMembers(metadata)) throw notA(WHAT, record, "metadata");
  const { operation } = metadata;
  if (typeof operation !== "string") throw notA(WHAT, record, "metadata.operation");
  const of = {
    schema: textOf(metadata["schema-name"]),
    table: textOf(metadata["table-name"]),
    timestamp: textOf(metadata["timestamp"]),
    metadata,
  };
  if (metadata["record-type"] === "control")
    return { kind: "control", operation, ...of, control: isMembers(control) ? control : undefined };
  if (metadata["record-type"] !== "data") throw notA(WHAT, record, "metadata.record-type");
  if (!isOperation(operation)) throw notA(WHAT, record, "metadata.operation");
  if (!isMembers(data)) throw notA(WHAT, record, "data");
  const before = document["before-image"];
  return {
    kind: "data",
    operation,
    // The caller's type for the caller's table, as in `json`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    data: data as Row,
    // The same.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    before: isMembers(before) ? (before as Partial<Row>) : undefined,
    ...of,
  };
}

function isOperation(operation: string): operation is DmsChange<unknown>["operation"] {
  return OPERATIONS.has(operation);
}
