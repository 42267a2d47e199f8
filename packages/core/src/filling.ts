import type { FlushReason } from "./batch.js";
import { OpenPartitions } from "./batching.js";
import type { Buffer } from "./buffer.js";
import type { Emitter } from "./emitter.js";
import { type ClosedRange, OpenRange } from "./range.js";
import type { KinesisRecord, Position } from "./record.js";
import type { ShardContext } from "./shard-context.js";

/** A range that was read but has nothing to emit moves the checkpoint this long after its first record at the latest... */
const PROGRESS_INTERVAL_MS = 10_000;
/** ...or after this many records, whichever comes first. */
const PROGRESS_RECORDS = 50_000;
/** Dead letters waiting for their batch are kept below this many records and bytes. */
const MAX_WAITING_DEAD_LETTERS = 10_000;
const MAX_WAITING_DEAD_LETTER_BYTES = 16 * 1024 * 1024;
/** Routes go into the lease row, which holds 400 KB with everything else (DynamoDB, "Constraints"). Deflated these are 17 to 25 KB, measured with 50% to 1% of the records dropped by lot. */
const MAX_ROUTE_BYTES = 64 * 1024;

/**
 * The batch that is being filled: the open range, the buffer with its outputs, and the bytes that both hold of the worker's budget.
 * It says when the batch is due; closing it and sending it on its way is the processor's part.
 */
export class Filling<Output> {
  readonly #context: Pick<ShardContext, "application" | "stream" | "shardId" | "budget">;
  readonly #buffer: Buffer<Output>;
  readonly #emitter: Pick<Emitter<Output, never>, "sizeOf" | "batching">;
  readonly #partitions: OpenPartitions<Output>;
  /** Whether what becomes of each record may have to be stored. */
  readonly #storesRoutes: boolean;
  #range: OpenRange<Output>;
  /** The sizes of the outputs of one record: one array for all records, because a new one for each would cost more than the sizes. */
  readonly #sizes: number[] = [];
  #sizesSum = 0;

  constructor(
    context: Pick<ShardContext, "application" | "stream" | "shardId" | "budget">,
    buffer: Buffer<Output>,
    emitter: Pick<Emitter<Output, never>, "sizeOf" | "batching">,
    storesRoutes: boolean = false,
  ) {
    this.#context = context;
    this.#buffer = buffer;
    this.#emitter = emitter;
    this.#partitions = new OpenPartitions(emitter.batching);
    this.#storesRoutes = storesRoutes;
    this.#range = new OpenRange(context);
  }

  /** Bytes charged to the budget for what is waiting here. */
  get heldBytes(): number {
    return this.#range.heldBytes;
  }

  /** Finds the partitions of a record's outputs; what it throws makes the record poison. */
  partition(record: KinesisRecord, outputs: readonly Output[]): void {
    this.#partitions.name(record, outputs);
  }

  /** Measures a record's outputs, each once, and names the cap that they would cross: the batch has to end before them. */
  measure(record: KinesisRecord, outputs: readonly Output[]): FlushReason | undefined {
    if (outputs.length === 0) return undefined;
    let bytes = 0;
    for (let index = 0; index < outputs.length; index += 1) {
      const size = this.#emitter.sizeOf?.(outputs[index] as Output, record) ?? record.data.length;
      this.#sizes[index] = size;
      bytes += size;
    }
    this.#sizesSum = bytes;
    if (this.#partitions.overflows) return "partitions";
    if (this.#buffer.fits(outputs.length, bytes)) return undefined;
    return this.#buffer.fits(0, bytes) ? "records" : "bytes";
  }

  /** Takes in the record measured last, kept with these outputs or dropped with none; returns the threshold that it reached. */
  keep(record: KinesisRecord, outputs: readonly Output[], nowMs: number): FlushReason | undefined {
    if (outputs.length === 0) {
      this.#range.accept(record, 0, nowMs);
      return this.#routesReason();
    }
    for (let index = 0; index < outputs.length; index += 1) {
      const size = this.#sizes[index] as number;
      const entry = { output: outputs[index] as Output, record, bytes: size };
      const partition = this.#partitions.add(index, size);
      this.#buffer.add(partition === undefined ? entry : { ...entry, partition }, nowMs);
    }
    this.#range.accept(record, outputs.length, nowMs);
    this.#hold(Math.max(this.#sizesSum, record.data.length));
    return this.#bufferReason(nowMs) ?? this.#routesReason();
  }

  /** Takes in a record that goes to the dead letters; returns a reason to flush when too many of them are waiting. */
  refuse(record: KinesisRecord, error: Error, nowMs: number): FlushReason | undefined {
    this.#range.refuse({ record, error, attempts: 1 }, nowMs);
    this.#hold(record.data.length);
    const { refusedCount, refusedBytes } = this.#range;
    return refusedCount >= MAX_WAITING_DEAD_LETTERS || refusedBytes >= MAX_WAITING_DEAD_LETTER_BYTES
      ? "memory"
      : this.#routesReason();
  }

  /** Moves the end of the range over what the reader read and did not hand over. */
  moveEnd(scannedEnd: Position, nowMs: number): void {
    this.#range.moveEnd(scannedEnd, nowMs);
  }

  /** Lets go of the page that has been scanned, but for what waits in the buffer. */
  settle(): void {
    this.#range.settle();
  }

  /** Notes that records of the range are gone from the stream. */
  markGap(): void {
    this.#range.markGap();
  }

  /** Why the batch should be flushed now, or undefined. */
  dueReason(nowMs: number): FlushReason | undefined {
    const reason = this.#bufferReason(nowMs);
    if (reason !== undefined) return reason;
    const dueMs = this.dueMs();
    const isMuchRead = this.#buffer.dueMs() === undefined && this.#range.recordCount >= PROGRESS_RECORDS;
    return isMuchRead || (dueMs !== undefined && nowMs >= dueMs) ? "progress" : undefined;
  }

  /** When the batch has to be flushed even if nothing arrives. */
  dueMs(): number | undefined {
    const bufferDueMs = this.#buffer.dueMs();
    if (bufferDueMs !== undefined)
      return Math.max(bufferDueMs, this.#partitions.waitsUntilMs(this.#range.openedMs) ?? bufferDueMs);
    return this.#range.isEmpty ? undefined : this.#range.openedMs + PROGRESS_INTERVAL_MS;
  }

  /** Closes the batch and begins the next one. Undefined when nothing was read. The bytes held go with the closed range. */
  close(reason: FlushReason): ClosedRange<Output> | undefined {
    const closed = this.#range.close(this.#buffer.drain(), reason);
    this.#partitions.clear();
    if (closed !== undefined) this.#range = new OpenRange(this.#context);
    return closed;
  }

  #bufferReason(nowMs: number): FlushReason | undefined {
    const reason = this.#buffer.shouldFlush(nowMs);
    if (reason === undefined) return this.#partitions.isOnTarget ? "bytes" : undefined;
    const waitsUntilMs = this.#partitions.waitsUntilMs(this.#range.openedMs);
    return reason === "age" && waitsUntilMs !== undefined && nowMs < waitsUntilMs ? undefined : reason;
  }

  #routesReason(): FlushReason | undefined {
    return this.#storesRoutes && this.#range.routeBytes >= MAX_ROUTE_BYTES ? "routes" : undefined;
  }

  #hold(bytes: number): void {
    this.#range.heldBytes += bytes;
    this.#context.budget.take(bytes);
  }
}
