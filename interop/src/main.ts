import {
  optional,
  runSample,
  SAMPLE_FLAGS,
  text,
  toggle,
  UsageError,
  wholeNumber,
} from "@kinesis-connectors/app-sample";
import { KCL_VERSIONS } from "./java/java-side.js";
import { JavaMissing } from "./java/maven.js";
import { play } from "./play.js";
import { SCENARIOS } from "./scenarios/scenarios.js";
import { isRight } from "./verdict/result.js";
import { table } from "./verdict/table.js";

const USAGE = `npm run interop -- [--only NAME] [--kcl VERSION] [--list] [--json]
Starts workers of the Java KCL and of this project on one stream and one lease table of packages/local, lets things go wrong, and prints what
was sent, lost and handled twice. Needs Java 17 and Maven, which fetches the KCL once. All of it takes under 25 minutes on two cores.
  --only NAME    one scenario, or several with commas between (--list names them)
  --at-once N    so many runs at a time (default 2); most of a run is waiting
  --kcl VERSION  2.7.2 or 3.5.1 (default: both)
  --list         what the scenarios show; nothing is run
  --json         the last line on standard output is one JSON object`;

await runSample("interop", {
  usage: USAGE,
  flags: {
    json: SAMPLE_FLAGS.json,
    only: optional(text),
    kcl: optional(text),
    list: toggle,
    "at-once": wholeNumber(2, { max: 8 }),
  },
  run: async ({ only, kcl, list, "at-once": atOnce }, { signal }) => {
    if (list)
      return {
        lines: SCENARIOS.map(({ name, shows, isApart }) => [
          name,
          isApart === true ? `${shows} (only by its name)` : shows,
        ]),
        isRight: true,
        says: ["nothing was run", ""],
        result: { scenarios: SCENARIOS.map(({ name }) => name) },
      };
    const names = only?.split(",");
    for (const name of names ?? [])
      if (!SCENARIOS.some((scenario) => scenario.name === name))
        throw new UsageError(
          `--only takes ${SCENARIOS.map(({ name: known }) => known).join(", ")}, but got ${name}`,
        );
    const versions = KCL_VERSIONS.filter((version) => kcl === undefined || version === kcl);
    if (versions.length === 0)
      throw new UsageError(`--kcl takes ${KCL_VERSIONS.join(" or ")}, but got ${kcl}`);
    const chosen = SCENARIOS.filter(({ name, isApart }) => names?.includes(name) ?? isApart !== true);
    const say = (line: string): void => void process.stderr.write(`${line}\n`);
    try {
      const results = await play(chosen, { versions, atOnce, signal, say });
      process.stdout.write(`\n${table(results)}\n`);
      return {
        lines: [],
        isRight: results.every(isRight),
        says: ["nothing was lost", "SOMETHING WAS LOST, OR NOT SEEN THAT WAS EXPECTED"],
        result: { runs: results },
      };
    } catch (error) {
      if (!(error instanceof JavaMissing)) throw error;
      throw new UsageError(error.message);
    }
  },
});
