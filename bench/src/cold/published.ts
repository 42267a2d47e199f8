import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SCRIPTS = fileURLToPath(new URL("../../../scripts/", import.meta.url));

/** A program of the bench beside the packages as they are published: with their modules joined, which a checkout has one by one. */
export interface PublishedProgram extends Disposable {
  readonly path: string;
}

/** Copies a program that imports nothing but packages. @throws Error where one of them is not built */
export function beside(program: string): PublishedProgram {
  const folder = mkdtempSync(join(tmpdir(), "kc-bench-published-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const { status, stderr } = spawnSync(process.execPath, [join(SCRIPTS, "copy-joined.mjs"), folder], {
    encoding: "utf8",
  });
  if (status !== 0) {
    remove();
    throw new Error(`the packages cannot be copied as they are published: ${stderr.trim().slice(0, 2_000)}`);
  }
  const path = join(folder, "program.mjs");
  copyFileSync(program, path);
  return { path, [Symbol.dispose]: remove };
}
