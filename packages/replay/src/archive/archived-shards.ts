import {
  comparePositions,
  compareSequenceNumbers,
  KinesisConnectorError,
  type Position,
} from "@kinesis-connectors/core";
import type { Archive, ArchivedRange, ArchiveObject } from "@kinesis-connectors/s3";

/** An object of a shard, with the range that its batch was made of. */
export interface ShardObject extends ArchiveObject {
  readonly range: ArchivedRange;
}

/** Objects of a shard that are read together: those of one batch, and those whose ranges overlap. */
export interface ObjectGroup {
  readonly objects: readonly ShardObject[];
  readonly first: Position;
  /** The last position of any of them. */
  readonly last: Position;
}

/** What an archive holds of a shard, in the order of the stream. */
export interface ArchivedShard {
  readonly shardId: string;
  readonly groups: readonly ObjectGroup[];
}

/** What is listed of an archive: its stream, and its shards. */
export interface ArchiveIndex {
  readonly stream: string | undefined;
  readonly shards: readonly ArchivedShard[];
}

/**
 * Lists an archive, shard by shard. Some 200 bytes of memory for each object, and none of their records.
 * @param isWanted whether an object may hold what is wanted
 * @param picked what becomes of objects that hold some records of their range only, dead letters that came again
 * @throws KinesisConnectorError `KC_READ_REFUSED`
 */
export async function indexArchive(
  archive: Archive,
  isWanted: (object: ArchiveObject) => boolean = () => true,
  picked: "take" | "skip" = "take",
): Promise<ArchiveIndex> {
  const byShard = new Map<string, ShardObject[]>();
  let stream: string | undefined;
  for await (const objects of archive.list())
    for (const object of objects) {
      if (!isWanted(object)) continue;
      const isNamed = object.range !== undefined;
      // The first one tells the stream; the others are held against it when they are read.
      const facts = stream === undefined || !isNamed ? await archive.look(object.key) : undefined;
      stream ??= facts?.stream;
      const range = object.range ?? facts;
      if (range === undefined || (range.isPicked === true && picked === "skip")) continue;
      const { shardId, first, last } = range;
      const found = byShard.get(shardId) ?? [];
      found.push({ ...object, range: { shardId, first, last } });
      byShard.set(shardId, found);
    }
  const shards = [...byShard].map(([shardId, objects]) => ({ shardId, groups: groupsOf(objects) }));
  return { stream, shards: shards.toSorted((a, b) => (a.shardId < b.shardId ? -1 : 1)) };
}

/**
 * Objects in the order of the stream, and together where they cannot be told apart by their ranges: the objects of one batch, batches that overlap, and
 * batches that begin in one aggregate, whose records without positions of their own would be called alike.
 */
function groupsOf(objects: readonly ShardObject[]): readonly ObjectGroup[] {
  const sorted = objects.toSorted(
    (a, b) =>
      comparePositions(a.range.first, b.range.first) ||
      comparePositions(a.range.last, b.range.last) ||
      (a.key < b.key ? -1 : 1),
  );
  const groups: { objects: ShardObject[]; first: Position; last: Position }[] = [];
  for (const object of sorted) {
    const { first, last } = object.range;
    const group = groups.at(-1);
    if (
      group !== undefined &&
      (comparePositions(first, group.last) <= 0 ||
        compareSequenceNumbers(first.sequenceNumber, group.first.sequenceNumber) === 0)
    ) {
      group.objects.push(object);
      if (comparePositions(last, group.last) > 0) group.last = last;
    } else {
      groups.push({ objects: [object], first, last });
    }
  }
  return groups;
}

/** The error for an object that is of another stream or shard than was believed. */
export function foreignObject(where: string, found: string, expected: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_READ_REFUSED",
    `${where} is of ${found}, and ${expected} is read: archives of several streams lie under one prefix; give the prefix of one of them`,
  );
}
