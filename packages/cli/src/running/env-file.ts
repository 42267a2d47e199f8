import { parseEnv } from "node:util";
import { givenText } from "../files/given-file.js";

/**
 * Reads NAME=VALUE lines into the environment of this process, as `node --env-file` does: what is set already stays.
 * @throws CliError `KC_USAGE` where a file cannot be read
 */
export function loadEnvFiles(
  files: readonly string[],
  cwd: string,
  env: Record<string, string | undefined>,
): void {
  for (const file of files) {
    const text = givenText(cwd, { path: file, flag: "--env-file" });
    for (const [name, value] of Object.entries(parseEnv(text))) env[name] ??= value;
  }
}
