import type { Gathered } from "./gathering.js";
import type { KinesisRecord, Position } from "./record.js";

/** One output on its way to the destination, with the record it came from. */
export interface BufferEntry<Output> {
  readonly output: Output;
  readonly record: KinesisRecord;
  /** Size of the output in bytes, as the emitter counts it; the record's own size where the emitter does not say. */
  readonly bytes: number;
  /** Where `Batching.partitionOf` puts the output. Absent without one, and in a batch that an heir built again: its places are stored already. */
  readonly partition?: string;
}

/** Why a buffer was flushed. */
export type FlushReason =
  | "records"
  | "bytes"
  | "age"
  | "memory"
  /** One more partition than the emitter takes in a batch. */
  | "partitions"
  /** What became of its records would soon be too long to be stored. */
  | "routes"
  | "shard-end"
  /** The source has no more, though the shard goes on. */
  | "end"
  | "stop"
  | "replay"
  | "progress";

/** The outputs of a contiguous range of one shard, in stream order. Emitters must not change it: what they do to its list of entries is theirs alone. */
export interface Batch<Output> {
  /** The same for the same range of the same shard of the same application, whoever builds the batch: 32 hex digits. */
  readonly batchId: string;
  readonly application: string;
  readonly stream: string;
  readonly shardId: string;
  /** The first and last record read for this batch, kept or dropped; both belong to it. */
  readonly first: Position;
  readonly last: Position;
  /** How many records were read for it. */
  readonly recordCount: number;
  /** Empty where the outputs were gathered. */
  readonly entries: readonly BufferEntry<Output>[];
  /** The outputs in the form that `Emitter.gather` gave them. Absent without it, and in a batch that an heir built again. */
  readonly gathered?: Gathered;
  /** Sum of the outputs' sizes in bytes. */
  readonly bytes: number;
  readonly reason: FlushReason;
  /** True when records of the range were gone from the stream before they could be read (retention). */
  readonly gap: boolean;
}

/** How many outputs a batch holds, as entries or gathered. */
export function outputCountOf({ entries, gathered }: Pick<Batch<unknown>, "entries" | "gathered">): number {
  return gathered === undefined ? entries.length : gathered.count;
}
