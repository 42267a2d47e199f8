import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { restoreFrom } from "@kinesis-connectors/leases";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { RestoreFlags } from "../commands/leases/restore.js";
import { targetOf } from "../fleet/target.js";
import { resetTo } from "./checkpoint-reset.js";

/** `leases restore FILE`. */
export async function leasesRestore(
  context: CliContext,
  flags: RestoreFlags,
  file: string,
  app?: string,
): Promise<void> {
  const text = textOf(resolve(context.cwd, file), file);
  const to = restoreFrom(text);
  const { application } = JSON.parse(text) as { readonly application?: unknown };
  const named =
    app ?? (typeof application === "string" && flags.config === undefined ? application : undefined);
  await resetTo(context, flags, await targetOf(context, flags, named), to, flags.shard);
}

function textOf(path: string, shown: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    throw new CliError(
      "KC_USAGE",
      `${shown} cannot be read (${code ?? "?"}): give a file that leases backup wrote`,
      {
        cause: thrown,
      },
    );
  }
}
