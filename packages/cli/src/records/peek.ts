import type { IteratorPosition, ListedShard } from "@kinesis-connectors/consumer";
import { comparePositions, type Position, sleep } from "@kinesis-connectors/core";
import type { Lease } from "@kinesis-connectors/leases";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { FleetFlags } from "../app/flags.js";
import { atMsOf } from "../app/inputs.js";
import { positionOf } from "../fleet/ask-stream.js";
import { readFleet } from "../fleet/read-fleet.js";
import { targetOf } from "../connection/target.js";
import type { Decoding } from "./flags.js";
import type { Place } from "./place.js";
import { openRecord, recordLine, type ShownRecord } from "./record-line.js";
import { namesOf, openStream, rangeOf } from "./stream.js";
import { targetedStream } from "./targeted-stream.js";
import { counted } from "../output/counted.js";

export interface PeekFlags extends FleetFlags {
  readonly at?: Place;
  readonly shard?: string;
  readonly checkpoint?: string;
  readonly count: number;
  readonly decode: Decoding;
  /** Records are lines of JSON with or without it: then errors are JSON too. */
  readonly json: boolean;
}

const BETWEEN_READS_MS = 1_000;

/** Where to begin: what Kinesis is asked for, and which records of the first answer are skipped. */
interface Start {
  readonly position: IteratorPosition;
  readonly isWanted: (record: Position) => boolean;
}

/** `peek STREAM`. */
export async function peek(context: CliContext, flags: PeekFlags, given?: string): Promise<void> {
  if ((flags.at === undefined) === (flags.checkpoint === undefined))
    throw new CliError("KC_USAGE", "say where to begin: either --at POSITION or --checkpoint APP");
  const { where, stream, start } =
    flags.checkpoint === undefined
      ? { ...(await targetedStream(context, flags, given)), start: undefined }
      : await fromCheckpoint(context, flags, flags.checkpoint, given);
  const open = await openStream(context, where, stream);
  try {
    const shard = shardOf(open.shards, flags.shard);
    const from = start ?? startOf(context, flags.at ?? { type: "horizon" });
    let left = flags.count;
    let reads = 0;
    let iterator: string | undefined = await open.api.getShardIterator(
      shard.shardId,
      from.position,
      context.signal,
    );
    while (iterator !== undefined && left > 0) {
      if (reads > 0) await sleep(context.clock, BETWEEN_READS_MS, context.signal);
      context.signal.throwIfAborted();
      const page = await open.api.getRecords(iterator, Math.min(10_000, left + 1), context.signal);
      reads += 1;
      for (const record of page.records) {
        const shown = openRecord(shard.shardId, record, rangeOf(shard)).records.filter(from.isWanted);
        for (const one of shown.slice(0, left)) print(context, one, flags);
        left -= Math.min(left, shown.length);
      }
      // At the tip there is nothing more to wait for.
      const isAtTip = page.records.length === 0 && page.millisBehindLatest === 0;
      iterator = isAtTip ? undefined : page.nextIterator;
    }
    context.out.note(
      `${flags.count - left} of ${flags.count} records, ${counted(reads, "read")} of shard ${shard.shardId}`,
    );
  } finally {
    open.close();
  }
}

function print(context: CliContext, record: ShownRecord, { decode }: PeekFlags): void {
  context.out.line(recordLine(record, decode));
}

/** The shard that is named, or the only one. */
function shardOf(shards: readonly ListedShard[], wanted: string | undefined): ListedShard {
  if (wanted === undefined) {
    const [only, ...others] = shards;
    if (only !== undefined && others.length === 0) return only;
    throw new CliError(
      "KC_USAGE",
      `the stream has ${shards.length} shards: name one by --shard, of ${namesOf(shards)}`,
    );
  }
  const shard = shards.find(({ shardId }) => shardId === wanted);
  if (shard === undefined)
    throw new CliError("KC_NOT_FOUND", `the stream has no shard ${wanted}: it has ${namesOf(shards)}`);
  return shard;
}

function startOf(context: CliContext, place: Place): Start {
  if (place.type === "horizon") return { position: { type: "trim-horizon" }, isWanted: () => true };
  if (place.type === "moment")
    return {
      position: { type: "at-timestamp", timestampMs: atMsOf(place.moment, context.clock.now()) },
      isWanted: () => true,
    };
  return {
    position: { type: "at-sequence-number", sequenceNumber: place.sequenceNumber },
    isWanted: (record) => comparePositions(record, place) >= 0,
  };
}

/** What an application reads next in a shard, and the stream that its lease table names. */
async function fromCheckpoint(context: CliContext, flags: PeekFlags, app: string, given: string | undefined) {
  const target = await targetOf(context, flags, app);
  const fleet = await readFleet(context, target);
  const stream = given ?? fleet.stream;
  if (stream === undefined)
    throw new CliError("KC_USAGE", "the lease table does not say which stream it is: give STREAM");
  const lease = leaseOf(fleet.leases, flags.shard);
  const { checkpoint } = lease;
  const position = positionOf(lease);
  if (position === undefined)
    throw new CliError(
      "KC_NOT_FOUND",
      `${app} has read shard ${lease.leaseKey} to its end: nothing comes next`,
    );
  const start: Start =
    typeof checkpoint === "string"
      ? { position, isWanted: () => true }
      : {
          // The rest of an aggregate comes next, where its middle has been reached.
          position: { type: "at-sequence-number", sequenceNumber: checkpoint.sequenceNumber },
          isWanted: (record) => comparePositions(record, checkpoint) > 0,
        };
  return { where: target, stream, start };
}

function leaseOf(leases: readonly Lease[], wanted: string | undefined): Lease {
  const lease =
    wanted === undefined && leases.length === 1 ? leases[0] : leases.find((one) => one.leaseKey === wanted);
  if (lease !== undefined) return lease;
  throw new CliError(
    wanted === undefined ? "KC_USAGE" : "KC_NOT_FOUND",
    `name one of the shards by --shard: ${leases
      .map(({ leaseKey }) => leaseKey)
      .slice(0, 5)
      .join(", ")}`,
  );
}
