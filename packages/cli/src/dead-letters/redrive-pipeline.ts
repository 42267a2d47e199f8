import { join, resolve } from "node:path";
import { fileLeases } from "@kinesis-connectors/leases";
import { deadLetters, startReplay } from "@kinesis-connectors/replay";
import type { CliContext } from "../app/context.js";
import { EXIT } from "../app/errors.js";
import { whereOf } from "../connection/target.js";
import { s3ClientOf } from "../replay/clients.js";
import { type FilePipeline, pipelineOf } from "../replay/file-pipeline.js";
import { inFlags, OF_LETTERS } from "../replay/in-flags.js";
import { noting } from "../replay/noting.js";
import { jsonLogger } from "../running/json-logger.js";
import type { RedriveFlags } from "./flags.js";
import { idOf, journalName, RedriveJournal } from "./journal.js";
import { type Letters, lettersOf, nothingThere } from "./letters.js";

/** What is to be run, and what keeps book of it. */
interface Work {
  readonly letters: Letters;
  readonly file: FilePipeline;
  readonly journal: RedriveJournal;
  readonly journalFile: string;
  /** The object of each letter that is not done. */
  readonly wanted: ReadonlyMap<string, string>;
}

/** What a run comes to. */
interface Outcome {
  readonly written: number;
  /** How many failed once more, by code; they stay where they are. */
  readonly failed: Readonly<Record<string, number>>;
  readonly isComplete: boolean;
}

/** `dead-letters redrive --to pipeline`. */
export async function redriveThrough(context: CliContext, flags: RedriveFlags): Promise<void> {
  try {
    await run(context, flags);
  } catch (thrown) {
    throw inFlags(thrown, OF_LETTERS);
  }
}

async function run(context: CliContext, flags: RedriveFlags): Promise<void> {
  const { out } = context;
  const letters = await lettersOf(context, flags);
  const file = await pipelineOf(context, flags.config, undefined);
  const { application, emitter } = file;
  const journalFile = resolve(context.cwd, flags.journal ?? journalName(letters));
  let journal: RedriveJournal | undefined;
  try {
    journal = new RedriveJournal(journalFile, {
      bucket: letters.bucket,
      stream: `(pipeline of ${application})`,
    });
    const wanted = new Map<string, string>();
    let alreadyDone = 0;
    for await (const letter of letters.read())
      if (journal.has(letter)) alreadyDone += 1;
      else wanted.set(idOf(letter), letter.key);
    const mayRun = flags.execute && (wanted.size > 0 || journal.run !== undefined);
    const outcome = mayRun
      ? await runAll(context, flags, { letters, file, journal, journalFile, wanted })
      : { written: 0, failed: {}, isComplete: true };
    const { written, failed, isComplete } = outcome;
    const left = Object.values(failed).reduce((sum, times) => sum + times, 0);
    if (flags.json)
      out.json({
        bucket: letters.bucket,
        prefix: letters.prefix ?? null,
        isExecuted: flags.execute,
        application,
        toRun: wanted.size,
        alreadyDone,
        written,
        left,
        failed,
        journal: journalFile,
      });
    else {
      const before = alreadyDone === 0 ? "" : `, ${alreadyDone} were done before`;
      if (wanted.size + alreadyDone === 0 && journal.run === undefined) out.line(nothingThere(letters));
      else if (flags.execute) {
        out.line(
          `${application}: ${written} dead letters written into ${emitter}, ${left} failed once more and stay${before}`,
        );
        if (left > 0) out.line(`failed once more: ${codesOf(failed)}`);
        out.line(`kept in ${journalFile}: a second run skips what is done. ${adviceOf(letters, left)}`);
      } else {
        out.line(
          `${application}: ${wanted.size} dead letters would go through its pipeline into ${emitter}${before}`,
        );
        out.line("nothing has been changed (add --execute)");
      }
    }
    if (left > 0) context.exitWith(EXIT.failed);
    if (!isComplete) context.exitWith(EXIT.interrupted);
  } finally {
    journal?.close();
    // A second time does nothing.
    await file.close();
  }
}

async function runAll(context: CliContext, flags: RedriveFlags, work: Work): Promise<Outcome> {
  const { letters, file, journal, journalFile, wanted } = work;
  const { signal, clock, out } = context;
  // One that was cut off goes on with the letters that it began with, whatever the flags say now.
  const batch = journal.run ?? journal.beginRun([...wanted.keys()], [...new Set(wanted.values())]);
  const ids = new Set(batch.ids);
  const where = await whereOf(context, flags);
  const replay = await startReplay({
    application: `${file.application}-redrive-${batch.number}`,
    pipeline: file.pipeline,
    source: deadLetters({
      ...s3ClientOf(where, letters.endpoint),
      bucket: letters.bucket,
      ...(letters.prefix === undefined ? {} : { prefix: letters.prefix }),
      keys: batch.keys,
      isWanted: (letter) => ids.has(idOf(letter)),
    }),
    leaseTable: fileLeases({ folder: join(`${journalFile}.rows`, String(batch.number)) }),
    logger: jsonLogger(out.note, { clock, level: "warn" }),
    signal,
    clock,
    observe: (event) => {
      if (event.type === "record-dead-letter")
        journal.fail(idOf({ stream: event.stream, shardId: event.shardId, ...event.position }), event.code);
    },
  });
  const stopNoting = noting(context, replay);
  const { isComplete, recordsEmitted } = await replay.done.finally(stopNoting);
  const { failed } = journal;
  if (isComplete) journal.endRun();
  return { written: recordsEmitted, failed, isComplete };
}

/** `3 KC_RECORD_POISON, 1 KC_EMIT_FAILED`. */
function codesOf(failed: Readonly<Record<string, number>>): string {
  return Object.entries(failed)
    .map(([code, times]) => `${times} ${code}`)
    .join(", ");
}

/** What becomes of the objects: they are the only place of what failed. */
function adviceOf({ bucket, prefix }: Letters, left: number): string {
  if (left === 0) return "The objects stay; delete them when the records have landed";
  const where = prefix === undefined ? `--bucket ${bucket}` : `--bucket ${bucket} --prefix ${prefix}`;
  return (
    `The objects must stay: they hold what failed. Look at it with kinesis-connectors dead-letters show ${where}, mend what it fails on, ` +
    "and run this once more"
  );
}
