import { recordCount, type Running, runSample, toggle, wholeNumber } from "@kinesis-connectors/app-sample";
import { startLocalAws } from "@kinesis-connectors/local";
import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { ManyShardsSetup, ManyShardsStats } from "./many-shards-protocol.js";

const USAGE = `npm run many-shards -- [--shards N] [--workers N] [--seconds N] [--records N] [--json]
Several worker processes share very many shards on loopback: waits until they are balanced within one lease, prints what an idle shard
costs, then puts records into every shard and waits until all have landed.`;

const STREAM = "many";
const BUCKET = "many-archive";
const BALANCE_TIMEOUT_MS = 300_000;
const DELIVERY_TIMEOUT_MS = 300_000;
/** The local DynamoDB takes milliseconds for a write, so a thousand leases are renewed less often than by default. */
const FAILOVER_TIME_MS = 30_000;
const IDLE_POLL_MS = 5_000;

await runSample("many-shards", {
  usage: USAGE,
  flags: {
    json: toggle,
    shards: wholeNumber(1_000, { max: 10_000 }),
    workers: wholeNumber(4, { max: 64 }),
    seconds: wholeNumber(20, { max: 86_400 }),
    records: recordCount(20_000),
  },
  run: async (flags, running) => {
    const result = await measure(flags, running);
    return {
      lines: Object.entries(result).map(([name, value]) => [name, JSON.stringify(value)] as const),
      isRight: result.lost === 0 && result.leasesPerWorkerMax - result.leasesPerWorkerMin <= 1,
      says: ["balanced, and everything landed", "THE SHARDS ARE NOT BALANCED, OR RECORDS ARE LOST"],
      result,
    };
  },
});

/** What is measured. */
interface ManyShards {
  readonly shards: number;
  readonly workers: number;
  readonly seconds: number;
  readonly records: number;
}

async function measure({ shards, workers, seconds, records }: ManyShards, { signal, progress }: Running) {
  await using aws = await startLocalAws({ limits: "off", s3: { buckets: [BUCKET] } });
  aws.kinesis.createStream({ name: STREAM, shardCount: shards });
  const setup: ManyShardsSetup = {
    stream: STREAM,
    bucket: BUCKET,
    application: "many-shards",
    failoverTimeMs: FAILOVER_TIME_MS,
    idlePollMs: IDLE_POLL_MS,
    endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
    s3: aws.clientOptions("s3"),
  };
  const script = fileURLToPath(new URL("many-shards-worker.js", import.meta.url));
  const children = Array.from({ length: workers }, () =>
    fork(script, [JSON.stringify(setup)], { stdio: ["ignore", "ignore", "inherit", "ipc"] }),
  );
  let doing = "starting workers";
  using _watched = progress.watch(() => ({ share: undefined, text: doing }));
  try {
    const startMs = performance.now();
    const balanced = await untilBalanced(children, shards, startMs, signal, (counts) => {
      doing = `leases per worker: ${counts.join(" ")}`;
    });
    const balanceSeconds = (performance.now() - startMs) / 1000;
    const before = await ask(children);
    await wait(seconds * 1000, undefined, { signal });
    const idle = await ask(children);
    const idleCpu = sum(idle, "cpuSeconds") - sum(before, "cpuSeconds");

    const busyMs = performance.now();
    for (let put = 0; put < records; put += 500) {
      const count = Math.min(500, records - put);
      aws.kinesis.putRecords(
        STREAM,
        Array.from({ length: count }, (_, index) => ({
          partitionKey: `key-${put + index}`,
          data: `{"id":${put + index}}`,
        })),
      );
    }
    let emitted = 0;
    while (emitted < records && performance.now() - busyMs < DELIVERY_TIMEOUT_MS) {
      await wait(500, undefined, { signal });
      emitted = sum(await ask(children), "recordsEmitted");
      doing = `${emitted} of ${records} records landed`;
    }
    const busySeconds = (performance.now() - busyMs) / 1000;
    const counts = balanced.map((worker) => worker.shards);
    return {
      shards,
      workers,
      leasesPerWorkerMin: Math.min(...counts),
      leasesPerWorkerMax: Math.max(...counts),
      balanceSeconds: round(balanceSeconds),
      idleCpuMsPerShardAndSecond: round((idleCpu * 1000) / shards / seconds),
      idleRssMiBPerWorker: idle.map((worker) => Math.round(worker.rssMiB)),
      busyRecords: records,
      busySeconds: round(busySeconds),
      lost: records - emitted,
    };
  } finally {
    for (const child of children) child.kill("SIGTERM");
    await Promise.all(
      children.map(
        (child) =>
          new Promise<void>((resolve) =>
            child.exitCode === null ? child.once("exit", () => resolve()) : resolve(),
          ),
      ),
    );
  }
}

async function untilBalanced(
  children: readonly ChildProcess[],
  shards: number,
  startMs: number,
  signal: AbortSignal,
  tell: (leasesPerWorker: readonly number[]) => void,
): Promise<readonly ManyShardsStats[]> {
  for (;;) {
    await wait(1_000, undefined, { signal });
    const stats = await ask(children);
    const counts = stats.map((worker) => worker.shards);
    if (sum(stats, "shards") === shards && Math.max(...counts) - Math.min(...counts) <= 1) return stats;
    tell(counts);
    if (performance.now() - startMs > BALANCE_TIMEOUT_MS)
      throw new Error(`not balanced after ${BALANCE_TIMEOUT_MS / 1000} s: ${counts.join(" ")}`);
  }
}

function ask(children: readonly ChildProcess[]): Promise<readonly ManyShardsStats[]> {
  return Promise.all(
    children.map(
      (child) =>
        new Promise<ManyShardsStats>((resolve, reject) => {
          const ended = (): void => reject(new Error(`a worker ended with ${child.exitCode}`));
          child.once("exit", ended);
          child.once("message", (message) => {
            child.off("exit", ended);
            resolve(message as ManyShardsStats);
          });
          child.send("stats");
        }),
    ),
  );
}

function sum(stats: readonly ManyShardsStats[], figure: keyof ManyShardsStats): number {
  return stats.reduce((total, worker) => total + worker[figure], 0);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
