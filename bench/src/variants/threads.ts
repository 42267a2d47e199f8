import { Worker } from "node:worker_threads";
import { memoryLeases, polling, startConnector } from "@kinesis-connectors/consumer";
import { HEAVY_SET } from "../pipelines/heavy-work.js";
import { CREDENTIALS, endpointOf, type Job, REGION, type Variant } from "../rows/variant.js";

// Each thread compiles for itself what is hot in it, on whatever core is free: with one thread that costs it nothing.
const COMPILING_MS = 2_500;

/** Whether threads have been at work for long enough to be measured, from when that is asked for the first time. */
class WarmUp {
  #begunMs: number | undefined;

  get isOver(): boolean {
    this.#begunMs ??= performance.now();
    return performance.now() - this.#begunMs > COMPILING_MS;
  }
}

/** The whole connector, on so many threads; each shard gives five answers a second at most, because the clock of a thread is the machine's. The lease table is in memory. Its pages are counted in the main thread, by its events. */
async function connect(job: Job, threads: number): Promise<void> {
  const connector = await startConnector({
    application: "bench",
    stream: job.stream,
    pipeline: new URL("../pipelines/heavy-pipeline.js", import.meta.url),
    threads,
    retrieval: polling(),
    region: REGION,
    credentials: CREDENTIALS,
    endpoints: { kinesis: endpointOf(job) },
    leaseTable: memoryLeases().connect(),
    leases: { bootstrapJitterMs: 0 },
  });
  const warmUp = new WarmUp();
  for await (const event of connector)
    if (event.type === "page-read" && warmUp.isOver && !job.meter.page(event.records)) break;
  await connector.stop();
  await connector.done;
}

/** The same work on the same documents, in memory, by threads that do nothing else: what a second core can be worth on this machine now. */
async function bare(job: Job, threads: number): Promise<void> {
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL("../pipelines/bare-thread.js", import.meta.url)),
  );
  const warmUp = new WarmUp();
  await new Promise<void>((resolve, reject) => {
    for (const worker of workers) {
      worker.on("error", reject);
      worker.on("message", (records: number) => {
        if (warmUp.isOver && !job.meter.page(records)) resolve();
      });
    }
  });
  await Promise.all(workers.map((worker) => worker.terminate()));
}

const COMMON: Pick<Variant, "section" | "unit" | "sets" | "needsAllCores"> = {
  section: "threads",
  unit: "record",
  sets: [HEAVY_SET],
  needsAllCores: true,
};

const bareThreads = (count: number): Variant => ({
  ...COMMON,
  name: `bare-threads-${count}`,
  label: `bare threads (${count}): parse and write ten times, map, stringify`,
  kind: "limit",
  transports: ["memory"],
  run: (job) => bare(job, count),
});

const connectorOnThreads = (count: number): Variant => ({
  ...COMMON,
  name: `threads-${count}`,
  label: `connector on threads (${count}): parse and write ten times, map, NDJSON`,
  kind: "ours",
  transports: ["clear"],
  run: (job) => connect(job, count),
});

/** Parse-heavy work on worker threads, the limit first. */
export const variants: readonly Variant[] = [...[1, 2].map(bareThreads), ...[1, 2].map(connectorOnThreads)];
