import {
  ByteBudget,
  type Checkpointer,
  compareSequenceNumbers,
  type KinesisRecord,
  type Pipeline,
  type Position,
  type PreparedBatch,
  processShard,
  type RecordPage,
  type ShardEvent,
  type ShardOutcome,
  type StartPosition,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";

const MiB = 1024 * 1024;

/** One shard whose records, lease row and events live in memory; what it delivers goes to whatever the pipeline names. */
export class Shard {
  checkpoint: Position | undefined;
  pending: PreparedBatch | undefined;
  readonly events: ShardEvent[] = [];
  readonly #records: readonly KinesisRecord[];
  /** False: the shard stays open and silent after its records. */
  readonly #closed: boolean;
  readonly #recordsPerPage: number;

  constructor(
    records: readonly KinesisRecord[],
    closed: boolean = true,
    recordsPerPage: number = Number.POSITIVE_INFINITY,
  ) {
    this.#records = records;
    this.#closed = closed;
    this.#recordsPerPage = recordsPerPage;
  }

  /** Runs the pipeline from the checkpoint to the shard's end, or until stopped. What `interrupt` throws before a commit ends the run there. */
  async run<Model, Output, Plan, DeadLetterPlan>(
    pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
    signals: { readonly stop?: AbortSignal; readonly interrupt?: () => void } = {},
  ): Promise<ShardOutcome> {
    return processShard(pipeline, {
      application: "archive",
      stream: "clicks",
      shardId: "shardId-000000000003",
      source: {
        open: (start) => ({ next: (signal) => this.#next(start, signal), close: () => Promise.resolve() }),
      },
      checkpointer: this.#checkpointer(signals.interrupt),
      initialPosition: { type: "trim-horizon" },
      clock: systemClock,
      random: systemRandom,
      budget: new ByteBudget(64 * MiB),
      observe: (event) => this.events.push(event),
      stopSignal: signals.stop ?? new AbortController().signal,
      abortSignal: new AbortController().signal,
    });
  }

  #checkpointer(interrupt: () => void = () => undefined): Checkpointer {
    return {
      load: () => Promise.resolve({ checkpoint: this.checkpoint, pending: this.pending }),
      prepare: (batch) => {
        // Through JSON, as through a lease row.
        this.pending = JSON.parse(JSON.stringify(batch)) as PreparedBatch;
        return Promise.resolve();
      },
      commit: async (checkpoint) => {
        await Promise.resolve();
        interrupt();
        this.checkpoint = checkpoint;
        this.pending = undefined;
      },
    };
  }

  /** What is left to read of the records, by where reading began. */
  readonly #left = new WeakMap<StartPosition, readonly KinesisRecord[]>();

  async #next(start: StartPosition, signal: AbortSignal): Promise<RecordPage> {
    const left = this.#left.get(start) ?? this.#recordsFrom(start);
    const records = left.slice(0, this.#recordsPerPage);
    const isRead = this.#left.has(start) && left.length === 0;
    this.#left.set(start, left.slice(records.length));
    if (isRead) return this.#silence(signal);
    const isLast = records.length === left.length;
    const bytes = records.reduce((sum, record) => sum + record.data.length, 0);
    return {
      records,
      bytes,
      millisBehindLatest: isLast ? 0 : 1,
      ...(this.#closed && isLast ? { shardEnd: { childShards: [] } } : {}),
    };
  }

  #recordsFrom(start: StartPosition): readonly KinesisRecord[] {
    return this.#records.filter((record) => {
      if (!("position" in start)) return true;
      const order = compareSequenceNumbers(record.sequenceNumber, start.position.sequenceNumber);
      return start.type === "at" ? order >= 0 : order > 0;
    });
  }

  async #silence(signal: AbortSignal): Promise<RecordPage> {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    return { records: [], bytes: 0, millisBehindLatest: 0 };
  }
}
