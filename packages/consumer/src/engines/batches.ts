import {
  batchesOf,
  type BatchQueue,
  type HandedBatch,
  invalidOption,
  type Pipeline,
} from "@kinesis-connectors/core";
import { isModule, type PipelineModule } from "./pipeline-module.js";

/**
 * The batches that a pipeline hands out, until the connector is done.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`; and while iterating, what ended the connector
 */
export function batchesFrom<Model, Output, Plan, DeadLetterPlan>(
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan> | PipelineModule,
  done: Promise<void>,
): AsyncGenerator<HandedBatch<Output>, void> {
  const queue = isModule(pipeline) ? undefined : batchesOf<Output, Plan>(pipeline.emitter);
  if (queue === undefined)
    throw invalidOption(
      "connector.batches() takes a pipeline of this thread with emitter: handedBatches(), which leaves the batches to whoever calls it",
    );
  // Whoever iterates is told of a failure there.
  done.catch(() => undefined);
  return iterate(queue, done);
}

async function* iterate<Output>(
  queue: BatchQueue<Output>,
  done: Promise<void>,
): AsyncGenerator<HandedBatch<Output>, void> {
  for (let batch = await queue.next(); batch !== undefined; batch = await queue.next()) {
    let isLeft = true;
    try {
      yield batch;
      // It may be committed later, while the batches of other shards are looked at.
      isLeft = false;
    } finally {
      if (isLeft) queue.putBack(batch);
    }
  }
  await done;
}
