import type { Verdict } from "@kinesis-connectors/app-sample";
import type { ArchiveResult } from "./archive-scenario.js";
import type { ReplayResult } from "./scenario.js";

/** What a replay of a range must come to: exactly the window, and a live connector that hardly notices. */
export function verdictOfRange(result: ReplayResult, wantedKills: number): Verdict {
  const { putInWindow, lost, duplicated, outside, kills, liveLagAloneMs, liveLagBesideMs } = result;
  const ratio = liveLagBesideMs / Math.max(1, liveLagAloneMs);
  return {
    lines: [
      ["put in the window", putInWindow],
      ["landed", result.landed],
      ["lost", lost],
      ["duplicated", duplicated],
      ["outside the window", outside],
      ["killed", `${kills} times`],
      ["replay took", `${result.replaySeconds.toFixed(1)} s`],
      ["live lag alone (p95)", `${liveLagAloneMs} ms`],
      [
        "live lag beside it (p95)",
        `${liveLagBesideMs} ms, ${ratio.toFixed(2)} times (${result.liveRecords} records)`,
      ],
    ],
    isRight: putInWindow > 0 && lost + duplicated + outside === 0 && kills === wantedKills && ratio < 2,
    says: [
      "the replay landed exactly the window, each record once, and the live connector hardly noticed",
      "THE REPLAY DIFFERS FROM WHAT WAS PUT, OR HELD THE LIVE CONNECTOR UP",
    ],
    result,
  };
}

/** What a replay of an archive must come to: nothing of the live table is another, and an empty one becomes the same. */
export function verdictOfArchive(result: ArchiveResult, wantedKills: number): Verdict {
  const { records, objects, items, changed, different, kills } = result;
  return {
    lines: [
      ["archived", `${records} records in ${objects} objects`],
      ["items in the live table", items],
      ["changed by the replay", changed],
      ["different in a table that was empty", different],
      ["killed", `${kills} times`],
    ],
    isRight: items > 0 && changed + different === 0 && kills === wantedKills,
    says: [
      "the replay changed nothing in the live table, and made the empty one the same",
      "THE REPLAY CHANGED THE LIVE TABLE, OR MADE ANOTHER ONE",
    ],
    result,
  };
}
