import {
  definePipeline,
  type EmitContext,
  type Emitter,
  type EmitResult,
  type Batch,
  type Pipeline,
  sleep,
  systemClock,
  text,
} from "@kinesis-connectors/core";
import { type LocalAws, type LocalAwsOptions, startLocalAws } from "@kinesis-connectors/local";

import type { ConnectorOptions } from "../../src/options.js";

export const STREAM = "clicks";

/** An emitter that keeps what it is given, in memory. */
export interface Collected {
  readonly emitter: Emitter<string>;
  /** What was emitted of each shard, in order. */
  readonly byShard: Map<string, string[]>;
  readonly all: () => string[];
  readonly opened: () => number;
  readonly closed: () => number;
}

export function collector(): Collected {
  const byShard = new Map<string, string[]>();
  let opened = 0;
  let closed = 0;
  return {
    byShard,
    all: () => [...byShard.values()].flat(),
    opened: () => opened,
    closed: () => closed,
    emitter: {
      capabilities: { duplicates: "possible", ordering: "shard" },
      open: () => {
        opened += 1;
        return Promise.resolve();
      },
      emit: (batch: Batch<string>, _context: EmitContext<undefined>): Promise<EmitResult<string>> => {
        const kept = byShard.get(batch.shardId) ?? [];
        byShard.set(batch.shardId, kept);
        for (const entry of batch.entries) kept.push(entry.output);
        return Promise.resolve({ failed: [] });
      },
      close: () => {
        closed += 1;
        return Promise.resolve();
      },
    },
  };
}

/** A pipeline of texts that flushes soon. */
export function textPipeline(emitter: Emitter<string>): Pipeline<string, string> {
  return definePipeline({
    transformer: text(),
    emitter,
    buffer: { maxRecords: 1_000, maxAgeMs: 100 },
  });
}

/** Kinesis and DynamoDB on loopback, with one stream. */
export async function startAws(
  options: { readonly shards?: number; readonly local?: LocalAwsOptions } = {},
): Promise<LocalAws> {
  const local = await startLocalAws({ s3: false, limits: "off", ...options.local });
  local.kinesis.createStream({ name: STREAM, shardCount: options.shards ?? 1 });
  return local;
}

/** The options that every connector of these tests has in common. */
export function optionsFor(
  local: LocalAws,
  pipeline: Pipeline<string, string>,
): ConnectorOptions<string, string> {
  const { region, credentials } = local.clientOptions("kinesis");
  return {
    application: "clicks-to-memory",
    stream: STREAM,
    pipeline,
    region,
    credentials,
    endpoints: { kinesis: local.endpoints.kinesis, dynamodb: local.endpoints.dynamodb },
    // Far longer than a busy machine keeps a renewal waiting: a lease that is lost is read again.
    leases: { bootstrapJitterMs: 0, failoverTimeMs: 30_000, takePeriodMs: 100, parentPollMs: 50 },
    retrieval: { type: "polling", idlePollMs: 200, maxRecordsPerRead: 10_000 },
  };
}

/** Waits until something is true; the test's own time-out is the limit. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    await sleep(systemClock, 10);
  }
}

/** Texts from `first` to `last`, as records of several partition keys. */
export function numbered(first: number, last: number): { partitionKey: string; data: string }[] {
  const records: { partitionKey: string; data: string }[] = [];
  for (let n = first; n <= last; n += 1) records.push({ partitionKey: `key-${n % 17}`, data: `record ${n}` });
  return records;
}
