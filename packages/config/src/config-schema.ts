import { type JsonSchema, readSchema } from "@kinesis-connectors/core/config";

/** Where the JSON Schema of configuration files is, for editors: that of files and of all destinations of this project. */
const FILE = new URL("../schema.json", import.meta.url);

/** Reads the JSON Schema of configuration files, for editors: that of files and of all destinations of this project. */
export function configSchema(): JsonSchema {
  return readSchema(FILE);
}
