import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { CliError } from "../app/errors.js";

/** A file on the command line, as messages speak of it. */
export interface GivenFile {
  /** As it was named. */
  readonly path: string;
  /** The flag in front of it. Default: none. */
  readonly flag?: string;
  /** More is another file. Default: any size. */
  readonly maxBytes?: number;
  /** What to give instead of one that cannot be read. */
  readonly cure?: string;
}

/**
 * The bytes of a file that the command line names.
 * @throws CliError `KC_USAGE` where it cannot be read
 */
export function givenBytes(cwd: string, { path, flag, maxBytes = Infinity, cure }: GivenFile): Buffer {
  const at = resolve(cwd, path);
  try {
    if (statSync(at).size > maxBytes) throw Object.assign(new Error("too large"), { code: "EFBIG" });
    return readFileSync(at);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    const shown = flag === undefined ? path : `${flag} ${path}`;
    throw new CliError(
      "KC_USAGE",
      `${shown} cannot be read (${code ?? "?"})${cure === undefined ? "" : `: ${cure}`}`,
      { cause: thrown },
    );
  }
}

/**
 * The text of a file that the command line names.
 * @throws CliError `KC_USAGE` where it cannot be read
 */
export function givenText(cwd: string, file: GivenFile): string {
  return givenBytes(cwd, file).toString("utf8");
}
