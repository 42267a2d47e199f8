import { resolve } from "node:path";

/** A file as it was named where that leads there, so that messages name it so too; else its whole path. */
export function namedFrom(cwd: string, file: string): string {
  return cwd === process.cwd() ? file : resolve(cwd, file);
}
