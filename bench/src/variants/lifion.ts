import { createRequire } from "node:module";
import { payloads } from "../data/expected.js";
import { CREDENTIALS, endpointOf, REGION, type Job, type Variant } from "../rows/variant.js";

/** The parts of lifion-kinesis that read one shard, by their names inside the package: it has no types, and exports only the whole. */
interface PollingConsumer {
  readonly start: () => Promise<void>;
  readonly stop: () => void;
}
interface Pushed {
  readonly records: readonly { readonly data: { readonly id: number; readonly note: string } }[];
}
type PollingConsumerClass = new (options: Readonly<Record<string, unknown>>) => PollingConsumer;
type ClientClass = new (options: Readonly<Record<string, unknown>>) => object;
type Deaggregate = (records: readonly object[]) => Promise<readonly { readonly Data: Uint8Array }[]>;

const require = createRequire(import.meta.url);

/** Takes KPL aggregates apart with lifion's copy of aws-kinesis-agg: the second decoder, and the SDK's companion where sets are aggregated. */
export async function deaggregated(
  records: readonly object[],
): Promise<readonly { readonly Data: Uint8Array }[]> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (require("lifion-kinesis/lib/deaggregate") as Deaggregate)(records);
}

/**
 * lifion-kinesis's own loop, over its own client on aws-sdk v2. Stubbed: the store of leases and checkpoints, and the delay between
 * polls, which is 0.
 */
async function consume(job: Job): Promise<void> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const Consumer = require("lifion-kinesis/lib/polling-consumer") as PollingConsumerClass;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const Client = require("lifion-kinesis/lib/kinesis-client") as ClientClass;
  const logger = { debug: ignore, warn: ignore, error: ignore };
  const { Agent } = job.transport === "tls" ? await import("node:https") : await import("node:http");
  const client = new Client({
    awsOptions: {
      endpoint: endpointOf(job),
      region: REGION,
      credentials: CREDENTIALS,
      httpOptions: { agent: new Agent({ keepAlive: true }) },
    },
    logger,
    streamName: job.stream,
  });
  await new Promise<void>((resolve, reject) => {
    const consumer = new Consumer({
      client,
      initialPositionInStream: "TRIM_HORIZON",
      leaseExpiration: new Date(Date.now() + 3_600_000).toISOString(),
      limit: 10_000,
      logger,
      noRecordsPollDelay: 0,
      pollDelay: 0,
      shardId: "shardId-000000000000",
      shouldDeaggregate: false,
      shouldParseJson: true,
      stateStore: { getShardsData: () => Promise.resolve({}), storeShardCheckpoint: () => Promise.resolve() },
      stopConsumer: ignore,
      streamName: job.stream,
      useAutoCheckpoints: false,
      usePausedPolling: false,
      pushToStream: (error: unknown, pushed: Pushed) => {
        if (error !== null) {
          reject(error instanceof Error ? error : new Error("lifion-kinesis failed"));
          return;
        }
        for (const { data } of pushed.records) job.meter.touchValue(data);
        if (job.meter.page(pushed.records.length)) return;
        // After this call returns it sets the timer for the next poll.
        setImmediate(() => {
          consumer.stop();
          resolve();
        });
      },
    });
    consumer.start().catch(reject);
  });
}

function ignore(): void {
  // What it logs is not looked at.
}

export const variants: readonly Variant[] = [
  {
    name: "lifion-parse",
    label: "lifion-kinesis, JSON.parse of each record",
    section: "parsing",
    kind: "peer",
    unit: "record",
    sets: ["uniform"],
    transports: ["clear"],
    expected: payloads,
    run: consume,
  },
];
