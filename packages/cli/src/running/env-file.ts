import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { CliError } from "../app/errors.js";

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
    let text: string;
    try {
      text = readFileSync(resolve(cwd, file), "utf8");
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      throw new CliError("KC_USAGE", `--env-file ${file} cannot be read (${code ?? "?"})`, { cause: thrown });
    }
    for (const [name, value] of Object.entries(parseEnv(text))) env[name] ??= value;
  }
}
