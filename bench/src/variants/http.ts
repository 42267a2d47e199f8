import { KinesisClient, type KinesisClientConfig } from "@aws-sdk/client-kinesis";
import { BodyMemory, HttpHandler } from "@kinesis-connectors/aws";
import { bytes, definePipeline } from "@kinesis-connectors/core";
import { kinesisProtocol } from "@kinesis-connectors/wire/protocol";
import { payloads } from "../data/expected.js";
import { linesEmitter } from "../pipelines/lines-emitter.js";
import { UndiciHandler } from "../undici-handler.js";
import { CREDENTIALS, endpointOf, type Job, REGION, type Variant } from "../rows/variant.js";
import { connect, dropping } from "./connector.js";

/** A client as the connector makes it for itself, with another way of HTTP. */
function clientOver(handler: (origin: string, memory: BodyMemory) => object, job: Job): KinesisClient {
  const memory = new BodyMemory();
  const endpoint = endpointOf(job);
  const fast = kinesisProtocol({ wireFormat: "auto", memory });
  const client = new KinesisClient({
    region: REGION,
    credentials: CREDENTIALS,
    endpoint,
    protocol: fast.protocol,
    // Shaped as the client calls it; its type asks for more than it uses.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    requestHandler: handler(endpoint, memory) as NonNullable<KinesisClientConfig["requestHandler"]>,
    cacheMiddleware: true,
    maxAttempts: 1,
  });
  client.middlewareStack.remove("loggerMiddleware");
  fast.attach(client);
  return client;
}

/** The work of the rows `read` and `idle-poll`, over one way of HTTP or the other: the two rows differ in nothing else. */
function over(
  name: string,
  label: string,
  kind: Variant["kind"],
  handler: (origin: string, memory: BodyMemory) => object,
): readonly Variant[] {
  return [
    {
      name: `read-${name}`,
      label: `connector over ${label}: records read and dropped`,
      kind,
      unit: "record",
      sets: ["200b", "1kb", "single"],
      transports: ["clear", "tls"],
      expected: payloads,
      run: async (job) => {
        const pipeline = definePipeline({
          transformer: dropping(job.meter),
          emitter: linesEmitter<Uint8Array>(job.meter),
        });
        const client = clientOver(handler, job);
        await connect(job, pipeline, { client, countPages: (records) => job.meter.page(records) });
        client.destroy();
      },
    },
    {
      name: `idle-poll-${name}`,
      label: `connector over ${label}: poll of an idle shard`,
      kind,
      unit: "poll",
      sets: ["idle"],
      transports: ["clear", "tls"],
      run: async (job) => {
        const emitter = linesEmitter<Uint8Array>(job.meter);
        const pipeline = definePipeline({ transformer: bytes(), emitter });
        const client = clientOver(handler, job);
        await connect(job, pipeline, { client, countPages: () => job.meter.page(1) });
        client.destroy();
      },
    },
  ];
}

export const http: readonly Variant[] = [
  ...over("own-http", "our own HTTP", "ours", (_origin, memory) => new HttpHandler({ memory })),
  ...over("undici", "undici", "peer", (origin, memory) => new UndiciHandler(origin, memory)),
];
