import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { StructType } from "@kinesis-connectors/parquet/tables";
import type { LoadedTable } from "../catalog/catalog.js";
import { currentSchema, specOf } from "../columns/current.js";
import { matchColumns, primitiveTypes } from "../columns/table-columns.js";
import type { FileShape } from "../files/write-files.js";
import { partitionFields, partitionOf } from "../partitions/partition-fields.js";

/** How rows of the declared columns become files of a table, found anew when the table has come to have another schema or partition. */
export class TableShapes {
  readonly #declared: StructType;
  readonly #name: string;
  #last: FileShape | undefined;

  constructor(declared: StructType, name: string) {
    this.#declared = declared;
    this.#name = name;
  }

  /** @throws KinesisConnectorError `KC_EMIT_REFUSED` where rows of these columns do not fit the table */
  of({ metadata }: LoadedTable): FileShape {
    const last = this.#last?.metadata;
    if (
      this.#last !== undefined &&
      last?.["table-uuid"] === metadata["table-uuid"] &&
      last["current-schema-id"] === metadata["current-schema-id"] &&
      last["default-spec-id"] === metadata["default-spec-id"]
    )
      return { ...this.#last, metadata };
    const schema = currentSchema(metadata);
    const { columns, missing, problems } = matchColumns(this.#declared, schema);
    if (problems.length > 0)
      throw this.#refused(
        `does not take these rows: ${problems.join("; ")}`,
        "correct columns, or the table",
      );
    if (missing.length > 0)
      throw this.#refused(
        `has no column ${missing.join(", ")}`,
        "set addColumns and start again, or leave it out of columns",
      );
    const specId = metadata["default-spec-id"];
    const types = primitiveTypes(schema);
    const fields = partitionFields(specOf(metadata, specId), types);
    this.#last = { metadata, columns, types, specId, fields, partitionOf: partitionOf(fields, columns) };
    return this.#last;
  }

  #refused(what: string, cure: string): KinesisConnectorError {
    return new KinesisConnectorError(
      "KC_EMIT_REFUSED",
      `the table ${this.#name} (option table) ${what}: ${cure}`,
    );
  }
}
