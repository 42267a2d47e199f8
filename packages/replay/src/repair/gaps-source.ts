import { isEnded, type Lease, type LeaseTable } from "@kinesis-connectors/leases";
import type { Archive } from "@kinesis-connectors/s3";
import type { StartPosition } from "@kinesis-connectors/core";
import { type ArchiveIndex, foreignObject, indexArchive } from "../archive/archived-shards.js";
import { openStream, type StreamToOpen } from "../sources/open-stream.js";
import type { OpenedSource, ReplaySource, SourceContext, SourceShard } from "../sources/source.js";
import { gapSource } from "./gap-source.js";
import { lettersIn } from "./letters-in-gap.js";
import type { KnownLetters } from "./known-letters.js";
import { type Gap, gapOfKey, gapsOf, keyOfGap } from "./gaps.js";

/** A gap, and what has become of it. */
export interface RepairedGap extends Gap {
  /** Records of the stream that are in it, as far as they have been read and committed. */
  recordsRead: number;
  /** Outputs of them, which were missing: 0 where all of them are filtered, which is no gap. */
  recordsRepaired: number;
}

/** What gaps are looked for in, and with. */
export interface GapsToFind {
  readonly stream: StreamToOpen;
  /** What was delivered. */
  readonly archive: Archive;
  /** What was set aside, for `known`. */
  readonly letters: Archive;
  readonly known: KnownLetters;
  /** The live connector, and its rows. */
  readonly application: string;
  readonly live: LeaseTable;
  /** What arrived before the first object is looked at from here on, in epoch milliseconds; undefined: it is not. */
  readonly fromMs: number | undefined;
  /** Takes what is found. */
  readonly found: RepairedGap[];
  /** Told where an earlier run has left some unfinished: these alone are read then. */
  readonly onLeftOver: () => void;
}

/** The gaps of an archive as a source: each of them is read like a shard, one after the other in each shard. */
export function gapsSource(options: GapsToFind): ReplaySource {
  return { type: "gaps", open: (context) => openGaps(options, context) };
}

async function openGaps(
  { stream, archive, letters, known, application, live, fromMs, found, onLeftOver }: GapsToFind,
  context: SourceContext,
): Promise<OpenedSource> {
  const missing = async (): Promise<readonly Gap[]> => {
    // The checkpoints first: whatever is committed by then is in the list that follows.
    const rows = await live.list();
    const index = await indexOf(archive, stream.name);
    if (rows.length === 0)
      context.logger.warn(
        { application },
        "the live connector has no rows in the table of checkpoints: what is missing behind the last object of a shard cannot be told; check application and checkpoints",
      );
    const before = new Set(rows.map(({ leaseKey }) => leaseKey));
    // A shard whose row came only now: its objects may have been written while they were listed.
    const begun = new Set(
      (await live.list()).flatMap(({ leaseKey }) => (before.has(leaseKey) ? [] : [leaseKey])),
    );
    return gapsIn(index, rows, fromMs).filter(({ shardId }) => !begun.has(shardId));
  };
  let gaps = await missing();
  const setAside = await indexOf(letters, stream.name);
  known.learn(setAside);
  const ofLive = { archive: letters, index: setAside, application, stream: stream.name };
  const opened = await openStream({ ...stream, firstRecords: FIRST_RECORDS }, context);
  const inStream = new Map(opened.shards.map((shard) => [shard.shardId, shard]));
  const gapOf = new Map<string, RepairedGap>();
  /** The last gap of each shard: the next one waits for it, so that no shard is read by several at a time. */
  const lastOf = new Map<string, string>();
  const toShard = (gap: Gap, ended: ReadonlySet<string>): SourceShard => {
    const { shardId, after, fromMs: beginMs = 0 } = gap;
    const leaseKey = keyOfGap(gap);
    const repaired: RepairedGap = { ...gap, recordsRead: 0, recordsRepaired: 0 };
    gapOf.set(leaseKey, repaired);
    const startPosition: StartPosition =
      after === undefined
        ? { type: "at-timestamp", timestampMs: beginMs }
        : { type: "after", position: after };
    const before = lastOf.get(shardId);
    lastOf.set(shardId, leaseKey);
    return {
      leaseKey,
      isAnew: ended.has(leaseKey),
      stream: stream.name,
      shardId,
      parentShardIds: before === undefined ? [] : [before],
      hashKeyRange: inStream.get(shardId)?.hashKeyRange,
      startPosition,
      observe: (event) => {
        if (event.type !== "checkpoint-commit") return;
        repaired.recordsRead += event.read;
        repaired.recordsRepaired += event.emitted;
      },
    };
  };
  return {
    identity: opened.identity,
    stream: stream.name,
    fromMs: undefined,
    untilMs: undefined,
    shards: [],
    shardsFor: async (own: readonly Lease[]) => {
      const begun = own.flatMap((row) => {
        const gap = isEnded(row) ? undefined : gapOfKey(row.leaseKey);
        return gap === undefined ? [] : [gap];
      });
      // What an earlier run began is finished as it was begun; the rest of it would be found as another gap now, and be there twice.
      if (begun.length > 0) onLeftOver();
      const ended = new Set(own.filter(isEnded).map(({ leaseKey }) => leaseKey));
      // One that was read before is missing once more, unless what was written for it came behind the list.
      if (begun.length === 0 && gaps.some((gap) => ended.has(keyOfGap(gap)))) gaps = await missing();
      const wanted = begun.length > 0 ? begun : gaps;
      const shards = wanted.map((gap) => toShard(gap, ended));
      found.push(...gapOf.values());
      return shards;
    },
    sourceOf: (shard) => {
      const gap = gapOf.get(shard.leaseKey ?? shard.shardId);
      const source = opened.sourceOf(shard);
      return gap === undefined ? source : gapSource(source, gap, () => lettersIn(ofLive, gap));
    },
    close: opened.close,
  };
}

/** Between most objects nothing is missing, and the first record that is read says so. */
const FIRST_RECORDS = 1;

/** The objects of an archive, which must be of the stream. */
async function indexOf(archive: Archive, stream: string): Promise<ArchiveIndex> {
  const index = await indexArchive(archive, undefined, "skip");
  if (index.stream === undefined || index.stream === stream) return index;
  const where = `${archive.bucket}/${archive.prefix}`;
  throw foreignObject(where, `stream "${index.stream}"`, `stream "${stream}"`);
}

function gapsIn(
  { shards }: ArchiveIndex,
  rows: readonly Lease[],
  fromMs: number | undefined,
): readonly Gap[] {
  const checkpoints = new Map(rows.map((row) => [row.leaseKey, row.checkpoint]));
  const ranges = new Map(shards.map(({ shardId, groups }) => [shardId, groups]));
  const shardIds = new Set([...ranges.keys(), ...checkpoints.keys()]);
  return [...shardIds]
    .toSorted()
    .flatMap((shardId) => gapsOf(shardId, ranges.get(shardId) ?? [], checkpoints.get(shardId), fromMs));
}
