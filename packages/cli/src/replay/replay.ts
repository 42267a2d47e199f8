import { type ReplaySource, s3Archive, startReplay, streamRange } from "@kinesis-connectors/replay";
import type { CliContext } from "../app/context.js";
import { CliError, EXIT } from "../app/errors.js";
import type { FleetFlags } from "../app/flags.js";
import { atMsOf, type Moment } from "../app/inputs.js";
import { type Where, whereOf } from "../connection/target.js";
import { shownDuration } from "../output/time.js";
import { jsonLogger } from "../running/json-logger.js";
import { type FilePipeline, pipelineOf } from "./file-pipeline.js";
import { clientOf, s3ClientOf } from "./clients.js";
import { inFlags, OF_ARCHIVE, OF_RANGE, OF_REPLAY } from "./in-flags.js";
import { noting } from "./noting.js";

export interface ReplayFlags extends FleetFlags {
  readonly from?: Moment;
  readonly to?: Moment;
  readonly as: string;
  readonly archive?: string;
  readonly endpointS3?: string;
  readonly fanOut: boolean;
  readonly maxBytesPerSecond?: number;
  readonly into?: "other";
  readonly onRetentionGap?: "stop" | "continue";
  readonly json: boolean;
}

/** `replay [APP] --as NAME`. */
export async function replay(context: CliContext, flags: ReplayFlags, app?: string): Promise<void> {
  try {
    await run(context, flags, app);
  } catch (thrown) {
    throw inFlags(thrown, [...OF_REPLAY, ...(flags.archive === undefined ? OF_RANGE : OF_ARCHIVE)]);
  }
}

async function run(context: CliContext, flags: ReplayFlags, app: string | undefined): Promise<void> {
  const { out, signal, clock } = context;
  const where = await whereOf(context, flags);
  const file = await pipelineOf(context, flags.config, app);
  if (flags.as === file.application) {
    await file.close();
    throw new CliError("KC_USAGE", "--as is the name of the live connector: a replay has one of its own");
  }
  const source = await sourceOf(context, flags, where, file).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  out.note(`${flags.as}: ${source.words} through the pipeline of ${file.application} into ${file.emitter}`);
  const running = await startReplay({
    application: flags.as,
    pipeline: file.pipeline,
    source: source.source,
    leaseTable: flags.leaseTable ?? flags.as,
    dynamodb: clientOf(where, "dynamodb"),
    logger: jsonLogger(out.note, { clock, level: "warn" }),
    signal,
    clock,
    ...(flags.maxBytesPerSecond === undefined ? {} : { maxBytesPerSecond: flags.maxBytesPerSecond }),
    ...(flags.into === undefined ? {} : { into: flags.into }),
    ...(flags.onRetentionGap === undefined ? {} : { onRetentionGap: flags.onRetentionGap }),
  }).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  const stopNoting = noting(context, running);
  const { isComplete, ...totals } = await running.done.finally(stopNoting);
  const report = { application: flags.as, isComplete, ...totals };
  if (flags.json) out.json(report);
  else {
    const { recordsRead, recordsEmitted, recordsFiltered, deadLetters } = totals;
    out.line(
      `${flags.as}: ${recordsRead} records read, ${recordsEmitted} written, ${recordsFiltered} filtered, ${deadLetters} dead letters; ` +
        `${totals.shardsEnded} of ${totals.shards} shards are done`,
    );
    if (!isComplete) out.note("stopped before its end: the same command goes on");
  }
  if (!isComplete) context.exitWith(EXIT.interrupted);
}

/** What is read, and how that is called. */
async function sourceOf(
  { clock, out }: CliContext,
  flags: ReplayFlags,
  where: Where,
  { stream }: FilePipeline,
): Promise<{ readonly source: ReplaySource; readonly words: string }> {
  const nowMs = clock.now();
  const from = flags.from === undefined ? undefined : new Date(atMsOf(flags.from, nowMs));
  const until = flags.to === undefined ? undefined : new Date(atMsOf(flags.to, nowMs));
  if (from !== undefined && until !== undefined && until <= from)
    throw new CliError(
      "KC_USAGE",
      `nothing is between --from (${from.toISOString()}) and --to (${until.toISOString()}): --to must be the later one`,
    );
  const range = { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
  const times = `${from === undefined ? "" : ` from ${from.toISOString()}`}${until === undefined ? "" : ` to ${until.toISOString()}`}`;
  if (flags.archive !== undefined) {
    const [bucket = "", ...folders] = flags.archive.replace(/^s3:\/\//, "").split("/");
    const prefix = folders.join("/");
    const source = s3Archive({
      ...s3ClientOf(where, flags.endpointS3),
      bucket,
      ...(prefix === "" ? {} : { prefix }),
      ...range,
    });
    return { source, words: `the archive ${flags.archive}${times}` };
  }
  if (from === undefined || until === undefined)
    throw new CliError("KC_USAGE", "a stream is read from one time to another: give --from and --to");
  const { fanOut: readByFanOut, LATE_ARRIVALS_MS } = await import("@kinesis-connectors/consumer/reading");
  const waitMs = until.getTime() + LATE_ARRIVALS_MS - nowMs;
  if (waitMs > 0)
    out.note(
      `--to ${until.getTime() > nowMs ? "lies ahead" : "is less than five minutes ago"}: shards that go on are waited for until ` +
        `${new Date(nowMs + waitMs).toISOString()} (${shownDuration(waitMs)}), five minutes past it, because records may be late`,
    );
  const fanOut = flags.fanOut ? readByFanOut() : undefined;
  const source = streamRange({
    ...stream,
    ...clientOf(where, "kinesis"),
    from,
    until,
    ...(fanOut === undefined ? {} : { retrieval: fanOut }),
  });
  return { source, words: `stream ${stream.stream ?? stream.streamArn ?? ""}${times}` };
}
