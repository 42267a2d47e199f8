import { listAllShards, type ListedShard, type RecordsAnswer } from "@kinesis-connectors/consumer/reading";
import { checkOptions, sleep, systemClock, wholeNumber } from "@kinesis-connectors/core";

import { giveStreamReader } from "../handler/later.js";
import * as reader from "../handler/stream-reader.js";
import { FOR_EVER, MAX_BATCH_RECORDS } from "../limits.js";
import type { EventSourceMapping } from "../mapping/event-source-mapping.js";
import { EVENT_SOURCE_OPTIONS, type EventSourceOptions } from "./event-source-options.js";
import { type EventSourceCounts, SandboxPool } from "./invoke.js";
import { Lane } from "./lane.js";
import { sandboxOf } from "./sandbox.js";
import { seededRandom } from "./seeded-random.js";
import { fitting, laneOf, toEvent } from "./to-event.js";

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
  /**
   * The same for as long as it is let: looks for new records and for new shards, as the service does.
   * @param signal aborted: no new invocation begins; resolves once those under way have ended, and the sandboxes that were frozen
   */
  readonly poll: (signal: AbortSignal) => Promise<void>;
}

const FUNCTION_ARN = "arn:aws:lambda:eu-central-1:000000000000:function:pipeline";

/** A pause between two looks at a shard that has nothing new, in milliseconds: the service polls once a second. */
const IDLE_MS = 1_000;

/** A pause between two looks for new shards, in milliseconds. */
const LIST_MS = 2_000;

/**
 * An event source mapping in this process, with the rules of Lambda's: batches that are cut anew, partial answers, bisecting, retries, records that are given up,
 * several batches at a time; and with what happens to functions: killed, frozen and thawed, late, and answers that are lost.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function eventSource(options: EventSourceOptions): EventSource {
  checkOptions("eventSource", options, EVENT_SOURCE_OPTIONS);
  // Its own clock knows of no file that is loaded.
  giveStreamReader(reader);
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
  const ended = new Set<string>();
  const allLanes = new Map<string, readonly Lane[]>();

  /** Says whether the shard has come to its end. */
  async function runShard(
    { shardId }: ListedShard,
    streamArn: string,
    pool: SandboxPool,
    { signal, isEndless }: Reading,
  ): Promise<boolean> {
    const lanes = lanesOf(shardId, streamArn);
    let iterator: string | undefined;
    let isEnd = false;
    while (!signal.aborted) {
      let isAtTip = false;
      while (!isEnd && !isAtTip && waiting(lanes) < 2 * batchSize) {
        iterator ??= await iteratorOf(shardId, signal);
        const page: RecordsAnswer = await kinesis.getRecords(iterator, 1_000, signal);
        for (const record of page.records) {
          lanes[laneOf(record, factor)]?.add(record);
          readFrom.set(shardId, record.sequenceNumber);
        }
        iterator = page.nextIterator;
        isEnd = iterator === undefined;
        isAtTip = page.records.length === 0 && (page.millisBehindLatest ?? 0) === 0;
        if (page.records.length === 0 && !isAtTip && !isEnd) await sleep(clock, IDLE_MS, signal);
      }
      const isDone = lanes.every((lane) => lane.isEmpty);
      if (isDone && isEnd) return true;
      if (isDone && !isEndless) return false;
      if (isDone) await sleep(clock, IDLE_MS, signal);
      else await Promise.all(lanes.map((lane) => lane.work((event) => pool.invoke(event), signal)));
    }
    return false;
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
      await readAll({ signal, isEndless: false });
    },
    poll: async (signal) => {
      await readAll({ signal, isEndless: true });
    },
  };

  async function readAll(reading: Reading): Promise<void> {
    const { signal } = reading;
    const { streamArn } = await kinesis.describeStream(signal);
    const pool = new SandboxPool({ coldStart, functionArn, timeoutMs, faults, clock, random, counts });
    // The service keeps parents before their children.
    const runs = new Map<string, Promise<boolean>>();
    const runOf = (shard: ListedShard, shards: readonly ListedShard[]): Promise<boolean> => {
      let run = runs.get(shard.shardId);
      if (run === undefined) {
        run = afterParents(shard, shards);
        runs.set(shard.shardId, run);
        run.catch(() => undefined);
      }
      return run;
    };
    const afterParents = async (shard: ListedShard, shards: readonly ListedShard[]): Promise<boolean> => {
      await Promise.all(parentsOf(shard, shards).map((parent) => runOf(parent, shards)));
      const isEnd = !signal.aborted && (await runShard(shard, streamArn, pool, reading));
      if (isEnd && !ended.has(shard.shardId)) {
        ended.add(shard.shardId);
        options.onShardEnd?.(shard.shardId);
      }
      return isEnd;
    };
    try {
      do {
        const shards = await listAllShards({ kinesis, clock, random, signal });
        for (const shard of shards) void runOf(shard, shards);
        if (reading.isEndless) await sleep(clock, LIST_MS, signal);
      } while (reading.isEndless && !signal.aborted);
      await Promise.all(runs.values());
    } finally {
      await pool.close();
    }
  }
}

/** How long a stream is read. */
interface Reading {
  readonly signal: AbortSignal;
  /** Also beyond what is there now. */
  readonly isEndless: boolean;
}

function parentsOf(shard: ListedShard, shards: readonly ListedShard[]): readonly ListedShard[] {
  return shards.filter(
    ({ shardId }) => shardId === shard.parentShardId || shardId === shard.adjacentParentShardId,
  );
}

function waiting(lanes: readonly Lane[]): number {
  return lanes.reduce((sum, { waitingCount }) => sum + waitingCount, 0);
}
