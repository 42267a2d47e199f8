import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { measureCold } from "./cold/measure-cold.js";
import { buildPeers } from "./peers/build-peers.js";
import type { PeerPrograms } from "./peers/run-peer.js";
import { findPinning } from "./processes.js";
import { renewed } from "./report/documents.js";
import { plot } from "./report/plot.js";
import { BUSY, conditions, keptText, type Run, wasBusy } from "./report/run.js";
import { summarize } from "./report/summary.js";
import { table } from "./report/table.js";
import { pairsOf, targetsOf } from "./report/targets.js";
import { runRounds } from "./rows/rounds.js";
import { rowName } from "./rows/variant.js";
import { allRows } from "./variants/all.js";

const USAGE = `npm run bench -- [options] [TEXT...]
  TEXT            the same as --only TEXT
  --only TEXT     only rows whose name holds TEXT (names: variant/documents/transport); may be given several times;
                  "cold" for how processes begin and wait
  --peers         also Go's kinesis-consumer and the Java KCL, built outside the repository; says what is missing, and goes on without
  --json          prints everything as one line of JSON instead of tables
  --plot FILE     draws the rates as an SVG
  --write-docs    keeps the run in docs/performance.json, with its picture, and makes the tables of docs/performance.md, docs/capacity.md
                  and bench/README.md anew
  --from FILE     measures nothing: reports what a run of before came to (docs/performance.json)
  --rounds N      rounds of every row (default 2); those that do not repeat within 15% get up to three more
  --minutes N     when no more such rounds begin (default 14)
  --window-ms N   how long each row is looked at per round, in CPU time (default 800)
  --quick         one round of 100 ms: to see that it runs, not to compare
  --list          prints the names of the rows
`;
const EXTRA_ROUNDS = 3;
const COLD_ROUNDS = 5;
const DOCS = new URL("../../docs/", import.meta.url);
const DOCUMENTS = [
  new URL("performance.md", DOCS),
  new URL("capacity.md", DOCS),
  new URL("../README.md", import.meta.url),
];

const { values, positionals } = orMistake(() =>
  parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      plot: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      peers: { type: "boolean", default: false },
      "write-docs": { type: "boolean", default: false },
      from: { type: "string" },
      rounds: { type: "string" },
      minutes: { type: "string" },
      "window-ms": { type: "string" },
      quick: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  }),
);
const only = [...values.only, ...positionals];
const wanted = allRows().filter(
  (row) => only.length === 0 || only.some((text) => rowName(row).includes(text)),
);
const say = (step: string): void => void process.stderr.write(`${step}\n`);
if (values.help) process.stdout.write(USAGE);
else if (values.list) process.stdout.write(`${wanted.map(rowName).join("\n")}\n`);
else if (values["write-docs"] && values.from === undefined && (only.length > 0 || values.quick))
  mistake("--write-docs keeps a whole run: leave out --quick, --only and what they stand for");
else if (values.from === undefined && wanted.length === 0 && !only.includes("cold"))
  mistake(`no row's name holds ${only.join(" or ")}: --list prints the names`);
else show(values.from === undefined ? await measure() : kept(values.from));

async function measure(): Promise<Run> {
  const begunMs = performance.now();
  const load = loadavg()[0] ?? 0;
  const rounds = wholeNumber("--rounds", values.rounds, values.quick ? 1 : 2);
  const minutes = wholeNumber("--minutes", values.minutes, 14);
  const windowCpuMs = wholeNumber("--window-ms", values["window-ms"], values.quick ? 100 : 800);
  const pinning = findPinning();
  const peers: PeerPrograms = values.peers ? buildPeers(say) : new Map();
  const rows = wanted.filter(
    ({ variant }) => typeof variant.run === "function" || peers.has(variant.run.peer),
  );
  const isMeasured = (peer: string): boolean =>
    rows.some(({ variant: { run } }) => typeof run !== "function" && run.peer === peer);
  const isWhole = only.length === 0 || only.includes("cold");
  const cold = isWhole ? await measureCold(values.quick ? 1 : COLD_ROUNDS, pinning, say) : [];
  const results = await runRounds(rows, {
    rounds,
    mostRounds: values.quick ? rounds : rounds + EXTRA_ROUNDS,
    deadlineMs: begunMs + minutes * 60_000,
    windowCpuMs,
    ...(values.quick ? { warmUpCpuMs: 1 } : {}),
    pinning,
    peers,
    pairs: pairsOf(rows),
    report: say,
  });
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      node: process.version,
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      pinning: pinning.description,
      load,
      peers: [...peers].flatMap(([peer, { label }]) => (isMeasured(peer) ? [label] : [])),
    },
    minutes: (performance.now() - begunMs) / 60_000,
    windowCpuMs,
    rows: summarize(results),
    cold,
    targets: targetsOf(results, cold),
  };
}

function kept(file: string | URL): Run {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const run = orMistake(() => JSON.parse(readFileSync(file, "utf8")) as Run);
  return Array.isArray(run?.rows)
    ? run
    : mistake(`${String(file)} is no run that --json or --write-docs made`);
}

/** What it gives, or what it fails with as a sentence. */
function orMistake<T>(give: () => T): T {
  try {
    return give();
  } catch (thrown) {
    return mistake(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** Says what is wrong with the command line, and ends. */
function mistake(message: string): never {
  process.stderr.write(`bench: ${message}\n`);
  process.exit(2);
}

function picture({ rows }: Run): string {
  return plot(rows, "Records, rows, objects or polls per CPU-second");
}

function show(run: Run): void {
  if (values.plot !== undefined) writeFileSync(values.plot, picture(run));
  if (values["write-docs"]) {
    const file = new URL("performance.json", DOCS);
    writeFileSync(file, keptText(run));
    writeFileSync(new URL("performance.svg", DOCS), picture(kept(file)));
    for (const document of DOCUMENTS)
      writeFileSync(document, renewed(readFileSync(document, "utf8"), kept(file)));
  }
  process.stdout.write(
    values.json
      ? `${JSON.stringify(run)}\n`
      : `${conditions(run)}${wasBusy(run) ? ` ${BUSY}` : ""}\n\n${table(run.rows, run.targets, run.cold)}`,
  );
}

function wholeNumber(option: string, given: string | undefined, byDefault: number): number {
  if (given === undefined) return byDefault;
  if (!/^[1-9]\d{0,6}$/.test(given)) return mistake(`${option} must be a whole number of at least 1`);
  return Number(given);
}
