import type { FlushReason } from "./batch.js";
import type { Position } from "./record.js";

/**
 * The shard that an event is about.
 * @inline
 */
interface OfShard {
  readonly stream: string;
  readonly shardId: string;
}

/** Events of a shard's engine, as they happen. At most a few per page or batch, never one per record but for dead letters. */
export type ShardEvent = OfShard &
  (
    | { readonly type: "shard-start"; readonly checkpoint: Position | undefined; readonly inherited: boolean }
    | {
        readonly type: "page-read";
        readonly records: number;
        /** What the page keeps in memory. */
        readonly bytes: number;
        /** The records' data, as producers put it: the KCL's `DataBytesProcessed`. */
        readonly dataBytes: number;
        readonly millisBehindLatest: number | undefined;
        /** How long the answer took, in milliseconds: a call from its request on, an event of a subscription from when it was waited for. */
        readonly durationMs: number;
        /** Records that wait in the buffer after this page, dead letters among them, and the bytes that they keep in memory. */
        readonly bufferedRecords: number;
        readonly bufferedBytes: number;
      }
    | {
        readonly type: "buffer-flush";
        readonly reason: FlushReason;
        readonly records: number;
        readonly bytes: number;
      }
    /** A batch goes to its destination; `batch-emit` tells of its end. `records` counts outputs. */
    | {
        readonly type: "batch-start";
        readonly batchId: string;
        readonly records: number;
        readonly bytes: number;
        readonly inherited: boolean;
      }
    | {
        readonly type: "batch-emit";
        readonly batchId: string;
        readonly records: number;
        readonly bytes: number;
        /** Outputs that the destination took: `records` without those that became dead letters. */
        readonly outputs: number;
        readonly attempts: number;
        readonly inherited: boolean;
        readonly durationMs: number;
      }
    | {
        readonly type: "emit-retry";
        readonly batchId: string;
        readonly records: number;
        readonly attempt: number;
        readonly delayMs: number;
        readonly error: Error;
      }
    | { readonly type: "record-dead-letter"; readonly position: Position; readonly code: string }
    | {
        readonly type: "checkpoint-commit";
        readonly checkpoint: Position;
        /**
         * Whether it is of a batch that an earlier owner had prepared. Its records are in no `page-read` of this owner: they were read once more for this
         * batch alone, or, where it had been written, not at all.
         */
        readonly inherited: boolean;
        /** Since the previous commit of this owner: records read, and of these emitted, filtered and set aside as dead letters. */
        readonly read: number;
        readonly emitted: number;
        readonly filtered: number;
        readonly deadLettered: number;
        /** Sizes of the outputs that were sent for it; 0 where an earlier owner had written them all. */
        readonly bytes: number;
        /**
         * When the first record of it arrived, in epoch milliseconds: the oldest one, as far as arrival times rise. Undefined where none was read by
         * this owner.
         */
        readonly oldestArrivalMs: number | undefined;
      }
    | { readonly type: "retention-gap"; readonly expected: Position; readonly found: Position | undefined }
    | { readonly type: "shard-end"; readonly childShardIds: readonly string[] }
    | {
        readonly type: "shard-stop";
        /** `end`: the source had no more, though the shard goes on. */
        readonly reason: "stop" | "end" | "lease-lost" | "error";
        readonly error?: Error;
      }
  );
