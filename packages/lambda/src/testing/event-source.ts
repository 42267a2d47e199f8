import { createHash } from "node:crypto";

import {
  type KinesisApi,
  listAllShards,
  type ListedShard,
  type RecordsAnswer,
  type StreamRecord,
} from "@kinesis-connectors/consumer/reading";
import {
  checkOptions,
  type Clock,
  type OptionNames,
  sleep,
  systemClock,
  wholeNumber,
} from "@kinesis-connectors/core";

import type { KinesisEvent } from "../event.js";
import type { KinesisHandler } from "../kinesis-handler.js";
import { FOR_EVER, MAX_BATCH_RECORDS, MAX_PAYLOAD_BYTES } from "../limits.js";
import type { EventSourceMapping } from "../mapping/event-source-mapping.js";
import { type EventSourceCounts, type EventSourceFaults, SandboxPool } from "./invoke.js";
import { type DiscardedBatch, Lane } from "./lane.js";
import { type FunctionSandbox, sandboxOf } from "./sandbox.js";
import { seededRandom } from "./seeded-random.js";

/** Options of `eventSource`: those of a mapping, by the names that Lambda gives them, and what happens besides. */
export interface EventSourceOptions {
  /** The stream: `connectKinesis` of `@kinesis-connectors/consumer/kinesis`, or a port of one's own. */
  readonly kinesis: Pick<KinesisApi, "describeStream" | "listShards" | "getShardIterator" | "getRecords">;
  /**
   * The function: its handler, or what starts a sandbox of it. A handler alone cannot be killed or frozen: one that is given up runs on beside those that come after it.
   */
  readonly handler: KinesisHandler | { readonly coldStart: () => FunctionSandbox | Promise<FunctionSandbox> };
  /** Most records of one invocation. Default 100, at most 10,000. */
  readonly batchSize?: number;
  /** Batches of one shard that are handed over at the same time, by partition key. Default 1, at most 10. */
  readonly parallelizationFactor?: number;
  /** Default true. */
  readonly reportBatchItemFailures?: boolean;
  /** Default false. */
  readonly bisectBatchOnFunctionError?: boolean;
  /** Default -1: for ever. */
  readonly maximumRetryAttempts?: number;
  /** Default -1: for ever. */
  readonly maximumRecordAgeInSeconds?: number;
  /** The mapping's destination for records that are given up. Default: none. */
  readonly onDiscard?: (batch: DiscardedBatch) => void;
  /** The function's time limit, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
  /** Chances of what happens in between. Default: nothing does. */
  readonly faults?: EventSourceFaults;
  /** Decides what chances decide: the same seed and clock give the same run. Default 1. */
  readonly seed?: number;
  /** Default: the machine's. */
  readonly clock?: Clock;
  readonly functionArn?: string;
}

const NAMES: OptionNames<EventSourceOptions> = {
  kinesis: "required",
  handler: "required",
  batchSize: true,
  parallelizationFactor: true,
  reportBatchItemFailures: true,
  bisectBatchOnFunctionError: true,
  maximumRetryAttempts: true,
  maximumRecordAgeInSeconds: true,
  onDiscard: true,
  timeoutMs: true,
  faults: {
    cutAnew: true,
    killed: true,
    frozen: true,
    misfortune: true,
    replyLost: true,
    coldStart: true,
    withinMs: true,
    thawMs: true,
  },
  seed: true,
  clock: true,
  functionArn: true,
};

/** An event source mapping of Kinesis, for tests. */
export interface EventSource {
  /** What ListEventSourceMappings says of it: for `kinesisHandler({ listMappings })`. */
  readonly mapping: EventSourceMapping;
  readonly counts: Readonly<EventSourceCounts>;
  /**
   * Hands over what is in the stream, from its oldest record on or from where the last run ended, until all of it is done or given up; then sandboxes that were frozen come to their end.
   * @param signal aborted: nothing more is handed over
   */
  readonly run: (signal?: AbortSignal) => Promise<void>;
}

const FUNCTION_ARN = "arn:aws:lambda:eu-central-1:000000000000:function:pipeline";

/** A pause between two looks at a shard that has nothing new, in milliseconds: the service polls once a second. */
const IDLE_MS = 1_000;

/** Bytes of an event beside the data of its records, for each of them: about what the names and the two ARNs take. */
const BYTES_BESIDE_DATA = 600;

/**
 * An event source mapping in this process, with the rules of Lambda's: batches that are cut anew, partial answers, bisecting, retries, records that are given up,
 * several batches at a time; and with what happens to functions: killed, frozen and thawed, late, and answers that are lost.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function eventSource(options: EventSourceOptions): EventSource {
  checkOptions("eventSource", options, NAMES);
  const { kinesis, handler, clock = systemClock, faults = {}, functionArn = FUNCTION_ARN } = options;
  const batchSize = wholeNumber("batchSize", options.batchSize ?? 100, { min: 1, max: MAX_BATCH_RECORDS });
  const factor = wholeNumber("parallelizationFactor", options.parallelizationFactor ?? 1, {
    min: 1,
    max: 10,
  });
  const limit = (name: "maximumRetryAttempts" | "maximumRecordAgeInSeconds"): number =>
    wholeNumber(name, options[name] ?? FOR_EVER, { min: FOR_EVER });
  const maximumRetryAttempts = limit("maximumRetryAttempts");
  const maximumRecordAgeInSeconds = limit("maximumRecordAgeInSeconds");
  const reportsFailures = options.reportBatchItemFailures !== false;
  const random = seededRandom(options.seed ?? 1);
  const counts: EventSourceCounts = {
    invocations: 0,
    records: 0,
    failed: 0,
    partial: 0,
    bisected: 0,
    discarded: 0,
    coldStarts: 0,
    killed: 0,
    frozen: 0,
    timedOut: 0,
    repliesLost: 0,
  };
  const coldStart =
    typeof handler === "function" ? () => sandboxOf(clock, () => handler) : () => handler.coldStart();
  const timeoutMs = wholeNumber("timeoutMs", options.timeoutMs ?? 60_000, { min: 1 });
  const readFrom = new Map<string, string>();
  const allLanes = new Map<string, readonly Lane[]>();

  async function runShard(
    { shardId }: ListedShard,
    streamArn: string,
    pool: SandboxPool,
    signal: AbortSignal,
  ): Promise<void> {
    const lanes = lanesOf(shardId, streamArn);
    let iterator: string | undefined = await iteratorOf(shardId, signal);
    let isAtTip = false;
    while (!signal.aborted) {
      while (iterator !== undefined && !isAtTip && waiting(lanes) < 2 * batchSize) {
        const page: RecordsAnswer = await kinesis.getRecords(iterator, 1_000, signal);
        for (const record of page.records) {
          lanes[laneOf(record, factor)]?.add(record);
          readFrom.set(shardId, record.sequenceNumber);
        }
        iterator = page.nextIterator;
        isAtTip = page.records.length === 0 && (page.millisBehindLatest ?? 0) === 0;
        if (page.records.length === 0 && !isAtTip) await sleep(clock, IDLE_MS, signal);
      }
      if (lanes.every((lane) => lane.isEmpty)) return;
      await Promise.all(lanes.map((lane) => lane.work((event) => pool.invoke(event), signal)));
    }
  }

  /** The lanes of a shard: what they have not handed over waits for the next run. */
  function lanesOf(shardId: string, streamArn: string): readonly Lane[] {
    const known = allLanes.get(shardId);
    if (known !== undefined) return known;
    const lanes = Array.from(
      { length: factor },
      () =>
        new Lane({
          shardId,
          batchSize,
          reportsFailures,
          bisects: options.bisectBatchOnFunctionError === true,
          maximumRetryAttempts,
          maximumRecordAgeInSeconds,
          faults,
          toEvent: (records) => toEvent(records, shardId, streamArn),
          fitting,
          onDiscard: options.onDiscard ?? (() => undefined),
          clock,
          random,
          counts,
        }),
    );
    allLanes.set(shardId, lanes);
    return lanes;
  }

  function iteratorOf(shardId: string, signal: AbortSignal): Promise<string> {
    const sequenceNumber = readFrom.get(shardId);
    return kinesis.getShardIterator(
      shardId,
      sequenceNumber === undefined
        ? { type: "trim-horizon" }
        : { type: "after-sequence-number", sequenceNumber },
      signal,
    );
  }

  return {
    counts,
    mapping: {
      UUID: "00000000-0000-4000-8000-000000000000",
      State: "Enabled",
      ParallelizationFactor: factor,
      MaximumRetryAttempts: maximumRetryAttempts,
      MaximumRecordAgeInSeconds: maximumRecordAgeInSeconds,
      TumblingWindowInSeconds: 0,
      FunctionResponseTypes: reportsFailures ? ["ReportBatchItemFailures"] : [],
      DestinationConfig: {
        OnFailure:
          options.onDiscard === undefined
            ? {}
            : { Destination: "arn:aws:sqs:eu-central-1:000000000000:discarded" },
      },
    },
    run: async (signal = new AbortController().signal) => {
      const { streamArn } = await kinesis.describeStream(signal);
      const shards = await listAllShards({ kinesis, clock, random, signal });
      const pool = new SandboxPool({ coldStart, functionArn, timeoutMs, faults, clock, random, counts });
      // The service keeps parents before their children.
      const runs = new Map<string, Promise<void>>();
      const runOf = (shard: ListedShard): Promise<void> => {
        let run = runs.get(shard.shardId);
        if (run === undefined) {
          run = Promise.all(parentsOf(shard, shards).map(runOf)).then(() =>
            runShard(shard, streamArn, pool, signal),
          );
          runs.set(shard.shardId, run);
        }
        return run;
      };
      try {
        await Promise.all(shards.map(runOf));
      } finally {
        await pool.close();
      }
    },
  };
}

function parentsOf(shard: ListedShard, shards: readonly ListedShard[]): readonly ListedShard[] {
  return shards.filter(
    ({ shardId }) => shardId === shard.parentShardId || shardId === shard.adjacentParentShardId,
  );
}

function waiting(lanes: readonly Lane[]): number {
  return lanes.reduce((sum, { waitingCount }) => sum + waitingCount, 0);
}

/** Records of one partition key stay in one order. */
function laneOf({ partitionKey }: StreamRecord, factor: number): number {
  if (factor === 1) return 0;
  return createHash("md5").update(partitionKey).digest().readUInt32BE(0) % factor;
}

/** How many records fit into one payload, as base64; at least one. */
function fitting(records: readonly StreamRecord[]): number {
  let bytes = 0;
  for (const [index, { data, partitionKey }] of records.entries()) {
    bytes += Math.ceil(data.length / 3) * 4 + partitionKey.length + BYTES_BESIDE_DATA;
    if (bytes > MAX_PAYLOAD_BYTES) return Math.max(1, index);
  }
  return records.length;
}

function toEvent(records: readonly StreamRecord[], shardId: string, streamArn: string): KinesisEvent {
  return {
    Records: records.map(({ sequenceNumber, partitionKey, data, arrivalTimeMs }) => ({
      kinesis: {
        kinesisSchemaVersion: "1.0",
        partitionKey,
        sequenceNumber,
        data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64"),
        approximateArrivalTimestamp: arrivalTimeMs / 1_000,
      },
      eventSource: "aws:kinesis",
      eventVersion: "1.0",
      eventID: `${shardId}:${sequenceNumber}`,
      eventName: "aws:kinesis:record",
      invokeIdentityArn: "arn:aws:iam::000000000000:role/pipeline",
      awsRegion: "eu-central-1",
      eventSourceARN: streamArn,
    })),
  };
}
