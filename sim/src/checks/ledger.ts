import type { Position } from "@kinesis-connectors/core";
import { type Payload, payloadOf } from "../payload.js";
import { type SimShard, type StoredRecord, userRecordsOf } from "../services/sim-stream.js";

/** A user record that was put, and what became of it. */
export interface Entry {
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly subSequenceNumber: number;
  readonly putMs: number;
  /** Undefined for the records of an aggregate that the rule of hash key ranges drops. */
  readonly payload: Payload | undefined;
  /** How often each output landed. */
  readonly archived: number[];
  /** How often it landed among the dead letters. */
  dead: number;
  /** How often a KCL worker delivered it, which promises at least once. */
  byKcl: number;
  /** Before the moment at which the application began (LATEST). */
  isBeforeStart: boolean;
  /** Retention took it away before a checkpoint covered it. */
  isTrimmed: boolean;
  /** It was taken away before the shard had a checkpoint: TRIM_HORIZON promises what is still there, and no more. */
  isTrimmedUnbegun: boolean;
  /** A reset passed over it: it never lands, unless another one goes back. */
  isSkipped: boolean;
  /** A reset went back before it, and no batch has been prepared with it since. */
  isAgain: boolean;
  /**
   * How often each output, and it itself among the dead letters, had landed when a reset went back before it: it may land once more, and does not where
   * the same range is found to be there.
   */
  landedBefore: readonly number[];
  deadBefore: number;
  /** How often more it may land: a batch that it was in was prepared, and forgotten by a reset that was told to. */
  strays: number;
}

/** What became of one shard. */
export interface ShardLedger {
  readonly shardId: string;
  readonly parentShardIds: readonly string[];
  /** In stream order. */
  readonly entries: Entry[];
  readonly indexes: Map<string, number>;
  /** How many entries a checkpoint covers. */
  covered: number;
  /** Its row says, or said, SHARD_END. */
  hasEnded: boolean;
  readonly isClosed: boolean;
}

/** Everything that was put, in stream order, and what became of it so far. */
export class Ledger {
  readonly shards: Map<string, ShardLedger> = new Map();
  readonly entriesById: Map<number, Entry> = new Map();
  readonly entriesByName: Map<string, Entry> = new Map();
  recordCount = 0;

  /** Takes in what was put into the stream. */
  put(shard: SimShard, record: StoredRecord): void {
    const ledger = this.#shardOf(shard);
    const { count, isDropped, data } = userRecordsOf(shard, record);
    for (let subSequenceNumber = 0; subSequenceNumber < count; subSequenceNumber += 1) {
      const own = data[subSequenceNumber];
      const payload = isDropped || own === undefined ? undefined : payloadOf(own);
      const entry: Entry = {
        shardId: shard.shardId,
        sequenceNumber: record.sequenceNumber,
        subSequenceNumber,
        putMs: record.arrivedMs,
        payload,
        archived: Array.from({ length: payload?.outputs ?? 0 }, () => 0),
        dead: 0,
        byKcl: 0,
        isBeforeStart: false,
        isTrimmed: false,
        isTrimmedUnbegun: false,
        isSkipped: false,
        isAgain: false,
        landedBefore: [],
        deadBefore: 0,
        strays: 0,
      };
      ledger.indexes.set(nameOf(entry), ledger.entries.push(entry) - 1);
      this.entriesByName.set(nameOf(entry), entry);
      if (payload !== undefined) this.entriesById.set(payload.id, entry);
      this.recordCount += 1;
    }
  }

  trimmed(shardId: string, sequenceNumber: string): void {
    const ledger = this.shards.get(shardId);
    if (ledger === undefined) return;
    for (let index = ledger.indexes.get(`${sequenceNumber}.0`) ?? ledger.entries.length; ; index += 1) {
      const entry = ledger.entries[index];
      if (entry === undefined || entry.sequenceNumber !== sequenceNumber) return;
      if (index < ledger.covered) continue;
      entry.isTrimmed = true;
      entry.isTrimmedUnbegun = ledger.covered === 0;
    }
  }

  /** Takes in a shard that came into being. */
  open(shard: SimShard): void {
    this.shards.set(shard.shardId, {
      shardId: shard.shardId,
      parentShardIds: shard.parentShardIds,
      entries: [],
      indexes: new Map(),
      covered: 0,
      hasEnded: false,
      get isClosed() {
        return shard.closedMs !== undefined;
      },
    });
  }

  #shardOf({ shardId }: SimShard): ShardLedger {
    return this.shards.get(shardId) as ShardLedger;
  }
}

export function nameOf({ sequenceNumber, subSequenceNumber }: Position): string {
  return `${sequenceNumber}.${subSequenceNumber}`;
}
