import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { CliContext } from "../app/context.js";
import { tableLines } from "../output/table.js";
import { shownMoment } from "../output/time.js";
import type { LetterFlags } from "./flags.js";
import { idOf, journalName, RedriveJournal } from "./journal.js";
import { lettersOf, nothingThere } from "./letters.js";

export interface ListFlags extends LetterFlags {
  readonly journal?: string;
}

interface Tally {
  readonly key: string;
  records: number;
  bytes: number;
  readonly codes: Record<string, number>;
  /** Of these, how many the journal of a redrive says have been put or written. */
  redriven: number;
  firstArrivalMs: number;
  lastArrivalMs: number;
}

/** `dead-letters list`. */
export async function listDeadLetters(context: CliContext, flags: ListFlags): Promise<void> {
  const { out, clock } = context;
  const letters = await lettersOf(context, flags);
  const file = resolve(context.cwd, flags.journal ?? journalName(letters));
  const journal = flags.journal === undefined && !existsSync(file) ? undefined : file;
  const done = journal === undefined ? undefined : RedriveJournal.doneIn(journal, letters.bucket);
  const objects = new Map<string, Tally>();
  for await (const letter of letters.read()) {
    const { key, data, errorCode, arrivalTimeMs } = letter;
    const tally = objects.get(key) ?? {
      key,
      records: 0,
      bytes: 0,
      codes: {},
      redriven: 0,
      firstArrivalMs: arrivalTimeMs,
      lastArrivalMs: arrivalTimeMs,
    };
    tally.records += 1;
    tally.bytes += data.length;
    tally.codes[errorCode] = (tally.codes[errorCode] ?? 0) + 1;
    if (done?.has(idOf(letter)) === true) tally.redriven += 1;
    tally.firstArrivalMs = Math.min(tally.firstArrivalMs, arrivalTimeMs);
    tally.lastArrivalMs = Math.max(tally.lastArrivalMs, arrivalTimeMs);
    objects.set(key, tally);
  }
  const found = [...objects.values()];
  const records = found.reduce((sum, one) => sum + one.records, 0);
  const redriven = found.reduce((sum, one) => sum + one.redriven, 0);
  if (flags.json) {
    out.json({
      bucket: letters.bucket,
      prefix: letters.prefix ?? null,
      records,
      redriven,
      journal: journal ?? null,
      objects: found,
    });
    return;
  }
  const moment = { nowMs: clock.now(), utc: false };
  const columns = [
    { title: "RECORDS", isNumber: true },
    ...(done === undefined ? [] : [{ title: "REDRIVEN", isNumber: true }]),
    { title: "ARRIVED" },
    { title: "CODES" },
    { title: "OBJECT" },
  ];
  const rows = found.map(({ key, records: count, codes, redriven: again, lastArrivalMs }) => [
    String(count),
    ...(done === undefined ? [] : [String(again)]),
    shownMoment(lastArrivalMs, moment),
    Object.entries(codes)
      .map(([code, times]) => (times === count ? code : `${times} ${code}`))
      .join(", "),
    key,
  ]);
  if (found.length === 0) {
    out.line(nothingThere(letters));
    return;
  }
  for (const line of tableLines(columns, rows)) out.line(line);
  out.line(`${records} records in ${found.length} objects of ${letters.bucket}, each read once`);
  if (journal !== undefined)
    out.line(`${redriven} of them were redriven, as ${journal} says; the objects stay until you delete them`);
}
