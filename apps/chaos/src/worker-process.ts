import { definePipeline, json } from "@kinesis-connectors/core";
import { fanOut, polling, startConnector } from "@kinesis-connectors/consumer";
import { ndjson, s3Emitter } from "@kinesis-connectors/s3";
import type { ChaosRecord, LandedRecord, WorkerSetup } from "./protocol.js";

/**
 * One worker of the fleet, a process of its own: archives the stream to S3 with small batches, so that many steps of the protocol are
 * under way whenever something goes wrong. Tells its parent what happens to its shards.
 */
const setup = JSON.parse(process.argv[2] ?? "") as WorkerSetup;
const { stream, bucket, application, failoverTimeMs, endpoints, s3, retrieval } = setup;

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

try {
  await work();
} catch (thrown) {
  // Told to stop while still starting: nothing has begun, so there is nothing to finish.
  if (thrown !== stop.signal.reason) throw thrown;
}
process.disconnect?.();

async function work(): Promise<void> {
  const connector = await startConnector({
    application,
    stream,
    endpoints,
    region: s3.region,
    credentials: s3.credentials,
    retrieval: retrieval === "fan-out" ? fanOut({ consumerName: application }) : polling({ idlePollMs: 250 }),
    leases: { failoverTimeMs, maxLeasesToSteal: 2 },
    pipeline: definePipeline({
      transformer: json<ChaosRecord>().to((model, record): LandedRecord => {
        const { sequenceNumber, subSequenceNumber } = record;
        return { ...model, sequenceNumber, subSequenceNumber };
      }),
      buffer: { maxRecords: 40, maxBytes: 64 * 1024, maxAgeMs: 700 },
      emitter: s3Emitter({ ...s3, bucket, format: ndjson(), requestTimeoutMs: 5_000 }),
      retry: { baseDelayMs: 50, maxDelayMs: 1_000 },
    }),
    signal: stop.signal,
  });

  for await (const event of connector) {
    if (event.type === "shard-start" || event.type === "shard-stop" || event.type === "shard-end") {
      process.send?.({ type: event.type, shardId: event.shardId });
    } else if (event.type === "checkpoint-commit") {
      process.send?.({
        type: event.type,
        shardId: event.shardId,
        sequenceNumber: event.checkpoint.sequenceNumber,
      });
    }
  }
  await connector.done;
}
