import { fanOut, polling, startConnector } from "@kinesis-connectors/consumer";
import { archiveModule, archivePipeline } from "./archive.js";
import { leaseTableOf } from "./lease-store.js";
import type { WorkerSetup } from "./protocol.js";

/**
 * One worker of the fleet, a process of its own: archives the stream to S3, in worker threads where it is told to. Tells its parent what happens to its shards.
 */
const setup = JSON.parse(process.argv[2] ?? "") as WorkerSetup;
const { stream, application, failoverTimeMs, endpoints, s3, retrieval, threads, leaseStore, leasesMode } =
  setup;

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
  const options = {
    application,
    stream,
    endpoints,
    region: s3.region,
    credentials: s3.credentials,
    retrieval: retrieval === "fan-out" ? fanOut({ consumerName: application }) : polling({ idlePollMs: 250 }),
    leases: { failoverTimeMs, maxLeasesToSteal: 2, mode: leasesMode },
    ...(leaseStore === undefined ? {} : { leaseTable: leaseTableOf(leaseStore, failoverTimeMs) }),
    signal: stop.signal,
  };
  const connector = await (threads === 0
    ? startConnector({ ...options, pipeline: archivePipeline(setup) })
    : startConnector({ ...options, pipeline: archiveModule(setup), threads }));

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
