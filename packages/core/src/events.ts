import type { FlushReason } from "./batch.js";
import type { Position } from "./record.js";

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
        /** Since the previous commit of this owner: records read, and of these emitted, filtered and set aside as dead letters. */
        readonly read: number;
        readonly emitted: number;
        readonly filtered: number;
        readonly deadLettered: number;
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
