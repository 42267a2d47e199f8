import type { JsonSchema } from "@kinesis-connectors/core/config";
import { everyValue, type Path, valueAt, withValueAt } from "../document/path.js";
import { withoutUnit } from "../document/units.js";
import { schemaNodesAt } from "./schema-nodes.js";

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Values as the schema means them: sizes and times with units as numbers, and texts of variables as numbers, true or false where the option takes no text.
 *
 * @param root where the values stand in the file
 * @param wholeVariables paths of the file
 */
export function preparedValues(
  schema: JsonSchema | undefined,
  value: unknown,
  root: Path,
  wholeVariables: readonly Path[],
): unknown {
  let prepared = value;
  for (const path of wholeVariables) {
    const own = path.slice(root.length);
    if (!root.every((name, index) => path[index] === name)) continue;
    const found = valueAt(prepared, own);
    if (typeof found !== "string" || takesText(schema, own)) continue;
    if (NUMBER.test(found)) prepared = withValueAt(prepared, own, Number(found));
    if (found === "true" || found === "false") prepared = withValueAt(prepared, own, found === "true");
  }
  for (const [path, found] of everyValue(value)) {
    const name = path.at(-1);
    if (name === undefined || typeof found !== "string") continue;
    const bare = withoutUnit(name, found);
    // A field that is called so may hold anything.
    if (bare !== found && takesNumber(schema, path)) prepared = withValueAt(prepared, path, bare);
  }
  return prepared;
}

/** What is described by nobody here is left to whoever describes it. */
function takesText(schema: JsonSchema | undefined, path: Path): boolean {
  if (schema === undefined) return false;
  const types = typesAt(schema, path);
  return types.length === 0 || types.includes("string");
}

function takesNumber(schema: JsonSchema | undefined, path: Path): boolean {
  if (schema === undefined) return true;
  const types = typesAt(schema, path);
  return types.includes("integer") || types.includes("number");
}

function typesAt(schema: JsonSchema, path: Path): readonly unknown[] {
  const types: unknown[] = [];
  for (const { type, enum: choices } of schemaNodesAt(schema, path)) {
    if (Array.isArray(type)) types.push(...(type as readonly unknown[]));
    else if (type !== undefined) types.push(type);
    if (Array.isArray(choices) && choices.some((choice) => typeof choice === "string")) types.push("string");
  }
  return types;
}
