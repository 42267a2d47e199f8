import {
  GetRecordsCommand,
  KinesisClient,
  type KinesisClientConfig,
  SubscribeToShardCommand,
} from "@aws-sdk/client-kinesis";
import { kinesisProtocol } from "@kinesis-connectors/wire/protocol";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { payloads } from "../data/expected.js";
import type { Meter } from "../rows/meter.js";
import { CREDENTIALS, endpointOf, type Job, REGION, type Variant } from "../rows/variant.js";
import { iteratorOf } from "../servers/answers.js";
import { deaggregated } from "./lifion.js";

const READING: Pick<Variant, "section" | "kind" | "unit" | "sets" | "transports" | "expected"> = {
  section: "reading",
  kind: "peer",
  unit: "record",
  sets: ["uniform"],
  transports: ["clear"],
  expected: payloads,
};

/** The client as `new KinesisClient({})` makes it: an HTTP/2 session for each call. */
function asInstalled(job: Job, more: Partial<KinesisClientConfig> = {}): KinesisClient {
  return new KinesisClient({ endpoint: endpointOf(job), ...common, ...more });
}

/** The first cure that everybody finds: HTTP/1.1 with connections kept. */
function keptAlive(job: Job, more: Partial<KinesisClientConfig> = {}): KinesisClient {
  const agent = { keepAlive: true };
  const requestHandler = new NodeHttpHandler({ httpAgent: agent, httpsAgent: agent });
  return new KinesisClient({ endpoint: endpointOf(job), ...common, requestHandler, ...more });
}

const common = { region: REGION, credentials: CREDENTIALS };

/** Asks for page after page of each shard, and looks at every record. */
async function readPages(client: KinesisClient, job: Job, look: Look = touchBytes): Promise<void> {
  const shards = Array.from({ length: job.set.shards }, (_, shard) => readShard(client, job, shard, look));
  await Promise.all(shards);
  client.destroy();
}

async function readShard(
  client: KinesisClient,
  { set, stream, meter }: Job,
  shard: number,
  look: Look,
): Promise<void> {
  const ShardIterator = iteratorOf(stream, shard);
  let goesOn = !meter.isDone;
  while (goesOn) {
    const { Records = [] } = await client.send(new GetRecordsCommand({ ShardIterator, Limit: 10_000 }));
    if (meter.isDone) return;
    if (set.isAggregated === true) for (const { Data } of await deaggregated(Records)) look(meter, Data);
    else for (const { Data } of Records) if (Data !== undefined) look(meter, Data);
    goesOn = meter.page(set.userRecords.length);
  }
}

/** What is done with each record. */
type Look = (meter: Meter, data: Uint8Array) => void;

const touchBytes: Look = (meter, data) => meter.touch(data);
const parse: Look = (meter, data) => meter.touchValue(JSON.parse(Buffer.from(data).toString("utf8")));

const installed: Variant = {
  ...READING,
  name: "sdk-as-installed",
  label: "SDK as installed, decode only",
  run: (job) => readPages(asInstalled(job), job),
};

const kept: Variant = {
  ...READING,
  name: "sdk",
  label: "SDK, connections kept, decode only",
  sets: ["varied", "uniform", "aggregated"],
  run: (job) => readPages(keptAlive(job), job),
};

const keptOverTls: Variant = { ...kept, sets: ["varied"], transports: ["tls"] };

const keptSmall: Variant = { ...kept, section: "requests", sets: ["varied-100", "varied-10"] };

const parsing: Variant = {
  ...READING,
  name: "sdk-parse",
  label: "SDK, connections kept, JSON.parse of each record",
  section: "parsing",
  sets: ["varied"],
  run: (job) => readPages(keptAlive(job), job, parse),
};

/** Our protocol on a client of one's own, in the same loop as the SDK's: what the protocol alone is worth. */
function protocolAlone(wireFormat: "cbor" | "json"): Variant {
  return {
    ...READING,
    name: `protocol-${wireFormat}`,
    label: `our protocol on the SDK's client, ${wireFormat.toUpperCase()}, decode only`,
    kind: "ours",
    run: async (job) => {
      const fast = kinesisProtocol({ wireFormat });
      // Without `info`: the SDK's logging step walks over every record only to have something to pass to it.
      const quiet = { debug: () => undefined, warn: () => undefined, error: () => undefined };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const logger = quiet as unknown as NonNullable<KinesisClientConfig["logger"]>;
      const client = keptAlive(job, { protocol: fast.protocol, logger });
      fast.attach(client);
      await readPages(client, job);
    },
  };
}

const fanOut: Variant = {
  ...READING,
  name: "sdk-fan-out",
  label: "SDK, SubscribeToShard, decode only",
  run: async (job) => {
    const client = asInstalled(job);
    const { EventStream } = await client.send(
      new SubscribeToShardCommand({
        ConsumerARN: `${job.stream}/consumer/bench:1`,
        ShardId: "shardId-000000000000",
        StartingPosition: { Type: "TRIM_HORIZON" },
      }),
    );
    for await (const { SubscribeToShardEvent } of EventStream ?? []) {
      if (SubscribeToShardEvent === undefined) continue;
      for (const { Data } of SubscribeToShardEvent.Records ?? [])
        if (Data !== undefined) job.meter.touch(Data);
      if (!job.meter.page(job.set.userRecords.length)) break;
    }
    client.destroy();
  },
};

/** A poll that finds nothing, which is what an idle shard costs. */
const idlePoll: Variant = {
  name: "sdk-idle-poll",
  label: "SDK, connections kept, poll of an idle shard",
  section: "requests",
  kind: "peer",
  unit: "poll",
  sets: ["idle"],
  transports: ["tls"],
  run: (job) => poll(keptAlive(job), job),
};

const idlePollAsInstalled: Variant = {
  ...idlePoll,
  name: "sdk-idle-poll-as-installed",
  label: "SDK as installed, poll of an idle shard",
  run: (job) => poll(asInstalled(job), job),
};

async function poll(client: KinesisClient, { stream, meter }: Job): Promise<void> {
  const ShardIterator = iteratorOf(stream, 0);
  do await client.send(new GetRecordsCommand({ ShardIterator, Limit: 10_000 }));
  while (meter.page(1));
  client.destroy();
}

export const variants: readonly Variant[] = [
  installed,
  kept,
  keptOverTls,
  protocolAlone("cbor"),
  protocolAlone("json"),
  fanOut,
  keptSmall,
  idlePoll,
  idlePollAsInstalled,
  parsing,
];
