import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { InputFormat } from "./input/formats.js";
import { type Input, recordsOf } from "./input/records-of.js";
import type { Job, Stage, StageFigures } from "./measure/protocol.js";
import { idleShardsBeside } from "./measure/shape.js";
import { estimateOf, type MeasuredStages } from "./report/figures.js";
import { linesOf } from "./report/text.js";
import { measure, startServers } from "./runs.js";

export interface EstimateFlags {
  readonly module?: string;
  readonly config?: string;
  readonly input: string;
  readonly format: InputFormat;
  readonly allow?: readonly string[];
  readonly maxTime: number;
  readonly json: boolean;
}

const LEAST_TIME_MS = 5_000;
/** What starting processes takes of it before anything is known of the machine. */
const START_SHARE = 0.2;
/** The whole pipeline has two shares of the rest, each other stage one. */
const WHOLE_SHARES = 2;
const LEAST_SHARE_MS = 500;

const SAMPLE_RECORDS = 200;
const SAMPLE_BYTES: number = 4 * 1024 * 1024;

/** `estimate --module FILE --input FILE`. */
export async function estimate(context: CliContext, flags: EstimateFlags): Promise<void> {
  const { out, cwd } = context;
  const { input: file, format, maxTime } = flags;
  const pipeline = pipelineOf(cwd, flags);
  if (maxTime < LEAST_TIME_MS)
    throw new CliError(
      "KC_USAGE",
      `--max-time is below ${LEAST_TIME_MS / 1000}s, in which nothing can be measured`,
    );
  const path = resolve(cwd, file);
  const input = await recordsOf(path, format);
  out.note(`measuring for ${Math.round(maxTime / 1000)} s or somewhat more; nothing is sent anywhere`);
  const measured = await measuredStages(context, { ...flags, path, pipeline, sample: sampleOf(input) });
  const found = estimateOf(input, measured);
  if (flags.json) out.json(found);
  else for (const line of linesOf(found, file)) out.line(line);
}

function pipelineOf(cwd: string, { module, config }: EstimateFlags): Job["pipeline"] {
  if ((module === undefined) === (config === undefined))
    throw new CliError(
      "KC_USAGE",
      "give --module with the pipeline's module, or --config with a connector's file",
    );
  const path = resolve(cwd, module ?? config ?? "");
  if (!existsSync(path))
    throw new CliError(
      "KC_USAGE",
      `${module === undefined ? "--config" : "--module"}: there is no file ${path}`,
    );
  return module === undefined ? { config: path } : { module: path };
}

/** Enough to see whether the pipeline takes such records, and waits. */
function sampleOf({ records }: Input): Job["sample"] {
  const sample: { partitionKey: string; data: string }[] = [];
  let bytes = 0;
  for (const { partitionKey, data } of records.slice(0, SAMPLE_RECORDS)) {
    bytes += data.length;
    if (sample.length > 0 && bytes > SAMPLE_BYTES) break;
    sample.push({ partitionKey, data: data.toString("base64") });
  }
  return sample;
}

/** The whole pipeline first, which says which parts there are to be left out; one stage at a time, so that none takes another's CPU. */
async function measuredStages(
  { signal }: CliContext,
  given: EstimateFlags & {
    readonly path: string;
    readonly pipeline: Job["pipeline"];
    readonly sample: Job["sample"];
  },
): Promise<MeasuredStages> {
  const { path, format, pipeline, sample, maxTime, allow = [] } = given;
  const startMs = performance.now();
  const servers = await startServers(path, format, signal);
  const others = ["idle", "read", "decode", "transform", "encode"] as const;
  const run = (stage: Stage, more: Partial<Job>) =>
    measure(
      {
        stage,
        pipeline,
        sample: [],
        kinesis: servers.kinesis,
        shards: undefined,
        perPage: undefined,
        budgetMs: LEAST_SHARE_MS,
        isProfiled: false,
        ...more,
      },
      servers,
      allow,
      process.env,
      signal,
    );
  try {
    const wholeMs = (maxTime * (1 - START_SHARE) * WHOLE_SHARES) / (others.length + WHOLE_SHARES);
    const beganMs = performance.now();
    const whole = await run("whole", { sample, budgetMs: wholeMs, isProfiled: true });
    const processMs = Math.max(0, performance.now() - beganMs - wholeMs);
    const { perPage, shards: busyShards } = whole.figures;
    const stages: Partial<Record<Stage, StageFigures>> = {};
    for (const [index, stage] of others.entries()) {
      // Where nothing is sent, the whole is what is encoded.
      if (stage === "encode" && (!whole.described.isStoodIn || whole.emitError !== undefined)) continue;
      const leftMs = maxTime - (performance.now() - startMs);
      const budgetMs = Math.max(LEAST_SHARE_MS, leftMs / (others.length - index) - processMs);
      const shards = stage === "idle" ? idleShardsBeside(busyShards) : busyShards;
      stages[stage] = (await run(stage, { shards, perPage, budgetMs })).figures;
    }
    const { idle = whole.figures } = stages;
    const { described, profile, emitError, refused } = whole;
    return { stages: { ...stages, whole: whole.figures, idle }, described, profile, emitError, refused };
  } finally {
    servers.close();
  }
}
