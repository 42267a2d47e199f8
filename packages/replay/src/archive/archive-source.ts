import {
  comparePositions,
  compareSequenceNumbers,
  type KinesisRecord,
  type Position,
  type RecordPage,
  type ShardReader,
  type ShardSource,
  type StartPosition,
} from "@kinesis-connectors/core";
import type { Archive, ArchivedContent, ArchiveFacts } from "@kinesis-connectors/s3";
import { type ArchivedShard, foreignObject, type ObjectGroup, type ShardObject } from "./archived-shards.js";
import { merged } from "./merge.js";

/** Records of a page: what the engine scans in one go. */
const MAX_PAGE = 1000;
/** Bytes that are fetched at a time of all objects of a group together; of each of them not less than the second. */
const GROUP_BYTES: number = 4 * 1024 * 1024;
const MIN_CHUNK_BYTES: number = 64 * 1024;

/** Objects that are looked at before they are read. */
const LOOK_AHEAD = 16;

/** What is read of an archive, and how. */
export interface ArchiveReading {
  readonly archive: Archive;
  readonly stream: string;
  /** Whether a record is wanted; asked alike whenever it is read, so that a batch is the same for whoever finishes it. */
  readonly isWanted: (content: ArchivedContent, place: ContentPlace) => boolean;
  /** Whether an object that keeps no times of its records is wanted. */
  readonly isWholeWanted: (key: string, facts: ArchiveFacts) => boolean;
}

/** Where a record of an archive is. */
export interface ContentPlace {
  readonly key: string;
  readonly stream: string;
  readonly shardId: string;
}

/** The source of one archived shard. It ends when its last object has been read. */
export function archiveSource(reading: ArchiveReading, shard: ArchivedShard): ShardSource {
  return { open: (start) => new ArchiveReader(pagesOf(reading, shard, start)) };
}

class ArchiveReader implements ShardReader {
  readonly #pages: AsyncGenerator<readonly KinesisRecord[], void>;

  constructor(pages: AsyncGenerator<readonly KinesisRecord[], void>) {
    this.#pages = pages;
  }

  readonly next = async (signal: AbortSignal): Promise<RecordPage> => {
    if (signal.aborted) return NOTHING;
    const found = await untilAborted(this.#pages.next(), signal);
    if (found === undefined) return NOTHING;
    if (found.done === true) return { records: [], bytes: 0, end: true };
    const records = found.value;
    return { records, bytes: records.reduce((sum, { data }) => sum + data.length, 0) };
  };

  readonly close = (): Promise<void> => {
    // What is under way may wait for an S3 that does not answer: it is let go, and ends with the archive.
    this.#pages.return().catch(() => undefined);
    return Promise.resolve();
  };
}

const NOTHING: RecordPage = { records: [], bytes: 0 };

/** What a promise settles with; undefined where the signal is aborted before. */
async function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value | undefined> {
  let leave: (() => void) | undefined;
  const aborted = new Promise<undefined>((resolve) => {
    leave = () => resolve(undefined);
    signal.addEventListener("abort", leave, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (leave !== undefined) signal.removeEventListener("abort", leave);
  }
}

async function* pagesOf(
  reading: ArchiveReading,
  { shardId, groups }: ArchivedShard,
  start: StartPosition,
): AsyncGenerator<readonly KinesisRecord[], void> {
  const isNew = newerThan(start);
  for (const group of groups.slice(firstGroup(groups, start)))
    for await (const page of recordsOf(reading, shardId, group)) {
      const records = page.filter(isNew);
      if (records.length > 0) yield records;
    }
}

/** The group that the position is in, or the first one behind it. */
function firstGroup(groups: readonly ObjectGroup[], start: StartPosition): number {
  if (start.type !== "at" && start.type !== "after") return 0;
  const { sequenceNumber } = start.position;
  // Records without positions of their own are called by the first sequence number of their group.
  const later = groups.findIndex(
    ({ first }) => compareSequenceNumbers(first.sequenceNumber, sequenceNumber) > 0,
  );
  let nth = (later === -1 ? groups.length : later) - 1;
  // Batches may begin within one aggregate; each of them is a group where records know their positions.
  while (nth > 0 && groups[nth]?.first.sequenceNumber === sequenceNumber) nth -= 1;
  return Math.max(0, nth);
}

function newerThan(start: StartPosition): (record: Position) => boolean {
  if (start.type === "at") return (record) => comparePositions(record, start.position) >= 0;
  if (start.type === "after") return (record) => comparePositions(record, start.position) > 0;
  return () => true;
}

interface PlacedContent {
  readonly key: string;
  readonly position: Position;
  readonly content: ArchivedContent;
  readonly facts: ArchiveFacts;
}

async function* recordsOf(
  reading: ArchiveReading,
  shardId: string,
  group: ObjectGroup,
): AsyncGenerator<readonly KinesisRecord[], void> {
  const { archive } = reading;
  const chunkBytes = Math.max(MIN_CHUNK_BYTES, Math.floor(GROUP_BYTES / group.objects.length));
  const known = group.objects.filter(({ key }) => archive.keepsPositions(key));
  const unknown = group.objects.filter(({ key }) => !archive.keepsPositions(key));
  const toRecord = ({ position, content, facts }: PlacedContent): KinesisRecord => ({
    ...position,
    data: content.data,
    // A record needs one. Formats that keep none have the shard's, so that what goes on to a stream stays in order.
    partitionKey: content.partitionKey ?? shardId,
    explicitHashKey: content.explicitHashKey,
    arrivalTimeMs: content.arrivalTimeMs ?? facts.firstArrivalMs ?? 0,
  });
  const sources = known.map((object) => ({
    first: object.range.first,
    pages: placedIn(reading, shardId, object, chunkBytes),
  }));
  const only = sources[0];
  const pages = sources.length === 1 && only !== undefined ? only.pages : merged(sources, MAX_PAGE);
  for await (const page of pages)
    yield page
      .filter(({ content, key }) => reading.isWanted(content, { key, stream: reading.stream, shardId }))
      .map(toRecord);
  // By their place in the group, whichever of its objects they are in.
  let ordinal = 0;
  for await (const [object, facts] of withFacts(reading, shardId, unknown)) {
    if (!reading.isWholeWanted(object.key, facts)) {
      ordinal += facts.recordCount;
      continue;
    }
    for await (const page of archive.read(object.key, facts, { chunkBytes })) {
      yield page.map((content) => {
        const position = { sequenceNumber: group.first.sequenceNumber, subSequenceNumber: ordinal };
        ordinal += 1;
        return toRecord({ key: object.key, position, content, facts });
      });
    }
  }
}

/** Looks ahead: an archive of small objects would take a trip to S3 for each of them before it is read. */
async function* withFacts(
  reading: ArchiveReading,
  shardId: string,
  objects: readonly ShardObject[],
): AsyncGenerator<readonly [ShardObject, ArchiveFacts], void> {
  const ahead: Promise<ArchiveFacts>[] = [];
  for (const [nth, object] of objects.entries()) {
    while (ahead.length < LOOK_AHEAD && nth + ahead.length < objects.length) {
      const facts = factsOf(reading, shardId, objects[nth + ahead.length] as ShardObject);
      // Told by whoever comes to it; nobody may.
      facts.catch(() => undefined);
      ahead.push(facts);
    }
    yield [object, await (ahead.shift() as Promise<ArchiveFacts>)];
  }
}

async function* placedIn(
  reading: ArchiveReading,
  shardId: string,
  object: ShardObject,
  chunkBytes: number,
): AsyncGenerator<readonly PlacedContent[], void> {
  const facts = await factsOf(reading, shardId, object);
  for await (const page of reading.archive.read(object.key, facts, { chunkBytes }))
    yield page.flatMap((content) =>
      content.position === undefined ? [] : [{ key: object.key, position: content.position, content, facts }],
    );
}

/** What the object says about itself, which must be what its name says. */
async function factsOf(
  { archive, stream }: ArchiveReading,
  shardId: string,
  { key, range }: ShardObject,
): Promise<ArchiveFacts> {
  const facts = await archive.look(key);
  const where = `${archive.bucket}/${key}`;
  if (facts.stream !== stream) throw foreignObject(where, `stream "${facts.stream}"`, `stream "${stream}"`);
  const isOfRange =
    comparePositions(facts.first, range.first) === 0 && comparePositions(facts.last, range.last) === 0;
  if (facts.shardId !== shardId || !isOfRange)
    throw foreignObject(where, `another range of ${facts.shardId} than its name says`, shardId);
  return facts;
}
