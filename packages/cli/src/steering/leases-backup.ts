import { resolve } from "node:path";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { FleetFlags } from "../app/flags.js";
import { writeNew } from "../files/new-file.js";
import { openFleet } from "../fleet/read-fleet.js";
import { targetOf } from "../connection/target.js";
import { keepRows, keptRows } from "./backup-file.js";

export interface BackupFlags extends FleetFlags {
  readonly json: boolean;
  readonly out?: string;
}

/** `leases backup APP`. */
export async function leasesBackup(context: CliContext, flags: BackupFlags, app?: string): Promise<void> {
  const { out, cwd, clock } = context;
  if (flags.out === "-" && flags.json)
    throw new CliError("KC_USAGE", "--out - prints the file itself: leave out --json");
  const target = await targetOf(context, flags, app);
  const fleet = await openFleet(context, target);
  try {
    await fleet.look();
    if (flags.out === "-") {
      out.line((await keptRows(fleet, clock.now())).text.trimEnd());
      return;
    }
    const kept =
      flags.out === undefined ? await keepRows(context, fleet, ".") : await writeTo(resolve(cwd, flags.out));
    if (flags.json) out.json({ application: target.application, ...kept });
    else out.line(`${kept.rows} rows of ${target.application} written to ${kept.file}`);
  } finally {
    fleet.close();
  }

  async function writeTo(file: string) {
    const { text, rows } = await keptRows(fleet, clock.now());
    writeNew(file, text);
    return { file, rows };
  }
}
