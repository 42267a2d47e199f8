import {
  ByteBudget,
  type KinesisRecord,
  type Pipeline,
  processShard,
  type ShardEvent,
  type ShardOutcome,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import { memoryCheckpointer, simulatedShard } from "@kinesis-connectors/testkit";

/** Runs records through a pipeline as one shard that ends after them, on the machine's clock: what is decompressed in the thread pool takes real time. */
export async function runShard<Model, Output, Plan, DeadLetterPlan>(
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
  records: readonly KinesisRecord[],
): Promise<{ readonly outcome: ShardOutcome; readonly filtered: number }> {
  const shard = simulatedShard(records, { clock: systemClock });
  shard.close();
  const events: ShardEvent[] = [];
  const outcome = await processShard(pipeline, {
    application: "test",
    stream: "test",
    shardId: "shardId-000000000000",
    source: shard,
    checkpointer: memoryCheckpointer(),
    initialPosition: { type: "trim-horizon" },
    clock: systemClock,
    random: systemRandom,
    budget: new ByteBudget(256 * 1024 * 1024),
    observe: (event) => events.push(event),
    stopSignal: new AbortController().signal,
    abortSignal: new AbortController().signal,
  });
  let filtered = 0;
  for (const event of events) if (event.type === "checkpoint-commit") filtered += event.filtered;
  return { outcome, filtered };
}
