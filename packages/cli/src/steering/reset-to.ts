import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { ResetTarget } from "@kinesis-connectors/leases";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import { atMsOf } from "../app/inputs.js";
import { placeOf } from "../records/place.js";
import { keptIn } from "./backup-file.js";

/**
 * Reads where shards are to begin: `horizon`, `latest`, a moment, a position, or a file that `leases backup` wrote.
 * @throws CliError `KC_USAGE`
 */
export function resetTargetOf({ cwd, clock }: Pick<CliContext, "cwd" | "clock">, text: string): ResetTarget {
  if (text === "latest") return { type: "latest" };
  // A word first, and a file of that name as ./NAME: no file that lies there by chance says where a fleet begins.
  try {
    const place = placeOf(text);
    if (place.type === "horizon") return { type: "horizon" };
    if (place.type === "moment") return { type: "time", at: new Date(atMsOf(place.moment, clock.now())) };
    const { sequenceNumber, subSequenceNumber } = place;
    return { type: "position", position: { sequenceNumber, subSequenceNumber } };
  } catch (thrown) {
    if (existsSync(resolve(cwd, text))) return keptIn(cwd, text).to;
    throw new CliError(
      "KC_USAGE",
      `--to takes horizon, latest, a time such as 2026-11-29T03:00Z or 2h, a sequence number, or a file, and not ${JSON.stringify(text)}: there is no such file`,
      { cause: thrown },
    );
  }
}
