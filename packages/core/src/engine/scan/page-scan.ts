import type { FlushReason } from "../../batch.js";
import { poisonError } from "../poison.js";
import { isBroken } from "../../guards/blame.js";
import { asError, hasCode } from "../../errors.js";
import type { Filling } from "../filling/filling.js";
import { isLookupFailure, isLookupRefusal, transformPatiently } from "./lookups.js";
import { hasNotices, takeNotices } from "../../logging/notices.js";
import type { RunningPipeline } from "../../pipeline.js";
import type { KinesisRecord } from "../../record.js";
import type { ShardContext } from "../shard-context.js";
import { TransformsInFlight } from "./transforms-in-flight.js";
import { startTransform, transformOf, type Transform, transformRecord } from "./transform.js";

/** Functions of a shard's processor that a scan calls. */
export interface ScanOwner {
  readonly isStopping: () => boolean;
  /** Sends the batch that has been filled on its way; settles once the one before it has been committed. */
  readonly flush: (reason: FlushReason) => Promise<void>;
}

/** A record whose functions have been called. */
interface Started<Output> {
  readonly record: KinesisRecord;
  readonly outputs: Output[];
  /** Undefined when no function returned a promise. */
  readonly waiting: Promise<void> | undefined;
}

/** Says that a record was started, and others may be before it is waited for. */
const STARTED: Promise<void> = Promise.resolve();

/** Takes records through the pipeline's functions into the batch that is being filled, one by one, and ends the batch where it is full. */
export class PageScan<Model, Output> {
  readonly #pipeline: Pick<
    RunningPipeline<Model, Output, never, never>,
    "onPoison" | "transformConcurrency" | "retry" | "logger"
  >;
  readonly #context: ShardContext;
  readonly #filling: Filling<Output>;
  readonly #transform: Transform<Model, Output>;
  readonly #owner: ScanOwner;
  #outputs: Output[] = [];
  /** The promise to wait for before the next record. */
  #waiting: Promise<void> | undefined;
  readonly #inFlight: TransformsInFlight;
  /** Records whose functions have been called and whose outputs have not been taken in, in stream order. */
  readonly #started: Started<Output>[] = [];
  #taken = 0;
  /** A stop came while what the transformer asks did not answer: the record is left to the next owner. */
  #isLeft = false;

  constructor(
    pipeline: Pick<
      RunningPipeline<Model, Output, never, never>,
      | "transformer"
      | "filter"
      | "onPoison"
      | "transformTimeoutMs"
      | "transformConcurrency"
      | "retry"
      | "logger"
    >,
    context: ShardContext,
    filling: Filling<Output>,
    owner: ScanOwner,
  ) {
    this.#pipeline = pipeline;
    this.#context = context;
    this.#filling = filling;
    this.#transform = transformOf(pipeline, filling.takesData);
    this.#owner = owner;
    this.#inFlight = new TransformsInFlight(pipeline.transformTimeoutMs, context.clock, context.abortSignal);
  }

  /** After a scan that threw: how many records were taken in before the one that it threw for. */
  get taken(): number {
    return this.#taken;
  }

  /** Scans records until their end, or until the shard is to stop. Returns how many were scanned. */
  async scan(records: readonly KinesisRecord[]): Promise<number> {
    let next = 0;
    try {
      while (next < records.length || this.#started.length > 0) {
        if (this.#owner.isStopping()) return next - this.#started.length;
        if (this.#started.length > 0) next = await this.#scanAhead(records, next);
        // The clock is read once per page and after every wait: a reading per record would cost as much as a small filter.
        else next = this.#run(records, next, this.#context.clock.monotonicNow());
        if (hasNotices()) this.#writeNotices();
        const waiting = this.#waiting;
        this.#waiting = undefined;
        if (waiting !== undefined) {
          this.#taken = next - 1;
          await waiting;
        }
        if (this.#isLeft) return next - this.#started.length - 1;
      }
      return next;
    } finally {
      if (this.#started.length > 0) this.#letGo();
    }
  }

  /** Nothing else has run since they were given, unless a function waited: they are of this shard. */
  #writeNotices(): void {
    const { stream, shardId } = this.#context;
    const { logger } = this.#pipeline;
    for (const { code, message } of takeNotices()) logger.warn({ code, stream, shardId }, message);
  }

  /** Scans until something has to be waited for; returns the index after the last record. A loop of its own, without an await in it: that is a tenth faster. */
  #run(records: readonly KinesisRecord[], from: number, nowMs: number): number {
    let index = from;
    try {
      for (; index < records.length; index += 1) {
        this.#waiting = this.#scanRecord(records[index] as KinesisRecord, nowMs);
        if (this.#waiting !== undefined) return index + 1;
      }
    } catch (thrown) {
      this.#taken = index;
      throw thrown;
    }
    return records.length;
  }

  #scanRecord(record: KinesisRecord, nowMs: number): Promise<void> | undefined {
    let crossed: FlushReason | undefined;
    try {
      const waiting = transformRecord(this.#transform, record, this.#outputs);
      if (waiting !== undefined) {
        if (this.#pipeline.transformConcurrency === 1) return this.#scanLater(record, waiting);
        this.#enter(record, waiting, this.#outputs);
        this.#outputs = [];
        return STARTED;
      }
      crossed = this.#filling.stage(record, this.#outputs);
    } catch (thrown) {
      if (isLookupFailure(thrown)) return this.#scanLater(record, Promise.reject(asError(thrown)));
      return this.#refuse(record, asError(thrown), nowMs);
    }
    return this.#keep(record, crossed, nowMs);
  }

  /** One of the user's functions returned a promise. */
  async #scanLater(record: KinesisRecord, waiting: Promise<void>): Promise<void> {
    // The outputs array is given to this one call: a late answer after the time-out must not reach another record.
    const outputs = this.#outputs;
    this.#outputs = [];
    await this.#take({ record, outputs, waiting });
  }

  /** Calls the functions of the following records, as many as may be in flight, and takes in the first; returns the index after the last one called. */
  async #scanAhead(records: readonly KinesisRecord[], from: number): Promise<number> {
    let next = from;
    for (; next < records.length && this.#started.length < this.#pipeline.transformConcurrency; next += 1) {
      const record = records[next] as KinesisRecord;
      const outputs: Output[] = [];
      // What it throws is seen to behind those before it.
      this.#enter(record, startTransform(this.#transform, record, outputs), outputs);
    }
    const first = this.#started.shift();
    if (first !== undefined) {
      this.#taken = next - this.#started.length - 1;
      await this.#take(first);
    }
    return next;
  }

  #enter(record: KinesisRecord, waiting: Promise<void> | undefined, outputs: Output[]): void {
    // Its time begins now, and not when its turn comes. What it rejects with is seen to then, if its turn comes.
    const timed = waiting === undefined ? undefined : this.#inFlight.wait(waiting);
    timed?.catch(() => undefined);
    this.#started.push({ record, outputs, waiting: timed });
  }

  /** The shard stops, or a record before them has failed: they are read again by whoever goes on. */
  #letGo(): void {
    this.#started.length = 0;
    this.#inFlight.cancel();
  }

  async #take({ record, outputs, waiting }: Started<Output>): Promise<void> {
    const { clock } = this.#context;
    let crossed: FlushReason | undefined;
    try {
      const found =
        waiting === undefined
          ? outputs
          : await transformPatiently(
              this.#pipeline,
              this.#context,
              record,
              { waiting, outputs, inFlight: this.#inFlight },
              (others) => startTransform(this.#transform, record, others),
              () => this.#letLand(),
            );
      if (found === undefined) {
        this.#isLeft = true;
        return;
      }
      this.#outputs = found;
      crossed = this.#filling.stage(record, found);
    } catch (thrown) {
      if (thrown instanceof FlushFailed) throw thrown.reason;
      await this.#refuse(record, asError(thrown), clock.monotonicNow());
      return;
    }
    await this.#keep(record, crossed, clock.monotonicNow());
  }

  /** What was read before the record lands meanwhile: an outage may take hours. */
  async #letLand(): Promise<void> {
    try {
      await this.#owner.flush("age");
    } catch (thrown) {
      throw new FlushFailed(thrown);
    }
  }

  /** Takes in a transformed record, behind a flush where it would cross a cap; a promise is returned only when a flush has to be waited for. */
  #keep(record: KinesisRecord, crossed: FlushReason | undefined, nowMs: number): Promise<void> | undefined {
    if (crossed === undefined) return this.#add(record, nowMs);
    return this.#owner.flush(crossed).then(() => this.#add(record, this.#context.clock.monotonicNow()));
  }

  #add(record: KinesisRecord, nowMs: number): Promise<void> | undefined {
    const reason = this.#filling.keep(record, this.#outputs, nowMs);
    // Most records have one output, and taking it off is much cheaper than setting a length.
    this.#outputs.pop();
    if (this.#outputs.length > 0) this.#outputs.length = 0;
    return reason === undefined ? undefined : this.#owner.flush(reason);
  }

  #refuse(record: KinesisRecord, error: Error, nowMs: number): Promise<void> | undefined {
    this.#outputs.length = 0;
    this.#context.abortSignal.throwIfAborted();
    // A mistake in how the pipeline is set up, found out by a record, is no fault of the record.
    if (
      isBroken(error) ||
      hasCode(error, "KC_OPTION_INVALID") ||
      isLookupRefusal(error) ||
      isLookupFailure(error)
    )
      throw error;
    if (this.#pipeline.onPoison === "stop") throw poisonError(this.#context.shardId, record, error);
    const reason = this.#filling.refuse(record, error, nowMs);
    return reason === undefined ? undefined : this.#owner.flush(reason);
  }
}

/** A delivery failed while a record waited for a look-up: no fault of that record. */
class FlushFailed extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super("the batch before the record was not delivered");
    this.reason = reason;
  }
}
