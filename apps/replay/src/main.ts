import { runSample } from "@kinesis-connectors/app-sample";
import { replayOfArchive } from "./archive-scenario.js";
import { FLAGS, USAGE } from "./options.js";
import { replayBesideLive } from "./scenario.js";
import { verdictOfArchive, verdictOfRange } from "./verdicts.js";

await runSample("replay", {
  usage: USAGE,
  flags: FLAGS,
  run: async (flags, running) =>
    flags.archive
      ? verdictOfArchive(await replayOfArchive(flags, running), flags.kills)
      : verdictOfRange(await replayBesideLive(flags, running), flags.kills),
});
