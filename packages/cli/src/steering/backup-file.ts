import { join, resolve } from "node:path";
import { backupLeases, type ResetTarget, restoreFrom } from "@kinesis-connectors/leases";
import type { CliContext } from "../app/context.js";
import { givenText } from "../files/given-file.js";
import { writeNew } from "../files/new-file.js";
import type { OpenFleet } from "../fleet/read-fleet.js";

/** A file with all rows of an application, as they are. It says of which. */
export interface KeptRows {
  readonly text: string;
  readonly rows: number;
}

/** Whose rows are kept. */
type Kept = Pick<OpenFleet, "table" | "target">;

/** All rows as text for a file. */
export async function keptRows({ table, target }: Kept, nowMs: number): Promise<KeptRows> {
  const backup = await backupLeases(table);
  const text = JSON.stringify({
    application: target.application,
    keptAt: new Date(nowMs).toISOString(),
    ...backup,
  });
  return { text: `${text}\n`, rows: backup.rows.length };
}

/**
 * Writes the rows to `leases-<application>-<time>.json` and returns the path. A file that is there already is never overwritten.
 * @throws CliError `KC_FAILED`
 */
export async function keepRows(
  { cwd, clock }: CliContext,
  fleet: Kept,
  folder: string,
): Promise<{ readonly file: string; readonly rows: number }> {
  const nowMs = clock.now();
  const { text, rows } = await keptRows(fleet, nowMs);
  const time = new Date(nowMs).toISOString().replaceAll(/[:.]/g, "-");
  const name = fleet.target.application.replaceAll(/[^\w.-]/g, "_");
  const file = join(resolve(cwd, folder), `leases-${name}-${time}.json`);
  writeNew(file, text, { makesFolder: true });
  return { file, rows };
}

/** More than that is no file of rows: 10,000 shards take some 20 MB. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * What a file of rows says, and of which application they are; undefined where it does not say that.
 * @throws CliError `KC_USAGE`; KinesisConnectorError `KC_OPTION_INVALID` for what is no such file
 */
export function keptIn(
  cwd: string,
  path: string,
): { readonly to: ResetTarget; readonly application: string | undefined } {
  const text = givenText(cwd, {
    path,
    maxBytes: MAX_BYTES,
    cure: "give a file that leases backup wrote",
  });
  const to = restoreFrom(text);
  const { application } = JSON.parse(text) as { readonly application?: unknown };
  return { to, application: typeof application === "string" ? application : undefined };
}
