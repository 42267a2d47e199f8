import { setMaxListeners } from "node:events";
import {
  checkOptions,
  KinesisConnectorError,
  nonEmptyText,
  type OptionNames,
} from "@kinesis-connectors/core";
import {
  ARCHIVE_OPTIONS,
  type Archive,
  type ArchivedContent,
  type ArchiveFacts,
  type ArchiveObject,
  type ArchiveOptions,
  openArchive,
} from "@kinesis-connectors/s3";
import { archiveSource, type ContentPlace } from "../archive/archive-source.js";
import { indexArchive } from "../archive/archived-shards.js";
import { checkRange, momentOf } from "./moments.js";
import { Pace, paced } from "./pace.js";
import type { OpenedSource, ReplaySource, SourceContext } from "./source.js";

/** Options of `s3Archive`. */
export interface S3ArchiveOptions extends Omit<
  ArchiveOptions,
  "objects" | "signal" | "logger" | "clock" | "random" | "maxAttempts"
> {
  /** Only records that arrived at this moment or later. Default: from the first. */
  readonly from?: Date;
  /** Only records that arrived before this moment. Default: to the last. */
  readonly until?: Date;
}

const {
  objects: _objects,
  signal: _signal,
  logger: _logger,
  clock: _clock,
  random: _random,
  maxAttempts: _maxAttempts,
  ...OF_ARCHIVE
} = ARCHIVE_OPTIONS;

const NAMES: OptionNames<S3ArchiveOptions> = { ...OF_ARCHIVE, from: true, until: true };

/**
 * The records of an archive that the S3 emitter wrote, shard by shard, each in the order of its stream.
 *
 * Objects of `records()` give the records back as they were, with their positions: a destination that goes by them knows each one again, and nothing of it
 * changes that is newer. Objects of other formats (handed in as `formats` where they are not JSON lines or bytes) have lost them: their records are called
 * `<first of the batch>.<line>`, which is the same whenever they are read, and another name than they had; their partition key is the shard's id, and their
 * time the arrival of the first record of the object, by which `from` and `until` take it or leave it as a whole.
 *
 * @example
 * ```ts
 * const source = s3Archive({ bucket: "clicks", prefix: "archive", from: new Date("2026-11-01T00:00:00Z") });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function s3Archive(options: S3ArchiveOptions): ReplaySource {
  checkOptions("s3Archive", options, NAMES);
  const { from, until, ...ofArchive } = options;
  const range = { fromMs: momentOf("from", from), untilMs: momentOf("until", until) };
  checkRange(range.fromMs, range.untilMs);
  // What is wrong with them is told before anything is started.
  void openArchive(ofArchive).close();
  return {
    type: "s3-archive",
    open: (context) => openSource({ ofArchive, ...range, isWanted: () => true, objects: "records" }, context),
  };
}

/** Options of `deadLetters`. */
export interface DeadLettersOptions extends Omit<S3ArchiveOptions, "formats"> {
  /** Only those that failed with one of these codes. Default: all. */
  readonly codes?: readonly string[];
  /** Only those of these objects. Default: all below the prefix. */
  readonly keys?: readonly string[];
  /** Only those for which it returns true. It must say the same of a dead letter until the replay has ended. Default: all. */
  readonly isWanted?: (letter: DeadLetterPlace) => boolean;
}

/** A dead letter, as far as it is known without its record. */
export interface DeadLetterPlace {
  /** The object that it is in. */
  readonly key: string;
  readonly stream: string;
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly subSequenceNumber: number;
  readonly errorCode: string;
}

const { formats: _formats, ...OF_LETTERS } = NAMES;
const LETTER_NAMES: OptionNames<DeadLettersOptions> = {
  ...OF_LETTERS,
  codes: true,
  keys: true,
  isWanted: true,
};

/**
 * Dead letters that `s3DeadLetters` set aside, once what they failed on has been mended: run through the pipeline directly, with the positions that they
 * had, in place of a way over the stream. The objects stay; what fails once more stays where it is.
 *
 * @example
 * ```ts
 * const source = deadLetters({ bucket: "orders-dead-letters", prefix: "orders", codes: ["KC_RECORD_POISON"] });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function deadLetters(options: DeadLettersOptions): ReplaySource {
  checkOptions("deadLetters", options, LETTER_NAMES);
  const { from, until, codes, keys, isWanted: isAlsoWanted, ...ofArchive } = options;
  const range = { fromMs: momentOf("from", from), untilMs: momentOf("until", until) };
  checkRange(range.fromMs, range.untilMs);
  const wanted = codes === undefined ? undefined : new Set(codes.map((code) => nonEmptyText("codes", code)));
  void openArchive(ofArchive).close();
  const onlyOf = keys === undefined ? undefined : new Set(keys);
  const isWanted = (content: ArchivedContent, { key, stream, shardId }: ContentPlace): boolean => {
    const { errorCode } = content.deadLetter ?? {};
    if (errorCode === undefined || content.position === undefined) return false;
    if (wanted !== undefined && !wanted.has(errorCode)) return false;
    return isAlsoWanted?.({ key, stream, shardId, errorCode, ...content.position }) !== false;
  };
  return {
    type: "dead-letters",
    open: (context) =>
      openSource(
        {
          ofArchive,
          ...range,
          isWanted,
          objects: "dead-letters",
          ...(onlyOf === undefined ? {} : { isListed: (key) => onlyOf.has(key) }),
        },
        context,
      ),
  };
}

interface ArchiveRange {
  readonly ofArchive: ArchiveOptions;
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly isWanted: (content: ArchivedContent, place: ContentPlace) => boolean;
  /** Whether an object is of those that are meant. Default: all are. */
  readonly isListed?: (key: string) => boolean;
  readonly objects: "records" | "dead-letters";
}

/** Clocks of S3 and of the stream may differ by so much at most. */
const CLOCK_GRACE_MS = 300_000;

async function openSource(
  { ofArchive, fromMs, untilMs, isWanted, isListed = () => true, objects }: ArchiveRange,
  { clock, random, logger, maxBytesPerSecond, signal }: SourceContext,
): Promise<OpenedSource> {
  const closing = new AbortController();
  // One listener for each request under way is no leak; Node warns from the eleventh on.
  setMaxListeners(0, closing.signal);
  const archive = openArchive({
    ...ofArchive,
    objects,
    // An outage is waited for as long as it takes.
    maxAttempts: Number.POSITIVE_INFINITY,
    signal: closing.signal,
    logger,
    clock,
    random,
  });
  const close = async (): Promise<void> => {
    closing.abort(new Error("the replay has ended"));
    await archive.close();
  };
  const giveUp = (): void => closing.abort(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const isOpen = (content: ArchivedContent, place: ContentPlace): boolean =>
      isWithin(content.arrivalTimeMs) && isWanted(content, place);
    const isWithin = (arrivalMs: number | undefined): boolean =>
      arrivalMs === undefined ||
      ((fromMs === undefined || arrivalMs >= fromMs) && (untilMs === undefined || arrivalMs < untilMs));
    // What arrived later than an object was written is not in it.
    const mayHold = ({ key, lastModifiedMs }: ArchiveObject): boolean =>
      isListed(key) && (fromMs === undefined || lastModifiedMs + CLOCK_GRACE_MS >= fromMs);
    const { stream, shards } = await indexArchive(archive, mayHold);
    if (stream === undefined) throw nothingThere(archive, objects);
    const reading = {
      archive,
      stream,
      isWanted: isOpen,
      isWholeWanted: (key: string, facts: ArchiveFacts) =>
        isWithin(arrivalOf(key, facts, { fromMs, untilMs })),
    };
    const keepsPositions = shards.every(({ groups }) =>
      groups.every((group) => group.objects.every(({ key }) => archive.keepsPositions(key))),
    );
    const byId = new Map(shards.map((shard) => [shard.shardId, shard]));
    return {
      identity: {
        streamArn: `arn:aws:s3:::${archive.bucket}/${archive.prefix}`,
        createdMs: undefined,
      },
      stream,
      keepsPositions,
      isPicked: objects === "dead-letters",
      fromMs,
      untilMs,
      shards: shards.map(({ shardId }) => ({ stream, shardId, parentShardIds: [] })),
      sourceOf: ({ shardId }) => {
        const shard = byId.get(shardId) ?? { shardId, groups: [] };
        return paced(archiveSource(reading, shard), new Pace({ maxBytesPerSecond, clock }));
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** When the first record of an object arrived that keeps no times of its records. */
function arrivalOf(
  key: string,
  { firstArrivalMs }: ArchiveFacts,
  { fromMs, untilMs }: { readonly fromMs: number | undefined; readonly untilMs: number | undefined },
): number | undefined {
  if (firstArrivalMs !== undefined || (fromMs === undefined && untilMs === undefined)) return firstArrivalMs;
  throw new KinesisConnectorError(
    "KC_READ_REFUSED",
    `${key} does not say when its first record arrived, because an earlier version wrote it: leave from and until out`,
  );
}

function nothingThere(
  { bucket, prefix }: Archive,
  objects: "records" | "dead-letters",
): KinesisConnectorError {
  const what = objects === "records" ? "archived objects" : "dead letters";
  return new KinesisConnectorError(
    "KC_READ_REFUSED",
    `there are no ${what} of the range below ${bucket}/${prefix}: check bucket, prefix and from`,
  );
}
