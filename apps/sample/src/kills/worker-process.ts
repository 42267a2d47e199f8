import { startConnector } from "@kinesis-connectors/consumer";
import type { Pipeline } from "@kinesis-connectors/core";
import type { Local } from "../deliver.js";

/** What a worker process is started with: how it reaches the AWS of the sample, and what its pipeline is made of. */
export interface WorkerSetup<Setup> {
  readonly application: string;
  readonly failoverTimeMs: number;
  readonly local: Omit<Local, "signal">;
  readonly setup: Setup;
}

/** What a worker process tells of its shards. */
export interface WorkerMessage {
  readonly type: "shard-start" | "page-read" | "batch-start" | "batch-emit" | "checkpoint-commit";
  readonly shardId: string;
  /** Up to where the shard is done; undefined where nothing is, and of events that do not say. */
  readonly committed: string | undefined;
  /** Whether a batch was committed that an earlier worker had begun. */
  readonly isInherited: boolean;
}

/** Runs a connector in a process that `deliverThroughKills` has started, until SIGTERM. What the pipeline is made of comes as JSON: its type is the caller's word. */
export async function runWorkerProcess<Model, Output, Plan, DeadLetterPlan>(
  pipelineOf: (setup: never) => Pipeline<Model, Output, Plan, DeadLetterPlan>,
): Promise<void> {
  const { application, failoverTimeMs, local, setup } = JSON.parse(
    process.argv[2] ?? "",
  ) as WorkerSetup<never>;
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  const connector = await startConnector({
    ...local,
    application,
    leases: { failoverTimeMs },
    pipeline: pipelineOf(setup),
    signal: stop.signal,
  });
  const tell = (message: WorkerMessage): unknown => process.send?.(message);
  for await (const event of connector) {
    const { type } = event;
    if (type === "shard-start") {
      tell({ type, shardId: event.shardId, committed: event.checkpoint?.sequenceNumber, isInherited: false });
    } else if (type === "checkpoint-commit") {
      const { sequenceNumber } = event.checkpoint;
      tell({ type, shardId: event.shardId, committed: sequenceNumber, isInherited: event.inherited });
    } else if (type === "page-read" || type === "batch-start" || type === "batch-emit") {
      tell({ type, shardId: event.shardId, committed: undefined, isInherited: false });
    }
  }
  await connector.done;
  process.disconnect?.();
}
