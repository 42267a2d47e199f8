import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "@kinesis-connectors/app-sample";

/** The folder that objects are laid down in: the one that is to be kept, or one that goes with the run. */
export async function objectFolder(
  keep: string | undefined,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = keep ?? (await mkdtemp(join(tmpdir(), "archive-partitioned-")));
  await mkdir(path, { recursive: true });
  if ((await readdir(path)).length > 0) throw new UsageError(`--keep: ${path} is not empty`);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      if (keep === undefined) await rm(path, { recursive: true, force: true });
    },
  };
}
