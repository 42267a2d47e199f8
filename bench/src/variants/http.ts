import { KinesisClient } from "@aws-sdk/client-kinesis";
import { BodyMemory, HttpHandler } from "@kinesis-connectors/aws";
import { bytes, definePipeline } from "@kinesis-connectors/core";
import { kinesisProtocol } from "@kinesis-connectors/wire/protocol";
import { payloads } from "../data/expected.js";
import { dropping } from "../pipelines/dropping.js";
import { linesEmitter } from "../pipelines/lines-emitter.js";
import { connect } from "../rows/connect.js";
import { UndiciHandler } from "../undici-handler.js";
import { CREDENTIALS, endpointOf, type Job, REGION, type Variant } from "../rows/variant.js";

/** A client as the connector makes it for itself, with another way of HTTP. */
function clientOver({ handler }: Way, job: Job): KinesisClient {
  const memory = new BodyMemory();
  const endpoint = endpointOf(job);
  const fast = kinesisProtocol({ wireFormat: "auto", memory });
  const client = new KinesisClient({
    region: REGION,
    credentials: CREDENTIALS,
    endpoint,
    protocol: fast.protocol,
    requestHandler: handler(endpoint, memory),
    maxAttempts: 1,
  });
  client.middlewareStack.remove("loggerMiddleware");
  fast.attach(client);
  return client;
}

/** A way of HTTP. */
interface Way {
  readonly name: string;
  readonly label: string;
  readonly kind: Variant["kind"];
  readonly handler: (origin: string, memory: BodyMemory) => HttpHandler;
}

const WAYS: readonly Way[] = [
  {
    name: "own-http",
    label: "our own HTTP",
    kind: "ours",
    handler: (_origin, memory) => new HttpHandler({ memory }),
  },
  {
    name: "undici",
    label: "undici",
    kind: "peer",
    handler: (origin, memory) => new UndiciHandler(origin, memory),
  },
];

/** The work of the row `read`. */
function reading(way: Way): Variant {
  const { name, label, kind } = way;
  return {
    name: `read-${name}`,
    label: `connector over ${label}: records read and dropped`,
    section: "reading",
    kind,
    unit: "record",
    sets: ["uniform"],
    transports: ["clear"],
    expected: payloads,
    run: async (job) => {
      const transformer = dropping(job.meter);
      const pipeline = definePipeline({ transformer, emitter: linesEmitter<Uint8Array>(job.meter) });
      const client = clientOver(way, job);
      await connect(job, pipeline, { client, countPages: (records) => job.meter.page(records) });
      client.destroy();
    },
  };
}

/** The work of the row `idle-poll`. */
function polling(way: Way): Variant {
  const { name, label, kind } = way;
  return {
    name: `idle-poll-${name}`,
    label: `connector over ${label}: poll of an idle shard`,
    section: "requests",
    kind,
    unit: "poll",
    sets: ["idle"],
    transports: ["tls"],
    run: async (job) => {
      const emitter = linesEmitter<Uint8Array>(job.meter);
      const pipeline = definePipeline({ transformer: bytes(), emitter });
      const client = clientOver(way, job);
      await connect(job, pipeline, { client, countPages: () => job.meter.page(1) });
      client.destroy();
    },
  };
}

/** The two ways of the same work follow each other, so that what else the machine does falls on both. */
export const variants: readonly Variant[] = [...WAYS.map(reading), ...WAYS.map(polling)];
