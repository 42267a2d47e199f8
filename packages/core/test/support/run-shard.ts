import {
  ByteBudget,
  type Checkpointer,
  type Pipeline,
  processShard,
  type Random,
  type ShardContext,
  type ShardEvent,
  type ShardOutcome,
  type ShardSource,
} from "../../src/index.js";
import { SeededRandom } from "./seeded-random.js";
import type { VirtualClock } from "./virtual-clock.js";

const SHARD_ID = "shardId-000000000000";

export interface RunOptions {
  readonly clock: VirtualClock;
  readonly source: ShardSource;
  readonly checkpointer: Checkpointer;
  readonly budget?: ByteBudget;
  readonly random?: Random;
  readonly stopSignal?: AbortSignal;
  readonly abortSignal?: AbortSignal;
  readonly onRetentionGap?: "stop" | "continue";
  readonly shardId?: string;
}

/** The engine of one shard under way. */
export interface RunningShard {
  readonly done: Promise<ShardOutcome>;
  readonly events: readonly ShardEvent[];
  readonly budget: ByteBudget;
  readonly stop: () => void;
  readonly abort: (reason: Error) => void;
  /** The events of one type, in order. */
  readonly eventsOf: <Type extends ShardEvent["type"]>(type: Type) => Extract<ShardEvent, { type: Type }>[];
}

/** Starts the engine of one shard over simulated services. */
export function runShard<Model, Output, Plan, DeadLetterPlan>(
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
  options: RunOptions,
): RunningShard {
  const stopping = new AbortController();
  const aborting = new AbortController();
  const events: ShardEvent[] = [];
  const budget = options.budget ?? new ByteBudget(64 * 1024 * 1024);
  const context: ShardContext = {
    application: "application",
    stream: "stream",
    shardId: SHARD_ID,
    initialPosition: { type: "trim-horizon" },
    random: new SeededRandom(1),
    stopSignal: stopping.signal,
    abortSignal: aborting.signal,
    ...options,
    budget,
    observe: (event) => events.push(event),
  };
  const done = processShard(pipeline, context);
  // A test looks at it when it comes to it; until then a failure is nobody's.
  done.catch(() => undefined);
  return {
    done,
    events,
    budget,
    stop: () => stopping.abort(),
    abort: (reason) => aborting.abort(reason),
    eventsOf: (type) =>
      events.filter((event): event is Extract<ShardEvent, { type: typeof type }> => event.type === type),
  };
}
