import { readFileSync } from "node:fs";
import type { JsonSchema } from "./config-module.js";

/**
 * Reads the schema of a package's configuration, which lies beside its code: `readSchema(new URL("../config.schema.json", import.meta.url))`.
 *
 * @param type name of the definition to start with. Default: the file's own
 */
export function readSchema(file: URL, type?: string): JsonSchema {
  const schema = JSON.parse(readFileSync(file, "utf8")) as JsonSchema;
  return type === undefined ? schema : { ...schema, $ref: `#/definitions/${type}` };
}
