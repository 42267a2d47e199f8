import {
  type ReadingsRunOptions,
  type ReadingsRunResult,
  type Running,
  runReadings,
} from "@kinesis-connectors/app-sample";
import { startLocalAws } from "@kinesis-connectors/local";
import { readingsPipeline, type Target } from "./pipeline.js";

const TARGET = "readings";

/** Puts readings into a stream on loopback while a connector takes those that are warm into the delivery stream, and compares. */
export async function run(options: ReadingsRunOptions, running?: Running): Promise<ReadingsRunResult> {
  await using aws = await startLocalAws({
    limits: "off",
    s3: false,
    opensearch: false,
    firehose: { deliveryStreams: [TARGET] },
    seed: options.seed,
  });
  const target: Target = { ...aws.clientOptions("firehose"), deliveryStream: TARGET };
  return await runReadings(
    aws,
    options,
    {
      application: "copy-to-firehose",
      target,
      pipeline: readingsPipeline,
      worker: new URL("worker.js", import.meta.url),
      request: { server: "firehose", operation: "PutRecordBatch" },
      landed: () => aws.firehose.records(TARGET).map((data) => data.toString()),
    },
    running,
  );
}
