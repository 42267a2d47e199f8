import { configSchema } from "@kinesis-connectors/config";
import type { CliContext } from "../app/context.js";

/** `config schema`. */
export function configSchemaCommand(
  { out }: CliContext,
  { json }: { readonly json: boolean },
): Promise<void> {
  const schema = configSchema();
  if (json) out.json(schema);
  else out.line(JSON.stringify(schema, undefined, 2));
  return Promise.resolve();
}
