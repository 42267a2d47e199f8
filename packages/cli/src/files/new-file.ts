import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CliError } from "../app/errors.js";

/**
 * Writes a file that must not be there yet.
 * @param makesFolder whether the folder is made where it is missing
 * @throws CliError `KC_FAILED`
 */
export function writeNew(
  file: string,
  text: string,
  { makesFolder = false }: { readonly makesFolder?: boolean } = {},
): void {
  try {
    if (makesFolder) mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: "wx" });
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    throw new CliError("KC_FAILED", `${file} cannot be written (${code ?? "?"}): nothing was changed`, {
      cause: thrown,
    });
  }
}
