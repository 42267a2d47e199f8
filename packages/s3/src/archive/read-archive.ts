import { checkOptions, invalidOption, type OptionNames } from "@kinesis-connectors/core";
import type { ArchivedContent } from "../formats/archive-format.js";
import { type ArchiveFacts, type ArchiveObject } from "./archive-object.js";
import { type Archive, openArchive } from "./open-archive.js";
import { ARCHIVE_OPTIONS, type ArchiveOptions } from "./options.js";

/** Options of `readArchive`. */
export interface ReadArchiveOptions extends ArchiveOptions {
  /** Only records that arrived at this moment or later. Default: from the first. */
  readonly from?: Date;
  /** Only records that arrived before this moment. Default: to the last. */
  readonly until?: Date;
  /** Only the objects of this shard. Default: of all. */
  readonly shardId?: string;
}

const NAMES: OptionNames<ReadArchiveOptions> = {
  ...ARCHIVE_OPTIONS,
  from: true,
  until: true,
  shardId: true,
};

/** A record out of an archive. */
export interface ArchivedRecord extends ArchivedContent {
  /** The object that it was read from. */
  readonly key: string;
  /** Its place among the records of the object, from 0. */
  readonly index: number;
  readonly stream: string;
  readonly shardId: string;
}

/**
 * Reads an archive back, whatever wrote it of our formats and compressions: object by object in the order of their keys, and no object is kept in memory.
 * Dead letters are left out; `replayDeadLetters` reads them.
 *
 * `from` and `until` go by the record in objects of `records()`. Other formats keep no times: an object of theirs counts whole, by the arrival of its first
 * record, so that ranges that follow each other have each object once.
 *
 * @example
 * ```ts
 * for await (const { data, key } of readArchive({ bucket: "clicks", prefix: "archive", from: new Date("2026-11-28T00:00:00Z") })) {
 *   await handle(JSON.parse(Buffer.from(data).toString("utf8")), key);
 * }
 * ```
 * @throws KinesisConnectorError `KC_READ_REFUSED` for an object that is damaged, not ours or cannot be read, naming it; `KC_OPTION_INVALID`
 */
export async function* readArchive(options: ReadArchiveOptions): AsyncGenerator<ArchivedRecord, void> {
  checkOptions("readArchive", options, NAMES);
  const { from, until, shardId, ...ofArchive } = options;
  const range = { fromMs: timeOf("from", from), untilMs: timeOf("until", until) };
  if (range.fromMs !== undefined && range.untilMs !== undefined && range.untilMs <= range.fromMs)
    throw invalidOption("until must be later than from, or nothing is between them");
  await using archive = openArchive(ofArchive);
  for await (const objects of archive.list())
    for (const object of objects) {
      if (shardId !== undefined && object.range !== undefined && object.range.shardId !== shardId) continue;
      if (!mayHoldTime(object, range)) continue;
      const facts = await archive.look(object.key);
      if (shardId !== undefined && facts.shardId !== shardId) continue;
      yield* recordsOf(archive, object, facts, range);
    }
}

/** A range of time; either end may be open. */
interface TimeRange {
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
}

/** Clocks of S3 and of the stream may differ by so much at most. */
const CLOCK_GRACE_MS = 300_000;

/** Whether an object may hold records that arrived in a range, as far as its listing tells: what arrived later than it was written is not in it. */
function mayHoldTime({ lastModifiedMs }: ArchiveObject, { fromMs }: TimeRange): boolean {
  return fromMs === undefined || lastModifiedMs + CLOCK_GRACE_MS >= fromMs;
}

/**
 * Whether an object without times of its own counts for a range: by the arrival of its first record.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` where that is not known
 */
function isWholeWithin(key: string, facts: ArchiveFacts, { fromMs, untilMs }: TimeRange): boolean {
  if (fromMs === undefined && untilMs === undefined) return true;
  const arrivalMs = facts.firstArrivalMs ?? hourIn(key);
  if (arrivalMs === undefined)
    throw invalidOption(
      `from and until cannot be told of ${key}: it was written before objects noted when their first record arrived, and its name has no hour; leave both out`,
    );
  return (fromMs === undefined || arrivalMs >= fromMs) && (untilMs === undefined || arrivalMs < untilMs);
}

/** Whether a record that knows when it arrived is in a range. */
function isWithin(arrivalTimeMs: number | undefined, { fromMs, untilMs }: TimeRange): boolean {
  if (arrivalTimeMs === undefined) return true;
  return (
    (fromMs === undefined || arrivalTimeMs >= fromMs) && (untilMs === undefined || arrivalTimeMs < untilMs)
  );
}

/** The hour of the default key, `YYYY/MM/DD/HH`. */
function hourIn(key: string): number | undefined {
  const [, year, month, day, hour] =
    /(?:^|\/)(\d{4})\/(\d{2})\/(\d{2})\/(\d{2})\/[^/]+\/[^/]+$/.exec(key) ?? [];
  return year === undefined
    ? undefined
    : Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour));
}

async function* recordsOf(
  archive: Archive,
  { key }: ArchiveObject,
  facts: ArchiveFacts,
  range: TimeRange,
): AsyncGenerator<ArchivedRecord, void> {
  const { stream, shardId } = facts;
  if (!archive.keepsPositions(key) && !isWholeWithin(key, facts, range)) return;
  let index = 0;
  for await (const page of archive.read(key, facts))
    for (const content of page) {
      if (isWithin(content.arrivalTimeMs, range)) yield { ...content, key, index, stream, shardId };
      index += 1;
    }
}

/** @throws KinesisConnectorError `KC_OPTION_INVALID` */
function timeOf(option: string, time: Date | undefined): number | undefined {
  if (time === undefined) return undefined;
  const ms = time instanceof Date ? time.getTime() : Number.NaN;
  if (Number.isNaN(ms)) throw invalidOption(`${option} must be a valid Date`);
  return ms;
}
