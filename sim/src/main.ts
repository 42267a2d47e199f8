import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { systemClock } from "@kinesis-connectors/core";
import { crashSchedules, type CrashSchedule, runSchedule } from "./storm/crash-points.js";
import { brokenVariantNamed, emitterNamed, run, runInThreads, type Work } from "./jobs.js";
import { type DriverName, isS3 } from "./storm/scenario.js";
import type { Tally } from "./report.js";
import type { RunOptions } from "./run.js";
import { simulate } from "./storm/storm.js";

const USAGE = `npm run sim -- [options]
  --emitter NAME       what the records go to: s3 (default), s3-partitioned, dynamodb, kinesis, opensearch, redshift, postgres, iceberg,
                       firehose or sqs
  --seeds N            runs N seeds (default 1000)
  --from N             the first seed (default 1)
  --crash-points       runs every single crash point and every ordered pair instead
  --seed N             runs one seed
  --crash-point N      runs one schedule of crash points
  --trace              prints what happened in it
  --jobs N             threads (default: the machine's)
  --broken VARIANT     breaks the protocol on purpose, to see that it is noticed
  --steer              somebody pauses and resumes shards and, for even seeds, resets them (emitters s3 and s3-partitioned)
  --fleet kcl3         modelled workers of the Java KCL 3 share the application (emitters s3 and s3-partitioned)
  --driver kcl         modelled MultiLangDaemons of the KCL run the pipeline, in child processes, instead of workers of ours
  --driver lambda      a function on an event source mapping of Lambda's runs the pipeline
  --everyday           leaves out what happens seldom, such as a stranger's object where a batch is to go
  --json               prints the totals as JSON
`;

const MAX_SHOWN = 20;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      emitter: { type: "string", default: "s3" },
      seeds: { type: "string" },
      from: { type: "string" },
      "crash-points": { type: "boolean", default: false },
      seed: { type: "string" },
      "crash-point": { type: "string" },
      trace: { type: "boolean", default: false },
      jobs: { type: "string" },
      broken: { type: "string" },
      everyday: { type: "boolean", default: false },
      steer: { type: "boolean", default: false },
      fleet: { type: "string" },
      driver: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const emitter = emitterNamed(values.emitter);
  const broken = brokenVariantNamed(values.broken);
  if (values.steer && !isS3(emitter)) throw new Error("--steer is for the emitters s3 and s3-partitioned");
  const fleet = fleetNamed(values.fleet);
  if (fleet !== undefined && (!isS3(emitter) || values.steer || values["crash-points"]))
    throw new Error("--fleet is for seeds of the emitters s3 and s3-partitioned, without --steer");
  const driver = driverNamed(values.driver);
  if (driver !== undefined && (fleet !== undefined || values.steer || values["crash-points"]))
    throw new Error("--driver is for seeds, without --fleet and --steer");
  if (values.seed !== undefined || values["crash-point"] !== undefined) {
    const print = values.trace ? (line: string): void => void process.stdout.write(`${line}\n`) : undefined;
    const schedule =
      values["crash-point"] === undefined ? undefined : wholeNumber("crash-point", values["crash-point"], 0);
    return await runOne(wholeNumber("seed", values.seed, 1), schedule, {
      emitter,
      broken,
      print,
      rarities: !values.everyday,
      steer: values.steer,
      fleet,
      driver,
    });
  }
  const kind = values["crash-points"] ? "crash-points" : "seeds";
  const total = kind === "seeds" ? 1_000 : crashSchedules(emitter).length;
  const from = wholeNumber("from", values.from, kind === "seeds" ? 1 : 0);
  const count = wholeNumber("seeds", values.seeds, kind === "seeds" ? total : total - from);
  const jobs = wholeNumber("jobs", values.jobs, availableParallelism());
  const { steer } = values;
  return await runMany(
    { kind, emitter, from, count, broken, rarities: !values.everyday, steer, fleet, driver },
    jobs,
    values.json,
  );
}

async function runMany(work: Work, jobs: number, asJson: boolean): Promise<number> {
  const startedMs = systemClock.monotonicNow();
  const seconds = (): number => Math.round((systemClock.monotonicNow() - startedMs) / 100) / 10;
  let shownMs = startedMs;
  const progress = ({ totals }: Tally): void => {
    if (systemClock.monotonicNow() - shownMs < 5_000) return;
    shownMs = systemClock.monotonicNow();
    process.stderr.write(
      `${totals.seeds} of ${work.count} runs, ${totals.violations} violations, ${seconds()} s\n`,
    );
  };
  const tally = jobs === 1 ? await run(work) : await runInThreads(work, jobs, progress);
  const { totals, failed, traceHash } = tally;
  const shown = failed.slice(0, MAX_SHOWN);
  const { seeds, ...rest } = totals;
  const name = work.kind === "seeds" ? "seeds" : "schedules";
  const sums = { [name]: seeds, ...rest, traceHash, seconds: seconds() };
  if (asJson) {
    process.stdout.write(
      `${JSON.stringify({ ...sums, ...(failed.length === 0 ? {} : { failed: shown }) })}\n`,
    );
  } else {
    for (const [what, sum] of Object.entries(sums)) process.stdout.write(`${what.padEnd(16)}${sum}\n`);
    for (const { index, first, replay } of shown)
      process.stdout.write(`${index}: ${first}\n  replay: ${replay}\n`);
  }
  return totals.violations === 0 ? 0 : 1;
}

async function runOne(seed: number, schedule: number | undefined, options: RunOptions): Promise<number> {
  const schedules = crashSchedules(options.emitter);
  const found = schedule === undefined ? undefined : schedules[schedule];
  if (schedule !== undefined && found === undefined)
    throw new Error(`--crash-point takes a number below ${schedules.length}`);
  if (found !== undefined) process.stdout.write(`${described(found)}\n`);
  const result =
    found === undefined ? await simulate(seed, options) : await runSchedule(found, schedule ?? 0, options);
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  return result.violations.length === 0 ? 0 : 1;
}

function described({ points, multipart }: CrashSchedule): string {
  const blows = points.map(({ step, blow, time }) => `${step} ${blow} (time ${time})`);
  return `${blows.join(", then ")}${multipart ? ", objects in parts" : ""}`;
}

function fleetNamed(name: string | undefined): "kcl3" | undefined {
  if (name === undefined || name === "kcl3") return name;
  throw new Error("--fleet takes kcl3");
}

function driverNamed(name: string | undefined): DriverName | undefined {
  if (name === undefined || name === "kcl" || name === "lambda") return name;
  throw new Error("--driver takes kcl or lambda");
}

function wholeNumber(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${option} takes a whole number, but is ${text}`);
}

try {
  process.exitCode = await main();
} catch (thrown) {
  process.stderr.write(`${thrown instanceof Error ? thrown.message : "failed"}\n\n${USAGE}`);
  process.exitCode = 2;
}
