import {
  ByteBudget,
  Closing,
  type Logger,
  type Pipeline,
  processShard,
  type ShardOutcome,
  type ShardSource,
} from "@kinesis-connectors/core";

import type { KinesisAccess } from "../kinesis/kinesis-access.js";
import type { KinesisApi } from "../kinesis/kinesis-api.js";
import type { ReaderContext } from "../reading/reader-context.js";
import type { EngineRun, ShardEngines } from "./shard-engines.js";
import { shardSources, type SourceSettings, type StreamFacts } from "../reading/shard-sources.js";

/** Options of engines in this thread. */
export interface EnginesHereOptions<Model, Output, Plan, DeadLetterPlan> extends SourceSettings {
  readonly pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>;
  readonly maxReadAheadBytes: number;
  readonly onRetentionGap: "stop" | "continue";
  readonly logger: Logger;
}

interface Opened {
  readonly api: KinesisApi;
  readonly retentionMs: number;
  readonly sourceOf: (context: ReaderContext) => ShardSource;
}

/** Engines in this thread: one pipeline, one budget, one client. */
export class EnginesHere<Model, Output, Plan, DeadLetterPlan> implements ShardEngines {
  readonly logger: Logger;
  readonly broken: AbortSignal = new AbortController().signal;
  readonly #options: EnginesHereOptions<Model, Output, Plan, DeadLetterPlan>;
  readonly #budget: ByteBudget;
  readonly #closing: Closing;
  #opened: Opened | undefined;

  constructor(options: EnginesHereOptions<Model, Output, Plan, DeadLetterPlan>) {
    this.#options = options;
    this.#closing = new Closing(options.clock);
    this.#budget = new ByteBudget(options.maxReadAheadBytes);
    this.logger = options.logger;
  }

  get readAheadBytes(): number {
    return this.#budget.usedBytes;
  }

  async open({ api }: KinesisAccess, facts: StreamFacts, signal: AbortSignal): Promise<void> {
    const { pipeline, logger } = this.#options;
    const sourceOf = shardSources(this.#options, api, facts);
    this.#opened = { api, retentionMs: facts.retentionMs, sourceOf };
    for (const name of ["emitter", "deadLetters"] as const) {
      const emitter = pipeline[name];
      if (emitter === undefined) continue;
      this.#closing.addForeign(`the pipeline's ${name}`, async () => await emitter.close?.());
      await emitter.open?.({ signal, logger });
    }
  }

  async run(run: EngineRun): Promise<ShardOutcome> {
    if (this.#opened === undefined) throw new Error("engines run after they were opened");
    const { pipeline, application, stream, clock, random, onRetentionGap, logger } = this.#options;
    const { api, retentionMs, sourceOf } = this.#opened;
    const { shardId, range, readThroughMs, observe, onReadThrough } = run;
    const source = sourceOf({
      api,
      stream,
      shardId,
      range,
      clock,
      random,
      observe,
      readThroughMs,
      retentionMs,
      onReadThrough,
    });
    return await processShard(pipeline, {
      application,
      stream,
      shardId,
      source,
      checkpointer: run.checkpointer,
      initialPosition: run.initialPosition,
      clock,
      random,
      logger,
      budget: this.#budget,
      observe,
      stopSignal: run.stopSignal,
      abortSignal: run.abortSignal,
      onRetentionGap,
    });
  }

  async close(limitMs: number): Promise<void> {
    const failure = await this.#closing.close(limitMs);
    if (failure !== undefined) throw failure;
  }
}
