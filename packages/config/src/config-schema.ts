import { type JsonSchema, readSchema } from "@kinesis-connectors/core/config";

/** Reads the JSON Schema of configuration files, for editors: that of files and of all destinations of this project. */
export function configSchema(): JsonSchema {
  return readSchema(new URL("../schema.json", import.meta.url));
}
