import type { AwsClientOptions, KinesisApi } from "@kinesis-connectors/consumer/kinesis";
import {
  asError,
  checkOptions,
  Closing,
  invalidOption,
  nonEmptyText,
  type OptionNames,
  type Pipeline,
} from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";
import { openArchive, type S3ConnectionOptions } from "@kinesis-connectors/s3";
import { leaseTableOf } from "./lease-table.js";
import type { ReplayTotals } from "./progress.js";
import { startRun } from "./replay-run.js";
import { RUN_OPTIONS, type ReplayRunOptions } from "./run-options.js";
import { runSettings } from "./run-settings.js";
import { momentOf } from "./sources/moments.js";
import { KnownLetters, withoutKnown } from "./repair/known-letters.js";
import { type GapsToFind, gapsSource, type RepairedGap } from "./repair/gaps-source.js";

/** Options of `repairArchive`. */
export interface RepairOptions<Model, Output, Plan = undefined, DeadLetterPlan = undefined> extends Omit<
  ReplayRunOptions,
  "application"
> {
  /** The live connector that writes the archive. */
  readonly application: string;
  /** Its pipeline: it writes what is missing into the place where it belongs. */
  readonly pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>;
  /** The bucket of the archive. */
  readonly bucket: string;
  /** The prefix of the archive. Default: the whole bucket. */
  readonly prefix?: string;
  /** Where its dead letters are: those that are there are not set aside again. Default: below the same prefix, where there are any. */
  readonly deadLetters?: { readonly bucket: string; readonly prefix?: string };
  /** The name of the stream. It must still keep what is missing. */
  readonly stream: string;
  /** Looks for what is missing before the first object, too, from this moment on. Default: from the first object on. */
  readonly from?: Date;
  /** The lease table of the live connector: its name in DynamoDB, or a table of one's own, which is only read. Default: the DynamoDB table named like it. */
  readonly checkpoints?: string | LeaseTable;
  /** The table of the repair's own rows. Default: the DynamoDB table `<application>-repair`, created when missing. */
  readonly leaseTable?: string | LeaseTable;
  /** Connection to S3. Default: where the AWS SDK looks for it. */
  readonly s3?: S3ConnectionOptions;
  /** Connection to Kinesis. Default: where the AWS SDK looks for it. */
  readonly kinesis?: AwsClientOptions;
  /** Another way to Kinesis than the AWS SDK, for simulations. */
  readonly kinesisApi?: KinesisApi;
}

const CLIENT = { region: true, endpoint: true, credentials: true, allowInsecure: true, proxy: true } as const;

const NAMES: OptionNames<RepairOptions<unknown, unknown>> = {
  ...RUN_OPTIONS,
  pipeline: "required",
  bucket: "required",
  prefix: true,
  deadLetters: { bucket: "required", prefix: true },
  stream: "required",
  from: true,
  checkpoints: true,
  s3: true,
  kinesis: CLIENT,
  kinesisApi: true,
};

/** What a repair found, and did. */
export interface ArchiveRepair extends ReplayTotals {
  /** Whether all that was found has been read to its end. False after a graceful stop: the next run goes on. */
  readonly isComplete: boolean;
  /** The ranges that no object was made of, with what was missing of them. Those of which nothing was were filtered, and are no gaps. */
  readonly gaps: readonly Readonly<RepairedGap>[];
}

/**
 * Finds the ranges of a stream that are missing in an archive although the live connector's checkpoints are past them, reads exactly them from the stream
 * again, and writes what is missing into the archive, each record once. Objects that are there are not touched; ranges in which everything was filtered come
 * to nothing. Of a batch of several objects, one that is missing beside the others does not show. Killed and called again it goes on.
 *
 * @example
 * ```ts
 * const { gaps } = await repairArchive({ application: "clicks-to-s3", pipeline: archive, bucket: "clicks", prefix: "archive", stream: "clicks" });
 * ```
 * @throws KinesisConnectorError `KC_RETENTION_GAP` where the stream has not kept what is missing (`onRetentionGap`); otherwise as `startReplay`
 */
export async function repairArchive<Model, Output, Plan = undefined, DeadLetterPlan = undefined>(
  options: RepairOptions<Model, Output, Plan, DeadLetterPlan>,
): Promise<ArchiveRepair> {
  checkOptions("repairArchive", options, NAMES);
  const { pipeline, bucket, deadLetters, kinesis, kinesisApi, checkpoints } = options;
  const { prefix = "" } = options;
  const live = nonEmptyText("application", options.application);
  const stream = nonEmptyText("stream", options.stream);
  if (typeof pipeline?.createBuffer !== "function")
    throw invalidOption("pipeline must be what definePipeline({ ... }) returns");
  const fromMs = momentOf("from", options.from);
  const settings = runSettings({ ...options, application: `${live}-repair` }, pipeline.logger);
  const { logger, clock, random, signal } = settings;
  const archiveAt = (
    where: { readonly bucket: string; readonly prefix?: string },
    objects: "records" | "dead-letters",
  ) => openArchive({ ...options.s3, ...where, objects, logger, clock, random, signal });
  const archive = archiveAt({ bucket, prefix }, "records");
  const letters = archiveAt(deadLetters ?? { bucket, prefix }, "dead-letters");
  const known = new KnownLetters();
  const { dynamodb } = options;
  const ofLive = await leaseTableOf(
    {
      ...(checkpoints === undefined ? {} : { leaseTable: checkpoints }),
      ...(dynamodb === undefined ? {} : { dynamodb }),
    },
    live,
    settings,
  )();
  const closing = new Closing(clock);
  if (typeof checkpoints !== "object") closing.addForeign("the lease table", () => ofLive.close?.());
  closing.add(() => letters.close());
  closing.add(() => archive.close());
  closing.addForeign("the pipeline's deadLetters", async () => await pipeline.deadLetters?.close?.());
  closing.addForeign("the pipeline's emitter", async () => await pipeline.emitter.close?.());
  const runAll = async (): Promise<ArchiveRepair> => {
    const found: RepairedGap[] = [];
    const runs: ReplayTotals[] = [];
    for (;;) {
      let isLeftOver = false;
      const finding: GapsToFind = {
        stream: {
          options: { ...kinesis, ...(kinesisApi === undefined ? {} : { kinesisApi }) },
          name: stream,
          target: { StreamName: stream },
          range: undefined,
        },
        archive,
        letters,
        known,
        application: live,
        live: ofLive,
        fromMs,
        found,
        onLeftOver: () => {
          isLeftOver = true;
        },
      };
      const repair = await startRun({
        ...settings,
        pipeline: repairing(pipeline, known),
        source: gapsSource(finding),
        mayDouble: true,
      });
      const { isComplete, ...totals } = await repair.done;
      runs.push(totals);
      // Once what was left over is there, what else is missing can be told.
      if (!isLeftOver || !isComplete) return { ...sumOf(runs), isComplete, gaps: found };
    }
  };
  let failure: Error | undefined;
  const repaired = await runAll().catch((thrown: unknown) => {
    failure = asError(thrown);
  });
  const notClosed = await closing.close(settings.stopDeadlineMs);
  failure ??= notClosed;
  if (repaired === undefined || failure !== undefined) throw failure;
  return repaired;
}

/** The pipeline for several runs in turn: its emitters are closed behind the last one, and dead letters that are there are not set aside again. */
function repairing<Model, Output, Plan, DeadLetterPlan>(
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
  known: KnownLetters,
): Pipeline<Model, Output, Plan, DeadLetterPlan> {
  const { emitter, deadLetters } = pipeline;
  const close = (): Promise<void> => Promise.resolve();
  return {
    ...pipeline,
    emitter: { ...emitter, close },
    deadLetters: deadLetters === undefined ? undefined : { ...withoutKnown(deadLetters, known), close },
  };
}

/** What several runs have done together. */
function sumOf(runs: readonly ReplayTotals[]): ReplayTotals {
  const sum = (of: keyof ReplayTotals): number => runs.reduce((all, run) => all + run[of], 0);
  return {
    recordsRead: sum("recordsRead"),
    recordsEmitted: sum("recordsEmitted"),
    recordsFiltered: sum("recordsFiltered"),
    deadLetters: sum("deadLetters"),
    bytesRead: sum("bytesRead"),
    shardsEnded: runs.at(-1)?.shardsEnded ?? 0,
    shards: runs.at(-1)?.shards ?? 0,
  };
}
