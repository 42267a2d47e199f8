import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { backupLeases, type ResetTarget, restoreFrom } from "@kinesis-connectors/leases";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
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
  const at = resolve(cwd, folder);
  const file = join(at, `leases-${name}-${time}.json`);
  writeKept(file, text, () => mkdirSync(at, { recursive: true }));
  return { file, rows };
}

/** More than that is no file of rows: 10,000 shards take some 20 MB. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * What a file of rows says, and of which application they are; undefined where it does not say that.
 * @throws CliError `KC_USAGE`; KinesisConnectorError `KC_OPTION_INVALID` for what is no such file
 */
export function keptIn(
  path: string,
  shown: string,
): { readonly to: ResetTarget; readonly application: string | undefined } {
  let text: string;
  try {
    if (statSync(path).size > MAX_BYTES) throw Object.assign(new Error("too large"), { code: "EFBIG" });
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    throw new CliError(
      "KC_USAGE",
      `${shown} cannot be read (${code ?? "?"}): give a file that leases backup wrote`,
      { cause: thrown },
    );
  }
  const to = restoreFrom(text);
  const { application } = JSON.parse(text) as { readonly application?: unknown };
  return { to, application: typeof application === "string" ? application : undefined };
}

/** Writes a file that must not be there yet. */
export function writeKept(file: string, text: string, before: () => void = () => undefined): void {
  try {
    before();
    writeFileSync(file, text, { flag: "wx" });
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    throw new CliError("KC_FAILED", `${file} cannot be written (${code ?? "?"}): nothing was changed`, {
      cause: thrown,
    });
  }
}
