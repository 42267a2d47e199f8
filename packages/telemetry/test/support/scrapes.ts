import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, KinesisConnectorError, sleep, systemClock, text } from "@kinesis-connectors/core";

import { type Metrics, metricsTally, prometheusText } from "../../src/index.js";
import { APPLICATION, startRealRun, STREAM } from "./real-run.js";

/** What Prometheus scrapes of a connector: while it runs, after it has stopped, and of one whose shard failed for good. */
export async function scrapes(): Promise<readonly string[]> {
  const metrics = metricsTally({ application: APPLICATION });
  await using run = await startRealRun({ metrics });
  run.aws.faults.add({
    server: "kinesis",
    operation: "GetRecords",
    times: 2,
    effect: { kind: "error", status: 400, code: "ProvisionedThroughputExceededException" },
  });
  await run.settled();
  metrics.countDropped("sse", 3);
  const outage = run.aws.faults.add({
    server: "dynamodb",
    operation: "Scan",
    times: "always",
    effect: { kind: "error", status: 500, code: "InternalServerError" },
  });
  // A moment at which everything is there that comes and goes.
  let running = prometheusText(metrics);
  while (!/delivery_lag_seconds\{/.test(running) || !/lease_retries_total\{/.test(running)) {
    await Promise.race([run.connector.done, sleep(systemClock, 50)]);
    running = prometheusText(metrics);
  }
  run.aws.faults.remove(outage);
  const failed = metricsTally({ application: "refused" });
  await fail(run.aws, failed);
  await run.connector.stop();
  return [running, prometheusText(metrics), prometheusText([metrics, failed])];
}

async function fail(aws: Awaited<ReturnType<typeof startRealRun>>["aws"], metrics: Metrics): Promise<void> {
  const { region, credentials } = aws.clientOptions("kinesis");
  const connector = await startConnector({
    application: "refused",
    stream: STREAM,
    pipeline: definePipeline({
      transformer: text(),
      buffer: { maxAgeMs: 100 },
      emitter: {
        capabilities: { duplicates: "possible", ordering: "none" },
        emit: () => Promise.reject(new KinesisConnectorError("KC_EMIT_REFUSED", "no such table")),
      },
    }),
    region,
    credentials,
    endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
    leases: { bootstrapJitterMs: 0, failoverTimeMs: 30_000, takePeriodMs: 100 },
    retrieval: { type: "polling", idlePollMs: 200, maxRecordsPerRead: 1_000 },
    observe: metrics.observe,
  });
  metrics.attach(connector);
  await connector.done.catch(() => undefined);
}
