import type { KinesisClient } from "@aws-sdk/client-kinesis";
import {
  type Connector,
  type ConnectorEvent,
  fanOut,
  memoryLeases,
  polling,
  startConnector,
} from "@kinesis-connectors/consumer";
import { type Clock, type Pipeline, systemClock } from "@kinesis-connectors/core";
import { CREDENTIALS, endpointOf, type Job, REGION } from "./variant.js";

/**
 * Waits of up to a second take one turn of the event loop: a canned shard always has more than its five reads per second allow. Leases
 * are renewed at their usual pace.
 */
const hurriedClock: Clock = {
  ...systemClock,
  setTimer: (delayMs, callback) => {
    if (delayMs > 1_000) return systemClock.setTimer(delayMs, callback);
    const immediate = setImmediate(callback);
    return { cancel: () => clearImmediate(immediate) };
  },
};

/**
 * Runs the whole connector on the shards of the set: the real client, the real reader, the engine, the emitter. Stubbed: the lease table is in memory,
 * and the pauses between reads are left out. Ends when the meter says so.
 */
export async function connect<Model, Output, Plan>(
  job: Job,
  pipeline: Pipeline<Model, Output, Plan>,
  options: {
    readonly isFanOut?: boolean;
    /** Told of each page as it is read; returns whether to go on. */
    readonly countPages?: (records: number) => boolean;
    /** Instead of the connector's own. */
    readonly client?: KinesisClient;
    readonly observe?: (event: ConnectorEvent) => void;
    /** Called once the connector runs. */
    readonly started?: (connector: Connector) => void;
  } = {},
): Promise<void> {
  const { countPages, observe } = options;
  const counting = { isOver: false };
  const watch = (event: ConnectorEvent): void => {
    observe?.(event);
    if (!counting.isOver && event.type === "page-read")
      counting.isOver = countPages?.(event.records) === false;
  };
  const connector = await startConnector({
    application: "bench",
    stream: job.stream,
    pipeline,
    retrieval: options.isFanOut === true ? fanOut({ consumerName: "bench" }) : polling(),
    ...(options.client === undefined
      ? { region: REGION, credentials: CREDENTIALS, endpoints: { kinesis: endpointOf(job) } }
      : { clients: { kinesis: options.client } }),
    leaseTable: memoryLeases().connect(),
    leases: { bootstrapJitterMs: 0 },
    clock: hurriedClock,
    ...(observe === undefined && countPages === undefined ? {} : { observe: watch }),
  });
  options.started?.(connector);
  // Where no pages are counted the emitter counts, and what it is asked after the end changes nothing.
  while (!counting.isOver && !job.meter.isDone) await Promise.race([connector.done, pause()]);
  await connector.stop();
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
