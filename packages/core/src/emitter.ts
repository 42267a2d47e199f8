import type { Batch, BufferEntry } from "./batch.js";
import type { Batching } from "./batching.js";
import type { BatchWriterContext, BatchWriter } from "./batch-writer.js";
import type { KinesisRecord } from "./record.js";
import type { Logger } from "./logger.js";
import type { Clock, Random } from "./clock.js";

/** A value that survives JSON: what a plan is made of, because it is stored in the lease row. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** Promises of an emitter about its destination. */
export interface EmitterCapabilities {
  /** `none`: emitting the same planned batch again leaves the destination as it was. */
  readonly duplicates: "none" | "possible";
  /** The order of the stream that is kept: of the whole shard, of each partition key, or none. */
  readonly ordering: "shard" | "partition-key" | "none";
}

/** An entry that a request could not write, and what should become of it. */
export interface FailedEntry<Output> {
  /** The object out of `batch.entries` itself, not a copy of it. */
  readonly entry: BufferEntry<Output>;
  /** `retry`: the destination may take it later (throttled). `dead-letter`: it never will (rejected). */
  readonly action: "retry" | "dead-letter";
  readonly error: Error;
  /**
   * With `retry`: the entry was not tried, because it waits behind one that failed. It does not become a dead letter with that one, but has its turn after it.
   * Default false.
   */
  readonly isBehind?: boolean;
}

/** The result of an emission. Entries that it does not name have been written. */
export interface EmitResult<Output> {
  readonly failed: readonly FailedEntry<Output>[];
}

/** Everything that an emitter is given beside the batch. */
export interface EmitContext<Plan> {
  /** The plan of this batch, as `plan` returned it, perhaps in another process some time ago. */
  readonly plan: Plan;
  /** 1 for the first try of this batch in this process. */
  readonly attempt: number;
  /** True when the batch was prepared by an earlier owner of the shard: what it was planned to write may be there already. */
  readonly inherited: boolean;
  /** Aborted when the shard is lost or the deadline of a stop has passed. Settle promptly then. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Writes batches to a destination. The engine calls `emit` for one batch per shard at a time, and several shards at once; it splits
 * nothing, so an emitter splits by its service's limits. It calls again with the entries that came back as `retry`, after a back-off.
 *
 * An `emit` that rejects means that nothing is known about the whole request: it is tried again with the same entries. A rejection
 * with the code `KC_EMIT_REFUSED` or `KC_PLACE_TAKEN` stops the shard instead.
 *
 * An emitter with a plan names what it will never take (`dead-letter`) before it writes anything: the engine then plans the batch anew
 * without those entries, and calls again.
 */
export interface Emitter<Output, Plan = undefined> {
  readonly capabilities: EmitterCapabilities;
  /**
   * The service that its requests go to, and nothing else of it does: `s3`. `kinesis-connectors estimate` measures an emitter with its requests where it knows
   * the service and has a server that stands in for it, and leaves the requests of all others out. Default: unknown.
   */
  readonly destination?: string;
  /** The size of an output in bytes, counted as the destination counts it. Default: the size of the record it came from. */
  readonly sizeOf?: (output: Output, record: KinesisRecord) => number;
  /** Partitions and sizes that batches should have. Default: the thresholds of the buffer alone. */
  readonly batching?: Batching<Output>;
  /**
   * Creates the batch writer of a shard, which takes outputs in as they come; called once per shard. Its batches come to `plan` and `emit` with
   * `encoded` and without entries; a batch that the next owner built again, and those of a pipeline with a buffer of its own, still come with
   * entries. Of an encoded batch `emit` names no failed entry: it settles with none, or rejects. Default: outputs wait as they are.
   */
  readonly createWriter?: (context: BatchWriterContext) => BatchWriter<Output>;
  /**
   * Names where the batch will go. Pure and quick: no I/O, no clock, no randomness. It is stored in the lease row before the first write,
   * and whoever finishes the batch follows it. Emitters whose writes are idempotent by record have no plan.
   */
  readonly plan?: (batch: Batch<Output>) => Plan;
  /**
   * The number of objects (or rows) that a plan names. Where it may be more than one, the engine stores the outcome of each record read with the
   * batch, so that the entries of the next owner are the planned ones, one by one, whatever its filter says by then. Default: 1.
   */
  readonly objectCount?: (plan: Plan) => number;
  /** Keeps long plans out of the lease row. Default: plans of any size go into it. */
  readonly spill?: PlanSpill<Plan>;
  /**
   * An inherited plan without the entries that are not in `kept`: they were named as `dead-letter` before anything was written. Pure. The entries that
   * are kept stay in their objects. Needed by emitters with `objectCount`. Default: the plan stays as it is.
   */
  readonly planWithout?: (plan: Plan, batch: Batch<Output>, kept: ReadonlySet<BufferEntry<Output>>) => Plan;
  /** Whether everything that a plan names is written already; asked by the next owner of a prepared batch before it reads anything again. */
  readonly isWritten?: (batch: PlannedRange, context: EmitContext<Plan>) => Promise<boolean>;
  /**
   * What would be twice at the destination, or worse than before, if another application ran records of a stream through this emitter that may have come to it
   * already: a phrase that names an example, for an error (`batches of "clicks" that another application wrote, such as archive/...`). Undefined: nothing,
   * because what lands goes by the record or its key, or nothing of the stream is there. Asked once by a replay before its first record, after `open`.
   * Default: it is not known, and a replay wants to be told that the place is another one.
   */
  readonly wouldDouble?: (again: ReplayedStream, context: OpenContext) => Promise<string | undefined>;
  readonly emit: (batch: Batch<Output>, context: EmitContext<Plan>) => Promise<EmitResult<Output>>;
  /**
   * Called around what the engine itself does with a batch of this emitter: `prepare` stores its range and plan, `commit` moves the checkpoint to its
   * end. For emitters that wrap another one to measure or trace it: call `run` once, and settle when it does. The engine waits for both, and what counts is how
   * `run` settles. Default: the step runs as it is.
   */
  readonly around?: (
    step: BatchStep,
    batch: Batch<Output> | PlannedRange,
    run: () => Promise<void>,
  ) => Promise<void>;
  /** Called once, before the first shard starts: fail here with a clear error when the destination cannot work. */
  readonly open?: (context: OpenContext) => Promise<void>;
  /** Called once, after the last shard ended. May be called twice; the second time does nothing. */
  readonly close?: () => Promise<void>;
}

/** What an emitter is given before there are batches. */
export interface OpenContext {
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** A stream whose records come again, and who brings them. */
export interface ReplayedStream {
  /** The application that brings them: what it wrote itself in an earlier run is not twice. */
  readonly application: string;
  readonly stream: string;
  /**
   * Whether the records have the positions and times that they had in the stream. Archives of most formats keep neither, and their records are called otherwise: what
   * names outputs by position takes them for others.
   */
  readonly keepsPositions: boolean;
}

/** What the engine itself does with a batch: `prepare` before the first `emit`, `commit` after everything is written. */
export type BatchStep = "prepare" | "commit";

/** Storage for plans that are too long for the lease row, which holds 400 KB in all (DynamoDB, "Constraints"). */
export interface PlanSpill<Plan> {
  /**
   * Stores `context.plan`, whose JSON is longer than 32 KiB, and returns a short plan that leads to it. Called before the batch is prepared, so that the
   * lease row never leads to something missing; may be called again for the same plan.
   */
  readonly store: (batch: PlannedRange, context: EmitContext<Plan>) => Promise<Plan>;
  /** Gives back the whole plan of what `store` returned, and any other as it is. Called by the next owner, before everything else. */
  readonly load: (batch: PlannedRange, context: EmitContext<Plan>) => Promise<Plan>;
}

/** A prepared batch, as it is known before its records have been read again. */
export type PlannedRange = Pick<
  Batch<never>,
  "batchId" | "application" | "stream" | "shardId" | "first" | "last" | "recordCount"
>;
