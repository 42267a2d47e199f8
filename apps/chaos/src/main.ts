import { runSample } from "@kinesis-connectors/app-sample";
import { runChaos } from "./chaos.js";
import { checkTogether, FLAGS, USAGE } from "./options.js";

await runSample("chaos", {
  usage: USAGE,
  flags: FLAGS,
  run: async (flags, running) => {
    checkTogether(flags);
    const result = await runChaos(flags, running);
    const { lost, duplicated, outOfOrder, leaseOverlaps } = result;
    return {
      lines: Object.entries(result),
      isRight: lost + duplicated + outOfOrder + leaseOverlaps === 0,
      says: ["each record landed once, in order", "THE ARCHIVE IS NOT WHAT WAS PUT"],
      result,
    };
  },
});
