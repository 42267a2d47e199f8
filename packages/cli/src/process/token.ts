import type { CliContext } from "../app/context.js";
import { givenText } from "../files/given-file.js";

/**
 * What a process asks for before it changes anything: out of a file, or KC_ADMIN_TOKEN. Never a word of the command line, which others can see.
 * @throws CliError `KC_USAGE` where the file cannot be read
 */
export function tokenOf(
  { cwd, env }: CliContext,
  { tokenFile }: { readonly tokenFile?: string },
): string | undefined {
  if (tokenFile === undefined) return env["KC_ADMIN_TOKEN"];
  return givenText(cwd, { path: tokenFile, flag: "--token-file" }).trim();
}
