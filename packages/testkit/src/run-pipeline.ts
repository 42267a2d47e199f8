import {
  asError,
  type BufferEntry,
  ByteBudget,
  type DeadLetter,
  type Emitter,
  type FailedEntry,
  type KinesisRecord,
  MiB,
  type Pipeline,
  type Position,
  processShard,
  type ShardEvent,
  checkOptions,
  type OptionNames,
} from "@kinesis-connectors/core";
import { memoryCheckpointer } from "./memory-checkpointer.js";
import { seededRandom } from "./seeded-random.js";
import { simulatedShard } from "./simulated-shard.js";
import { virtualClock } from "./virtual-clock.js";

/** Options of `runPipeline`. */
export interface RunPipelineOptions<Output> {
  /** Records that arrive together. Default 10. */
  readonly pageRecords?: number;
  /** Milliseconds of virtual time between two arrivals, to see a buffer flush by age. Default 0. */
  readonly pageMs?: number;
  /** Names the outputs that the destination does not take: asked for each output at each try; undefined lets it pass. Default: takes all. */
  readonly refuse?: (output: Output, attempt: number) => FailedEntry<Output>["action"] | undefined;
  /** Seed of the back-off's randomness. Default 1. */
  readonly seed?: number;
}

/** The result of a run. */
export interface PipelineRun<Output> {
  /** Everything that was emitted, in order. */
  readonly outputs: readonly Output[];
  /** The outputs batch by batch, as the destination was given them. */
  readonly batches: readonly (readonly Output[])[];
  readonly deadLetters: readonly DeadLetter[];
  /** Each checkpoint that was committed, in order. */
  readonly checkpoints: readonly Position[];
  /** Events of the engine, in order. */
  readonly events: readonly ShardEvent[];
  /** The error that stopped the shard before its end, such as a record that cannot be decoded in a pipeline without dead letters. */
  readonly failure: Error | undefined;
}

const NAMES: OptionNames<RunPipelineOptions<unknown>> = {
  pageRecords: true,
  pageMs: true,
  refuse: true,
  seed: true,
};

/**
 * Feeds records through a pipeline's own transformer, filter and buffer and through the real engine, in virtual time, as one shard that is
 * closed after them. The pipeline's emitter and dead letters are replaced by memory, so nothing leaves the process; the
 * emitter's way of counting bytes is kept.
 *
 * @example
 * ```ts
 * const run = await runPipeline(orders, recordsOf(['{"total":1}', '{"total":0}']));
 * expect(run.outputs).toEqual([{ total: 1 }]);
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export async function runPipeline<Model, Output, Plan, DeadLetterPlan>(
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
  records: readonly KinesisRecord[],
  options: RunPipelineOptions<Output> = {},
): Promise<PipelineRun<Output>> {
  checkOptions("runPipeline", options, NAMES);
  const { pageRecords = 10, pageMs = 0, refuse = () => undefined, seed = 1 } = options;
  const clock = virtualClock();
  const shard = simulatedShard(records, { clock, pageRecords, pageMs });
  shard.close();
  const checkpointer = memoryCheckpointer();
  const batches: Output[][] = [];
  const letters: DeadLetter[][] = [];
  const events: ShardEvent[] = [];
  const { sizeOf, batching } = pipeline.emitter;
  const done = processShard<Model, Output, undefined, undefined>(
    {
      ...pipeline,
      emitter: { ...memoryEmitter(batches, refuse, sizeOf), ...(batching === undefined ? {} : { batching }) },
      deadLetters: pipeline.deadLetters === undefined ? undefined : memoryEmitter(letters, () => undefined),
    },
    {
      application: "test",
      stream: "test",
      shardId: "shardId-000000000000",
      source: shard,
      checkpointer,
      initialPosition: { type: "trim-horizon" },
      clock,
      random: seededRandom(seed),
      budget: new ByteBudget(256 * MiB),
      observe: (event) => events.push(event),
      stopSignal: new AbortController().signal,
      abortSignal: new AbortController().signal,
    },
  );
  let failure: Error | undefined;
  try {
    await clock.run(done);
  } catch (thrown) {
    failure = asError(thrown);
  }
  return {
    outputs: batches.flat(),
    batches,
    deadLetters: letters.flat(),
    checkpoints: checkpointer.checkpoints,
    events,
    failure,
  };
}

function memoryEmitter<Output>(
  batches: Output[][],
  refuse: (output: Output, attempt: number) => FailedEntry<Output>["action"] | undefined,
  sizeOf?: Emitter<Output>["sizeOf"],
): Emitter<Output> {
  return {
    capabilities: { duplicates: "none", ordering: "shard" },
    ...(sizeOf === undefined ? {} : { sizeOf }),
    emit: ({ entries }, { attempt }) => {
      const failed: FailedEntry<Output>[] = [];
      const written: Output[] = [];
      for (const entry of entries) {
        const action = refuse(entry.output, attempt);
        if (action === undefined) written.push(entry.output);
        else failed.push({ entry, action, error: refusal(entry, action) });
      }
      if (written.length > 0) batches.push(written);
      return Promise.resolve({ failed });
    },
  };
}

function refusal<Output>({ record }: BufferEntry<Output>, action: FailedEntry<Output>["action"]): Error {
  const error = new Error(`the output of record ${record.sequenceNumber} was refused (${action})`);
  error.name = action === "retry" ? "Throttled" : "Refused";
  return error;
}
