import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { FleetFlags } from "../app/flags.js";
import { targetOf } from "../connection/target.js";
import { keptIn } from "./backup-file.js";
import { resetTo } from "./checkpoint-reset.js";
import type { ResetFlags } from "./flags.js";

export interface RestoreFlags extends FleetFlags, ResetFlags {
  readonly shard?: readonly string[];
}

/** `leases restore FILE`. */
export async function leasesRestore(
  context: CliContext,
  flags: RestoreFlags,
  file: string,
  app?: string,
): Promise<void> {
  const { to, application } = keptIn(context.cwd, file);
  const named = app ?? (flags.config === undefined ? application : undefined);
  const target = await targetOf(context, flags, named);
  if (application !== undefined && application !== target.application) {
    const what = `${file} holds the rows of ${application}`;
    // Shards of all streams are called the same: only who says so means another application.
    if (app === undefined)
      throw new CliError(
        "KC_USAGE",
        `${what}, and --config is about ${target.application}: leave --config out, or name ${target.application} behind the file to mean it`,
      );
    context.out.note(`${what}: ${app} would go to where those stood`);
  }
  await resetTo(context, flags, target, to, flags.shard);
}
