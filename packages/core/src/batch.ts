import type { EncodedOutputs } from "./batch-writer.js";
import type { KinesisRecord, Position } from "./record.js";

/** One output on its way to the destination, with the record it came from. */
export interface BufferEntry<Output> {
  readonly output: Output;
  readonly record: KinesisRecord;
  /** Size of the output in bytes, as the emitter counts it; the record's own size where the emitter does not say. */
  readonly bytes: number;
  /** The partition of the output, as `Batching.partitionOf` names it. Absent without one, and in a batch that the next owner built again from its stored plan. */
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
  | "outcomes"
  | "shard-end"
  /** The source has no more, though the shard goes on. */
  | "end"
  | "stop"
  | "replay"
  | "progress";

/** The outputs of a contiguous range of one shard, in stream order. Emitters must not change it: what they do to its list of entries is theirs alone. */
export interface Batch<Output> {
  /** Names the batch: 32 hex digits, equal for the same range of the same shard of the same application, whoever builds it. */
  readonly batchId: string;
  readonly application: string;
  readonly stream: string;
  readonly shardId: string;
  /** The first and last record read for this batch, kept or dropped; both belong to it. */
  readonly first: Position;
  readonly last: Position;
  /** Records that were read for it. */
  readonly recordCount: number;
  /** Empty where the outputs were encoded. */
  readonly entries: readonly BufferEntry<Output>[];
  /** The outputs in the form that `Emitter.createWriter` gave them. Absent without it, and in a batch that the next owner built again. */
  readonly encoded?: EncodedOutputs;
  /** Sum of the outputs' sizes in bytes. */
  readonly bytes: number;
  readonly reason: FlushReason;
  /** When the first of its records was taken in, in epoch milliseconds. Absent in a batch that the next owner built again. */
  readonly openedMs?: number;
  /** True when records of the range were gone from the stream before they could be read (retention). */
  readonly gap: boolean;
  /** True where its source gave some records of the range only, as a replay of dead letters does: that the others were delivered is not said. Absent otherwise. */
  readonly isPicked?: boolean;
}

/** The number of outputs in a batch, as entries or encoded. */
export function outputCountOf({ entries, encoded }: Pick<Batch<unknown>, "entries" | "encoded">): number {
  return encoded === undefined ? entries.length : encoded.count;
}
