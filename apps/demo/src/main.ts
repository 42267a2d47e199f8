import { runSample } from "@kinesis-connectors/app-sample";
import { runDemo } from "./demo.js";
import { FLAGS, optionsFrom, USAGE } from "./options.js";
import { linesOf } from "./report.js";

await runSample("demo", {
  usage: USAGE,
  flags: FLAGS,
  run: async (flags, running) => {
    const { result, tree } = await runDemo(optionsFrom(flags), running);
    process.stdout.write(tree);
    return {
      lines: linesOf(result),
      isRight: result.lost === 0 && result.duplicated === 0,
      says: ["every record is there once", "THE ARCHIVE IS NOT WHAT WAS PUT"],
      result,
    };
  },
});
