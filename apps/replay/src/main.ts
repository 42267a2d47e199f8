import { runSample } from "@kinesis-connectors/app-sample";
import { FLAGS, USAGE } from "./options.js";
import { replayBesideLive } from "./scenario.js";

await runSample("replay", {
  usage: USAGE,
  flags: FLAGS,
  run: async (flags, running) => {
    const result = await replayBesideLive(flags, running);
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
      isRight: putInWindow > 0 && lost + duplicated + outside === 0 && kills === flags.kills && ratio < 2,
      says: [
        "the replay landed exactly the window, each record once, and the live connector hardly noticed",
        "THE REPLAY DIFFERS FROM WHAT WAS PUT, OR HELD THE LIVE CONNECTOR UP",
      ],
      result,
    };
  },
});
