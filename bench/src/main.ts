import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { plot } from "./report/plot.js";
import { findPinning } from "./processes.js";
import { runRounds } from "./rows/rounds.js";
import { summarize } from "./report/summary.js";
import { table } from "./report/table.js";
import { targetsOf } from "./report/targets.js";
import { rowName } from "./rows/variant.js";
import { allRows } from "./variants/all.js";

const USAGE = `npm run bench -- [options] [TEXT...]
  TEXT            the same as --only TEXT
  --json          prints everything as JSON instead of a table
  --plot FILE     draws the rates as an SVG
  --only TEXT     only rows whose name holds TEXT (names: variant/set/transport); may be given several times
  --rounds N      rounds (default 5)
  --window-ms N   how long each row is looked at per round (default 1000)
  --quick         one round of 200 ms: to see that it runs, not to compare
  --list          prints the names of the rows
`;

/** The longest of the rows needs so long until V8 has compiled what is hot in it. */
const WARM_UP_MS = 900;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    plot: { type: "string" },
    only: { type: "string", multiple: true, default: [] },
    rounds: { type: "string" },
    "window-ms": { type: "string" },
    quick: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const only = [...values.only, ...positionals];
const rows = allRows().filter((row) => only.length === 0 || only.some((text) => rowName(row).includes(text)));
if (values.help) process.stdout.write(USAGE);
else if (values.list) process.stdout.write(`${rows.map(rowName).join("\n")}\n`);
else {
  const rounds = wholeNumber("--rounds", values.rounds, values.quick ? 1 : 5);
  const windowMs = wholeNumber("--window-ms", values["window-ms"], values.quick ? 200 : 1_000);
  const pinning = findPinning();
  const results = await runRounds(rows, {
    rounds,
    window: { warmUpMs: values.quick ? 100 : WARM_UP_MS, windowMs },
    pinning,
    report: (step) => process.stderr.write(`${step}\n`),
  });
  const summary = summarize(results);
  const targets = targetsOf(summary);
  const machine = {
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    pinning: pinning.description,
  };
  const conditions = `${rounds} round(s) of ${windowMs} ms, ${machine.node}, ${machine.cores} cores, ${machine.pinning}`;
  if (values.plot !== undefined)
    writeFileSync(values.plot, plot(summary, `Records (or polls) per CPU-second: ${conditions}`));
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ machine, rounds, windowMs, rows: summary, targets }, undefined, 2)}\n`
      : `${conditions}\n\n${table(summary, targets)}`,
  );
}

function wholeNumber(option: string, given: string | undefined, byDefault: number): number {
  if (given === undefined) return byDefault;
  if (!/^[1-9]\d{0,6}$/.test(given)) throw new Error(`${option} must be a whole number of at least 1`);
  return Number(given);
}
