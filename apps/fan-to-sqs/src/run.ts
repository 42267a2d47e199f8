import {
  type ReadingsRunOptions,
  type ReadingsRunResult,
  type Running,
  runReadings,
} from "@kinesis-connectors/app-sample";
import { startLocalAws } from "@kinesis-connectors/local";
import { readingsPipeline, type Target } from "./pipeline.js";

const TARGET = "readings.fifo";

/** Puts readings into a stream on loopback while a connector takes those that are warm into the queue, and compares. */
export async function run(options: ReadingsRunOptions, running?: Running): Promise<ReadingsRunResult> {
  await using aws = await startLocalAws({
    limits: "off",
    s3: false,
    opensearch: false,
    sqs: {},
    seed: options.seed,
  });
  const target: Target = { ...aws.clientOptions("sqs"), queueUrl: aws.sqs.createQueue(TARGET) };
  return await runReadings(
    aws,
    options,
    {
      application: "fan-to-sqs",
      target,
      pipeline: readingsPipeline,
      worker: new URL("worker.js", import.meta.url),
      request: { server: "sqs", operation: "SendMessageBatch" },
      landed: () => aws.sqs.messages(TARGET).map(({ body }) => body),
    },
    running,
  );
}
