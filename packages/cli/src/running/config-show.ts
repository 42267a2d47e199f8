import { loadConfig } from "@kinesis-connectors/config";
import type { CliContext } from "../app/context.js";
import { loadEnvFiles } from "./env-file.js";
import { namedFrom } from "./named-from.js";

export interface ConfigShowFlags {
  readonly json: boolean;
  readonly envFile?: readonly string[];
}

/** `config show FILE`. */
export async function configShow(
  { out, cwd }: CliContext,
  flags: ConfigShowFlags,
  file: string,
): Promise<void> {
  loadEnvFiles(flags.envFile ?? [], cwd, process.env);
  const config = await loadConfig(namedFrom(cwd, file));
  try {
    if (flags.json) out.json({ file, config: config.redacted });
    // JSON is YAML too.
    else out.line(JSON.stringify(config.redacted, undefined, 2));
  } finally {
    await config.close();
  }
}
