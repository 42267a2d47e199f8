import type { JsonSchema } from "@kinesis-connectors/core/config";
import { isMapping, type Path } from "../document/path.js";

/**
 * All parts of a schema that may describe what stands at a path, whichever alternative it is: what one of them marks as a secret is one.
 */
export function schemaNodesAt(schema: JsonSchema, path: Path): readonly JsonSchema[] {
  let nodes = spread(schema, schema);
  for (const name of path) nodes = nodes.flatMap((node) => membersOf(schema, node, name));
  return nodes;
}

function membersOf(schema: JsonSchema, node: JsonSchema, name: string): readonly JsonSchema[] {
  const { properties, additionalProperties, items } = node;
  if (isMapping(properties) && Object.hasOwn(properties, name)) return spread(schema, properties[name]);
  return [...spread(schema, additionalProperties), ...(/^\d+$/.test(name) ? spread(schema, items) : [])];
}

/** A node with all that it refers to and is put together of. */
function spread(schema: JsonSchema, node: unknown): readonly JsonSchema[] {
  const found = new Set<JsonSchema>();
  const collect = (one: unknown): void => {
    if (!isMapping(one) || found.has(one)) return;
    found.add(one);
    if (typeof one["$ref"] === "string") collect(definitionAt(schema, one["$ref"]));
    for (const keyword of ["then", "else"]) collect(one[keyword]);
    for (const keyword of ["allOf", "anyOf", "oneOf"]) {
      const alternatives: unknown = one[keyword];
      if (Array.isArray(alternatives)) for (const alternative of alternatives) collect(alternative);
    }
  };
  collect(node);
  return [...found];
}

function definitionAt(schema: JsonSchema, $ref: string): unknown {
  let found: unknown = schema;
  if (!$ref.startsWith("#")) return undefined;
  for (const escaped of $ref.slice(1).split("/").slice(1)) {
    const name = decodeURIComponent(escaped).replaceAll("~1", "/").replaceAll("~0", "~");
    if (!isMapping(found) || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return found;
}
