import type { FlushReason } from "../../batch.js";
import { OpenPartitions } from "../../batching.js";
import { type Contents, EntryContents, EncodedContents } from "./contents.js";
import type { Emitter } from "../../emitter.js";
import type { RunningPipeline } from "../../pipeline.js";
import { type ClosedRange, OpenRange } from "./range.js";
import { dataBytesOf, detached, type KinesisRecord, type Position } from "../../record.js";
import type { ShardContext } from "../shard-context.js";
import { passesData } from "../../transformer.js";

/** A range that was read but has nothing to emit moves the checkpoint this long after its first record at the latest... */
const PROGRESS_INTERVAL_MS = 10_000;
/** ...or after this many records, whichever comes first. */
const PROGRESS_RECORDS = 50_000;
/** Dead letters waiting for their batch are kept below this many records and bytes. */
const MAX_WAITING_DEAD_LETTERS = 10_000;
const MAX_WAITING_DEAD_LETTER_BYTES = 16 * 1024 * 1024;
/** Outcomes go into the lease row, which holds 400 KB with everything else (DynamoDB, "Constraints"). Deflated these are 17 to 25 KB, measured with 50% to 1% of the records dropped by lot. */
const MAX_OUTCOME_BYTES = 64 * 1024;

/** The parts of a pipeline that a batch needs while it fills. */
interface FillingPipeline<Output> extends Pick<
  RunningPipeline<never, Output, never, never>,
  "createBuffer" | "createThresholds" | "logger"
> {
  readonly emitter: Pick<Emitter<Output, never>, "sizeOf" | "batching" | "createWriter"> & {
    readonly objectCount?: unknown;
  };
  readonly deadLetters?: unknown;
  readonly transformer: object;
}

/** The context of a batch while it fills. */
type FillingContext = Pick<
  ShardContext,
  "application" | "stream" | "shardId" | "budget" | "clock" | "random"
>;

/**
 * The batch that is being filled: the open range, its outputs, and the bytes that both hold of the worker's budget.
 * It says when the batch is due; closing it and sending it on its way is the processor's part.
 */
export class Filling<Output> {
  readonly #context: FillingContext;
  readonly #contents: Contents<Output>;
  readonly #partitions: OpenPartitions<Output>;
  /** Whether what becomes of each record may have to be stored. */
  readonly #storesOutcomes: boolean;
  #range: OpenRange;
  /** Bytes that the contents held when they were last asked. */
  #contentsBytes = 0;
  /** Whether a record of the page that is being scanned is kept. */
  #keepsPage = false;

  constructor(context: FillingContext, pipeline: FillingPipeline<Output>) {
    this.#context = context;
    const { emitter, deadLetters } = pipeline;
    this.#partitions = new OpenPartitions(emitter.batching);
    this.#contents = contentsOf(context, pipeline, this.#partitions);
    this.#storesOutcomes = deadLetters !== undefined || emitter.objectCount !== undefined;
    this.#range = new OpenRange(context, this.#storesOutcomes);
  }

  /** Whether outputs that are a record's own data need not be made. */
  get takesData(): boolean {
    return this.#contents.takesData;
  }

  /** Bytes charged to the budget for what is waiting here. */
  get heldBytes(): number {
    return this.#range.heldBytes + this.#contentsBytes;
  }

  /** Records waiting here, dead letters among them. */
  get keptCount(): number {
    return this.#range.keptCount;
  }

  /**
   * Looks at a record's outputs, before they are taken in: finds their partitions, measures them, each once, and names the cap that they would cross;
   * the batch has to end before them. What it throws makes the record poison.
   */
  stage(record: KinesisRecord, outputs: readonly Output[]): FlushReason | undefined {
    if (outputs.length === 0) return undefined;
    this.#partitions.name(record, outputs);
    const bytes = this.#contents.stage(record, outputs);
    if (this.#partitions.overflows) return "partitions";
    if (this.#contents.fits(outputs.length, bytes)) return undefined;
    return this.#contents.fits(0, bytes) ? "records" : "bytes";
  }

  /** Takes in the record staged last, kept with these outputs or dropped with none; returns the threshold that it reached. */
  keep(record: KinesisRecord, outputs: readonly Output[], nowMs: number): FlushReason | undefined {
    if (outputs.length === 0) {
      this.#range.accept(record, 0, nowMs);
      return this.#routesReason();
    }
    if (this.#contents.keepsRecords) this.#keepsPage = true;
    const bytes = this.#contents.keep(record, outputs, nowMs);
    this.#range.accept(record, outputs.length, nowMs);
    if (bytes > 0) this.#hold(bytes);
    return this.#bufferReason(nowMs) ?? this.#routesReason();
  }

  /** Takes in a record that goes to the dead letters; returns a reason to flush when too many of them are waiting. */
  refuse(record: KinesisRecord, error: Error, nowMs: number): FlushReason | undefined {
    this.#contents.drop();
    this.#range.refuse({ record: detached(record), error, attempts: 1 }, nowMs);
    this.#hold(dataBytesOf(record));
    const { refusedCount, refusedBytes } = this.#range;
    return refusedCount >= MAX_WAITING_DEAD_LETTERS || refusedBytes >= MAX_WAITING_DEAD_LETTER_BYTES
      ? "memory"
      : this.#routesReason();
  }

  /** Moves the end of the range over what the reader read and did not hand over. */
  moveEnd(scannedEnd: Position, nowMs: number): void {
    this.#range.moveEnd(scannedEnd, nowMs);
  }

  /** Charges what the contents have come to with the page that has been scanned. Returns whether a record of it is still needed. */
  settle(): boolean {
    this.#range.settle();
    this.charge();
    const keepsPage = this.#keepsPage;
    this.#keepsPage = false;
    return keepsPage;
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
    const isMuchRead = this.#contents.dueMs() === undefined && this.#range.recordCount >= PROGRESS_RECORDS;
    return isMuchRead || (dueMs !== undefined && nowMs >= dueMs) ? "progress" : undefined;
  }

  /** When the batch has to be flushed even if nothing arrives. */
  dueMs(): number | undefined {
    const bufferDueMs = this.#contents.dueMs();
    if (bufferDueMs !== undefined)
      return Math.max(bufferDueMs, this.#partitions.waitsUntilMs(this.#range.openedMs) ?? bufferDueMs);
    return this.#range.isEmpty ? undefined : this.#range.openedMs + PROGRESS_INTERVAL_MS;
  }

  /** Closes the batch and begins the next one. Undefined when nothing was read. The bytes held go with the closed range. */
  close(reason: FlushReason): ClosedRange<Output> | undefined {
    if (this.#range.isEmpty) return undefined;
    this.charge();
    const outputs = this.#contents.drain();
    this.#partitions.clear();
    // What was staged and not kept has gone over into the next batch.
    const leftBytes = this.#contents.heldBytes();
    const heldBytes = this.heldBytes - leftBytes;
    this.#contentsBytes = leftBytes;
    const range = this.#range;
    this.#range = new OpenRange(this.#context, this.#storesOutcomes);
    const closed = range.close(outputs, reason, heldBytes);
    if (closed === undefined) return undefined;
    const { clock } = this.#context;
    const openedMs = clock.now() - (clock.monotonicNow() - range.openedMs);
    return { ...closed, batch: { ...closed.batch, openedMs } };
  }

  /** The shard is let go: gives back what is held, to the budget as well. */
  release(): void {
    this.#contents.close();
    this.#context.budget.release(this.heldBytes);
  }

  #bufferReason(nowMs: number): FlushReason | undefined {
    const reason = this.#contents.reached(nowMs);
    if (reason === undefined) return this.#partitions.isOnTarget ? "bytes" : undefined;
    const waitsUntilMs = this.#partitions.waitsUntilMs(this.#range.openedMs);
    return reason === "age" && waitsUntilMs !== undefined && nowMs < waitsUntilMs ? undefined : reason;
  }

  #routesReason(): FlushReason | undefined {
    return this.#storesOutcomes && this.#range.outcomeBytes >= MAX_OUTCOME_BYTES ? "outcomes" : undefined;
  }

  #hold(bytes: number): void {
    this.#range.heldBytes += bytes;
    this.#context.budget.take(bytes);
  }

  /** Charges what the outputs hold now: those of a writer grow as they are encoded, and shrink as they are compressed or go to a disk. */
  charge(): void {
    const bytes = this.#contents.heldBytes();
    const more = bytes - this.#contentsBytes;
    this.#contentsBytes = bytes;
    if (more > 0) this.#context.budget.take(more);
    else if (more < 0) this.#context.budget.release(-more);
  }
}

function contentsOf<Output>(
  { application, stream, shardId, clock, random }: FillingContext,
  { emitter, createBuffer, createThresholds, logger, transformer }: FillingPipeline<Output>,
  partitions: OpenPartitions<Output>,
): Contents<Output> {
  // A buffer of one's own wants to see the entries.
  if (emitter.createWriter === undefined || createThresholds === undefined)
    return new EntryContents(createBuffer(), emitter, partitions);
  const writer = emitter.createWriter({ application, stream, shardId, clock, random, logger });
  // Who names partitions is shown the outputs.
  const passes = emitter.batching?.partitionOf === undefined && passesData(transformer);
  return new EncodedContents(writer, createThresholds(), partitions, passes);
}
