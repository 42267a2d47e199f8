import { setTimeout as wait } from "node:timers/promises";
import type { Connector, ConnectorOptions } from "@kinesis-connectors/consumer";
import type { LocalAws, LocalRecord } from "@kinesis-connectors/local";
import { type Running, UNWATCHED } from "./run-sample.js";
import { untilSettled } from "./until-settled.js";
import type { Figures } from "./progress.js";

/** Records put at a time, between two turns of the event loop: server, producer and connector share it. */
const PUT_AT_A_TIME = 500;

/** A record to be put. */
export interface RecordOfStream {
  readonly partitionKey: string;
  readonly data: Uint8Array | string;
}

/** What a connector on loopback is started with beside its application and pipeline. */
export type Local = Pick<
  ConnectorOptions<unknown, unknown>,
  "region" | "credentials" | "endpoints" | "signal"
> & { readonly stream: string };

/** A connector and what its stream is filled with. */
export interface Delivery {
  /** The stream; it is made. */
  readonly stream: string;
  readonly shards: number;
  /** Starts the connector. */
  readonly start: (local: Local) => Promise<Connector>;
  readonly records: Iterable<RecordOfStream>;
  /** How many there are, for the bar; undefined where that shows in the end. */
  readonly count: number | undefined;
  /** Told where records landed in the stream. */
  readonly onPut?: (records: readonly LocalRecord[]) => void;
}

/** What a delivery came to. */
export interface Delivered {
  /** Kinesis records in the stream. */
  readonly records: number;
  /** From the start of the connector to its last commit. */
  readonly seconds: number;
}

/** Fills a stream while a connector delivers it, until everything that was put has been read, emitted and committed. */
export async function deliver(
  aws: LocalAws,
  { stream, shards, start, records, count, onPut }: Delivery,
  { signal, progress }: Running = UNWATCHED,
): Promise<Delivered> {
  aws.kinesis.createStream({ name: stream, shardCount: shards });
  const startMs = performance.now();
  await using connector = await start(localTo(aws, stream, signal));
  let put = 0;
  using _watched = progress.watch(() => figuresOf(connector, put, count));
  for (const batch of batchesOf(records)) {
    signal.throwIfAborted();
    const landed = aws.kinesis.putRecords(stream, batch);
    onPut?.(landed);
    put += batch.length;
    await wait(0);
  }
  await untilSettled(connector, put, signal);
  return { records: put, seconds: Math.round(performance.now() - startMs) / 1000 };
}

/** How a connector reaches the AWS of a sample, and that it stops with the sample. */
export function localTo(aws: LocalAws, stream: string, signal: AbortSignal): Local {
  const { region, credentials } = aws.clientOptions("kinesis");
  const { kinesis, dynamodb } = aws.endpoints;
  return { stream, region, credentials, endpoints: { kinesis, dynamodb }, signal };
}

/** As much of a connector's progress as the samples show. */
export interface SeenProgress {
  readonly recordsRead: number;
  readonly recordsEmitted: number;
  readonly shards: readonly { readonly millisBehindLatest: number | undefined }[];
}

/** What a connector has done, of so many records put and still to come: the same words for every sample. */
export function figuresOf(
  connector: { readonly progress: () => SeenProgress },
  put?: number,
  count?: number,
): Figures {
  const { recordsRead, recordsEmitted, shards } = connector.progress();
  const behindMs = Math.max(0, ...shards.map(({ millisBehindLatest }) => millisBehindLatest ?? 0));
  return {
    share: count === undefined ? undefined : recordsRead / Math.max(1, count),
    text: `${put === undefined ? "" : `put ${put}  `}read ${recordsRead}  delivered ${recordsEmitted}  ${(behindMs / 1000).toFixed(1)} s behind`,
  };
}

/**
 * A time, and what it comes to a second.
 * @param done what happened in it. Default: the whole way, of which server, producer and connector share one process
 */
export function rate(
  count: number,
  seconds: number,
  what: string,
  done: string = "put, read, delivered and committed; server, producer and reader share this process",
): string {
  return `${seconds.toFixed(2)} s, ${Math.round(count / seconds).toLocaleString("en-US")} ${what}/s ${done}`;
}

/** How often the faults of a sample struck. */
export function faultsMet(aws: LocalAws): number {
  return aws.faults.list().reduce((sum, { fired }) => sum + fired, 0);
}

function* batchesOf(records: Iterable<RecordOfStream>): Generator<readonly RecordOfStream[], void> {
  let batch: RecordOfStream[] = [];
  for (const record of records) {
    batch.push(record);
    if (batch.length < PUT_AT_A_TIME) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
