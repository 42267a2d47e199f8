import {
  readFlags,
  runSample,
  SAMPLE_FLAGS,
  UsageError,
  wholeNumberFlag,
} from "@kinesis-connectors/app-seed-stream";
import { check } from "./check.js";
import { EMULATORS, startEmulator } from "./emulator.js";
import { Missing } from "./install.js";

const USAGE = `npm run emulators -- [--only NAME] [--records N] [--json]
Puts records into stand-ins for Kinesis that others made, and reads them with everything at its default: kinesalite and kinesis-mock
(packages kinesalite and kinesis-local of npm) and moto (of PyPI). Each is installed into node_modules/.cache/emulators on its first run.
  --only NAME   one of ${EMULATORS.map(({ name }) => name).join(", ")}
  --records N   how many records (default 600)
  --json        the last line on standard output is one JSON object`;

const TIMEOUT_MS = 120_000;

await runSample("emulators", USAGE, async () => {
  const flags = readFlags({
    options: {
      json: SAMPLE_FLAGS.json,
      only: { type: "string", default: "" },
      records: { type: "string", default: "600" },
    },
  });
  const records = wholeNumberFlag("records", flags.records);
  const chosen = EMULATORS.filter(({ name }) => flags.only === "" || name === flags.only);
  if (chosen.length === 0)
    throw new UsageError(`--only takes ${EMULATORS.map(({ name }) => name).join(", ")}`);
  const results: object[] = [];
  let areAllRight = true;
  process.stdout.write("emulator        version   put  read  duplicated  spoken  end doubted  seconds\n");
  for (const spec of chosen) {
    const { name } = spec;
    const { version } = spec.package;
    try {
      await using emulator = await startEmulator(spec);
      const verdict = await check(emulator.endpoint, {
        records,
        keepsCbor: spec.keepsCbor,
        timeoutMs: TIMEOUT_MS,
      });
      const { put, read, duplicated, format, doubts, seconds } = verdict;
      areAllRight &&= read === put;
      results.push({ name, version, ...verdict });
      process.stdout.write(
        `${name.padEnd(15)} ${version.padEnd(7)} ${column(put, 5)} ${column(read, 5)} ${column(duplicated, 11)} ${format.padStart(7)} ${column(doubts, 12)} ${column(seconds, 8)}\n`,
      );
    } catch (error) {
      areAllRight = false;
      const reason = error instanceof Error ? error.message : String(error);
      results.push({ name, version, [error instanceof Missing ? "missing" : "failed"]: reason });
      process.stdout.write(`${name.padEnd(15)} ${version.padEnd(7)} ${reason}\n`);
    }
  }
  process.stdout.write(
    areAllRight ? "every record was read from each of them\n" : "NOT EVERY RECORD WAS READ\n",
  );
  if (flags.json) process.stdout.write(`${JSON.stringify(results)}\n`);
  return areAllRight ? 0 : 1;
});

function column(value: number, width: number): string {
  return String(value).padStart(width);
}
