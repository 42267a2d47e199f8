import type { CliContext } from "../app/context.js";
import { tableLines } from "../output/table.js";
import { shownMoment } from "../output/time.js";
import type { LetterFlags } from "./flags.js";
import { lettersOf } from "./letters.js";

interface Tally {
  readonly key: string;
  records: number;
  bytes: number;
  readonly codes: Record<string, number>;
  firstArrivalMs: number;
  lastArrivalMs: number;
}

/** `dead-letters list`. */
export async function listDeadLetters(context: CliContext, flags: LetterFlags): Promise<void> {
  const { out, clock } = context;
  const letters = await lettersOf(context, flags);
  const objects = new Map<string, Tally>();
  for await (const { key, data, errorCode, arrivalTimeMs } of letters.read()) {
    const tally = objects.get(key) ?? {
      key,
      records: 0,
      bytes: 0,
      codes: {},
      firstArrivalMs: arrivalTimeMs,
      lastArrivalMs: arrivalTimeMs,
    };
    tally.records += 1;
    tally.bytes += data.length;
    tally.codes[errorCode] = (tally.codes[errorCode] ?? 0) + 1;
    tally.firstArrivalMs = Math.min(tally.firstArrivalMs, arrivalTimeMs);
    tally.lastArrivalMs = Math.max(tally.lastArrivalMs, arrivalTimeMs);
    objects.set(key, tally);
  }
  const found = [...objects.values()];
  const records = found.reduce((sum, one) => sum + one.records, 0);
  if (flags.json) {
    out.json({ bucket: letters.bucket, prefix: letters.prefix ?? null, records, objects: found });
    return;
  }
  const moment = { nowMs: clock.now(), utc: false };
  const columns = [
    { title: "RECORDS", isNumber: true },
    { title: "ARRIVED" },
    { title: "CODES" },
    { title: "OBJECT" },
  ];
  const rows = found.map(({ key, records: count, codes, lastArrivalMs }) => [
    String(count),
    shownMoment(lastArrivalMs, moment),
    Object.entries(codes)
      .map(([code, times]) => (times === count ? code : `${times} ${code}`))
      .join(", "),
    key,
  ]);
  for (const line of tableLines(columns, rows)) out.line(line);
  out.line(`${records} records in ${found.length} objects of ${letters.bucket}, each read once`);
}
