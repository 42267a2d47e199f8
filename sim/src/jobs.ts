import { setImmediate as nextTurn } from "node:timers/promises";
import { parentPort, Worker, workerData } from "node:worker_threads";
import {
  BROKEN_CHILDREN,
  BROKEN_COMMITS,
  BROKEN_FLEETS,
  BROKEN_FUNCTIONS,
  BROKEN_GUARDS,
  BROKEN_HABITS,
  BROKEN_STEERING,
  BROKEN_VARIANTS,
  type BrokenVariant,
} from "./storm/broken.js";
import { type CrashSchedule, crashSchedules, runSchedule } from "./storm/crash-points.js";
import { BROKEN_PUTS } from "./services/puts/told.js";
import { type FailedRun, Tally, type Totals } from "./report.js";
import { type DriverName, EMITTER_NAMES, type EmitterName } from "./storm/scenario.js";
import { simulate } from "./storm/storm.js";

/** Which runs: seeds from one to another, or schedules of crash points by number. */
export interface Work {
  readonly kind: "seeds" | "crash-points";
  readonly emitter: EmitterName;
  readonly from: number;
  readonly count: number;
  readonly broken: BrokenVariant | undefined;
  /** See `RunOptions`. */
  readonly rarities?: boolean | undefined;
  readonly steer?: boolean | undefined;
  readonly fleet?: "kcl3" | undefined;
  readonly driver?: DriverName | undefined;
}

interface Done {
  readonly totals: Totals;
  readonly failed: readonly FailedRun[];
  readonly traceHash: string;
}

/** Runs handed to a thread at a time. */
const CHUNK = 20;

/** Does the work in so many threads, each taking the next few runs when it is done; `progress` is told after each few. */
export async function runInThreads(
  work: Work,
  threads: number,
  progress: (tally: Tally) => void,
): Promise<Tally> {
  const tally = new Tally();
  const end = work.from + work.count;
  let next = work.from;
  const take = (): Work | undefined => {
    if (next >= end) return undefined;
    const chunk = { ...work, from: next, count: Math.min(CHUNK, end - next) };
    next += chunk.count;
    return chunk;
  };
  const runner = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: THREAD });
      const give = (): void => {
        const chunk = take();
        if (chunk === undefined) void worker.terminate().then(() => resolve());
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread of Node has no origin
        else worker.postMessage(chunk);
      };
      worker.on("error", reject);
      worker.on("message", ({ totals, failed, traceHash }: Done) => {
        tally.merge(totals, failed, traceHash);
        progress(tally);
        give();
      });
      give();
    });
  await Promise.all(Array.from({ length: Math.min(threads, Math.ceil(work.count / CHUNK)) }, runner));
  tally.failed.sort((a, b) => a.index - b.index);
  return tally;
}

/** Does a piece of work in this thread. */
export async function run(work: Work): Promise<Tally> {
  const tally = new Tally();
  // Rejections that nobody looked at become known when the jobs of a run are over: the run that made them fails.
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => {
    unhandled.push(reason);
  };
  process.on("unhandledRejection", note);
  const schedules = work.kind === "crash-points" ? crashSchedules(work.emitter) : [];
  for (let index = work.from; index < work.from + work.count; index += 1) {
    const result =
      work.kind === "seeds"
        ? await simulate(index, work)
        : await runSchedule(schedules[index] as CrashSchedule, index, {
            broken: work.broken,
            emitter: work.emitter,
          });
    await nextTurn();
    const strays = unhandled.splice(0).map((reason) => ({ rule: "unhandled", what: String(reason) }));
    tally.add({ ...result, violations: [...result.violations, ...strays] }, index, replayOf(work, index));
  }
  process.off("unhandledRejection", note);
  return tally;
}

function replayOf({ kind, broken, emitter, rarities, steer, fleet, driver }: Work, index: number): string {
  const which = kind === "seeds" ? `--seed ${index}` : `--crash-point ${index}`;
  const to = emitter === "s3" ? "" : ` --emitter ${emitter}`;
  const storm = `${rarities === false ? " --everyday" : ""}${steer === true ? " --steer" : ""}${fleet === undefined ? "" : ` --fleet ${fleet}`}${driver === undefined ? "" : ` --driver ${driver}`}`;
  return `npm run sim -- ${which} --trace${to}${storm}${broken === undefined ? "" : ` --broken ${broken}`}`;
}

const ALL_BROKEN: readonly BrokenVariant[] = [
  ...BROKEN_VARIANTS,
  ...BROKEN_HABITS.keys(),
  ...BROKEN_STEERING.keys(),
  ...BROKEN_FLEETS.keys(),
  ...BROKEN_CHILDREN.keys(),
  ...BROKEN_FUNCTIONS.keys(),
  ...BROKEN_GUARDS,
  ...BROKEN_COMMITS,
  ...BROKEN_PUTS,
];

/** The name of an emitter among the options of the command. */
export function emitterNamed(name: string): EmitterName {
  const emitter = EMITTER_NAMES.find((one) => one === name);
  if (emitter === undefined) throw new Error(`--emitter takes one of ${EMITTER_NAMES.join(", ")}`);
  return emitter;
}

/** The name of a variant among the options of the command. */
export function brokenVariantNamed(name: string | undefined): BrokenVariant | undefined {
  const variant = ALL_BROKEN.find((one) => one === name);
  if (name !== undefined && variant === undefined)
    throw new Error(`--broken takes one of ${ALL_BROKEN.join(", ")}`);
  return variant;
}

const THREAD = "sim-thread";

if (parentPort !== null && workerData === THREAD) {
  const port = parentPort;
  port.on("message", (work: Work) => {
    void run(work).then(({ totals, failed, traceHash }) =>
      port.postMessage({ totals, failed, traceHash } satisfies Done),
    );
  });
}
