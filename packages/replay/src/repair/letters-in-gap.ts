import { batchIdOf, comparePositions, type Position } from "@kinesis-connectors/core";
import type { Archive } from "@kinesis-connectors/s3";
import type { ArchiveIndex } from "../archive/archived-shards.js";
import type { Gap } from "./gaps.js";

/** The dead letters that a live connector set aside. */
export interface LiveLetters {
  readonly archive: Archive;
  readonly index: ArchiveIndex;
  /** Those of another application are nothing to a repair: what failed there may have been delivered here. */
  readonly application: string;
  readonly stream: string;
}

/** Whether the record of a position was set aside. */
export type IsLetter = (position: Position) => boolean;

/**
 * The records of a gap that the live connector set aside. They are dead letters, or have been run again as such: where their pipeline has been mended
 * meanwhile, a repair would deliver them beside that.
 * @throws KinesisConnectorError `KC_READ_REFUSED`
 */
export async function lettersIn(
  { archive, index, application, stream }: LiveLetters,
  { shardId, after, end }: Gap,
): Promise<IsLetter> {
  const found = new Set<string>();
  const groups = index.shards.find((shard) => shard.shardId === shardId)?.groups ?? [];
  for (const { key, range } of groups.flatMap(({ objects }) => objects)) {
    if (after !== undefined && comparePositions(range.last, after) <= 0) continue;
    if (end.type !== "shard-end" && comparePositions(range.first, end.position) > 0) continue;
    const facts = await archive.look(key);
    if (facts.batchId !== batchIdOf({ application, stream, shardId }, facts.first, facts.last)) continue;
    for await (const page of archive.read(key, facts))
      for (const { position } of page) if (position !== undefined) found.add(nameOf(position));
  }
  return (position) => found.has(nameOf(position));
}

function nameOf({ sequenceNumber, subSequenceNumber }: Position): string {
  return `${sequenceNumber}.${subSequenceNumber}`;
}
