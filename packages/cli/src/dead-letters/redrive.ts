import { resolve } from "node:path";
import type { CliContext } from "../app/context.js";
import { toKinesis } from "../connection/aws.js";
import { whereOf } from "../connection/target.js";
import type { RedriveFlags } from "./flags.js";
import type { Letter } from "./installed-s3.js";
import { idOf, journalName, RedriveJournal } from "./journal.js";
import { type Letters, lettersOf, nothingThere } from "./letters.js";
import { MAX_RECORDS, putLetters, requestsOf } from "./put.js";

/** What a redrive comes to, per stream. */
interface Counts {
  toPut: number;
  alreadyPut: number;
  inDoubt: number;
}

/** `dead-letters redrive --to stream`. */
export async function redrive(context: CliContext, flags: RedriveFlags): Promise<void> {
  const { out } = context;
  const letters = await lettersOf(context, flags);
  const file = resolve(context.cwd, flags.journal ?? journalName(letters));
  const journal = new RedriveJournal(file, { bucket: letters.bucket, stream: flags.stream ?? OWN });
  const streamOf = (letter: Letter): string => flags.stream ?? letter.stream;
  const counts: Record<string, Counts> = {};
  let put = 0;
  try {
    if (flags.execute) put = await putAll(context, flags, letters, { journal, streamOf, counts });
    else for await (const letter of letters.read()) count(counts, journal, streamOf, letter);
  } finally {
    journal.close();
  }
  const report = {
    bucket: letters.bucket,
    prefix: letters.prefix ?? null,
    isExecuted: flags.execute,
    put,
    streams: Object.entries(counts).map(([stream, of]) => ({
      stream,
      toPut: of.toPut,
      alreadyPut: of.alreadyPut,
      inDoubt: of.inDoubt,
    })),
    journal: file,
  };
  if (flags.json) {
    out.json(report);
    return;
  }
  for (const { stream, toPut, alreadyPut, inDoubt } of report.streams)
    out.line(
      `${stream}: ${toPut} dead letters ${flags.execute ? "put" : "would be put"}, ${alreadyPut} put before${inDoubt === 0 ? "" : `, ${inDoubt} of them a second time perhaps: an earlier run ended while it put them`}`,
    );
  if (report.streams.length === 0) out.line(nothingThere(letters));
  else if (!flags.execute) out.line("nothing has been changed (add --execute)");
  else
    out.line(
      `kept in ${file}: a second run skips what was put. The objects stay; delete them when the records have landed`,
    );
}

/** Stands in a journal for the stream that each letter came from. */
const OWN = "(its own)";

/** Counts a letter, and says whether it is to be put. */
function count(
  counts: Record<string, Counts>,
  journal: RedriveJournal,
  streamOf: (letter: Letter) => string,
  letter: Letter,
): boolean {
  const of = (counts[streamOf(letter)] ??= { toPut: 0, alreadyPut: 0, inDoubt: 0 });
  if (journal.has(letter)) {
    of.alreadyPut += 1;
    return false;
  }
  of.toPut += 1;
  if (journal.isInDoubt(letter)) of.inDoubt += 1;
  return true;
}

async function putAll(
  context: CliContext,
  flags: RedriveFlags,
  letters: Letters,
  work: {
    readonly journal: RedriveJournal;
    readonly streamOf: (letter: Letter) => string;
    readonly counts: Record<string, Counts>;
  },
): Promise<number> {
  const { journal, streamOf, counts } = work;
  const connection = toKinesis(await whereOf(context, flags));
  await connection.checkEndpoint();
  let put = 0;
  let waiting: Letter[] = [];
  const seen = new Set<string>();
  const flush = async (): Promise<void> => {
    for (const request of requestsOf(waiting, streamOf)) {
      journal.begin(request.letters);
      await putLetters(context, await connection.made(), request.stream, request.letters, (taken) => {
        journal.done(taken);
        put += taken.length;
      });
    }
    waiting = [];
  };
  try {
    for await (const letter of letters.read()) {
      // The same record in two objects is one dead letter.
      const id = idOf(letter);
      if (seen.has(id)) continue;
      seen.add(id);
      if (!count(counts, journal, streamOf, letter)) continue;
      waiting.push(letter);
      if (waiting.length === MAX_RECORDS) await flush();
    }
    await flush();
    return put;
  } finally {
    connection.close();
  }
}
