import { backoffMs, invalidOption, KinesisConnectorError, sleep } from "@kinesis-connectors/core";
import type { CatalogContext, LoadedTable, TableCommit } from "../catalog/catalog.js";
import type { PartitionSpec, TableSchema } from "../catalog/metadata.js";
import { fieldsOf } from "../columns/declared.js";
import { currentSchema } from "../columns/current.js";
import { matchColumns, primitiveTypes, withMissing } from "../columns/table-columns.js";
import { type CurrentTable, missingTable, nameOf } from "../commits/current-table.js";
import { requireWritable } from "../commits/one-commit.js";
import { MAX_CONFLICTS } from "../limits.js";
import type { FileSettings } from "../options.js";
import { columnIdOf } from "../partitions/partition-fields.js";
import { transformOf } from "../partitions/transforms.js";

const BACKOFF = { baseDelayMs: 50, maxDelayMs: 2_000 };

/**
 * Sees to it that the table is there and has the declared columns: creates the one and adds the others where the options say so.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` with the cure
 */
export async function prepareTable(
  current: CurrentTable,
  settings: FileSettings,
  context: CatalogContext,
): Promise<void> {
  const table = await loadOrCreate(current, settings, context);
  requireWritable(table, current.name);
  if (settings.addColumns) await addColumns(current, settings, table, context);
  else current.see(table, context);
}

async function loadOrCreate(
  { catalog, id, name }: CurrentTable,
  settings: FileSettings,
  context: CatalogContext,
): Promise<LoadedTable> {
  const found = await catalog.loadTable(id, context);
  if (found !== undefined) return found;
  if (!settings.createTable) throw missingTable(name);
  const schema = newSchema(settings);
  const request = {
    schema,
    partitionSpec: newSpec(schema, settings),
    properties: { ...settings.properties, "format-version": "2" },
  };
  const created = await catalog.createTable(id, request, context);
  if (created !== undefined) {
    context.logger.info({ table: nameOf(id) }, "the table has been created");
    return created;
  }
  // Another process was first.
  const theirs = await catalog.loadTable(id, context);
  if (theirs === undefined) throw new Error(`the table ${name} was there a moment ago, and is gone`);
  return theirs;
}

function newSchema({ declared }: FileSettings): TableSchema {
  let last = 0;
  return { type: "struct", "schema-id": 0, fields: fieldsOf(declared, () => (last += 1)) };
}

/** @throws KinesisConnectorError `KC_OPTION_INVALID` for a column that there is not, or of a type that the transform does not take */
function newSpec(schema: TableSchema, { partitionBy }: FileSettings): PartitionSpec {
  const types = primitiveTypes(schema);
  const fields = partitionBy.map(({ column, transform, name }, nth) => {
    const id = columnIdOf(schema, column);
    if (id === undefined)
      throw invalidOption(
        `partitionBy[${nth}].column is ${column}, which is no column without parts of columns`,
      );
    const type = types.get(id) ?? "";
    if (transformOf(transform)?.typeOf(type) === undefined)
      throw invalidOption(
        `partitionBy[${nth}].transform ${transform} does not take the type ${type} of ${column}`,
      );
    return { "source-id": id, "field-id": 1000 + nth, name, transform };
  });
  return { "spec-id": 0, fields };
}

/** Checks that a new table could be partitioned so, before anything is asked. */
export function checkPartitions(settings: FileSettings): void {
  newSpec(newSchema(settings), settings);
}

async function addColumns(
  current: CurrentTable,
  { declared }: FileSettings,
  first: LoadedTable,
  context: CatalogContext,
): Promise<void> {
  let table = first;
  for (let conflicts = 0; ;) {
    const { metadata } = table;
    const schema = currentSchema(metadata);
    const { missing, problems } = matchColumns(declared, schema);
    // What is wrong is told when rows come, by what rows need.
    if (missing.length === 0 || problems.length > 0) {
      current.see(table, context);
      return;
    }
    const ids = metadata.schemas.map((one) => one["schema-id"] ?? 0);
    const grown = withMissing(declared, schema, metadata["last-column-id"]);
    const commit: TableCommit = {
      requirements: [
        { type: "assert-table-uuid", uuid: metadata["table-uuid"] },
        { type: "assert-current-schema-id", "current-schema-id": metadata["current-schema-id"] },
        { type: "assert-last-assigned-field-id", "last-assigned-field-id": metadata["last-column-id"] },
      ],
      updates: [
        {
          action: "add-schema",
          schema: { ...grown.schema, "schema-id": Math.max(...ids) + 1 },
          "last-column-id": grown.lastColumnId,
        },
        { action: "set-current-schema", "schema-id": -1 },
      ],
    };
    const answer = await current.catalog.commitTable(current.id, commit, context);
    if (answer.type === "applied") {
      context.logger.info({ table: current.name, columns: missing }, "columns have been added to the table");
      current.see(answer.table, context);
      return;
    }
    if (answer.type === "missing") throw missingTable(current.name);
    conflicts += 1;
    if (conflicts >= MAX_CONFLICTS)
      throw new KinesisConnectorError(
        "KC_EMIT_REFUSED",
        `columns could not be added to ${current.name} in ${conflicts} tries: other writers change its schema, or the catalog does not answer; start again, or add them by hand`,
      );
    await sleep(context.clock, backoffMs(conflicts, BACKOFF, context.random), context.signal);
    context.signal.throwIfAborted();
    const again = await current.catalog.loadTable(current.id, context);
    if (again === undefined) throw missingTable(current.name);
    table = again;
  }
}
