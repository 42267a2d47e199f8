import {
  ByteBudget,
  type Clock,
  comparePositions,
  definePipeline,
  type Emitter,
  type KinesisRecord,
  type Position,
  processShard,
  type ShardEvent,
  type ShardSource,
  silentLogger,
  sleep,
  text,
} from "@kinesis-connectors/core";

import type { WorkerOptions } from "../../src/worker/worker.js";
import type { Fleet } from "./fleet.js";

/** What the engine of core runs with, over the records of a fleet's stream. */
export interface CoreEngineOptions {
  readonly clock: Clock;
  readonly emitter: Emitter<string>;
  /** The pause after a read that found nothing. */
  readonly idleMs: number;
  readonly observe?: (event: ShardEvent) => void;
}

/** The engine of core, over the records of a fleet's stream; their texts are their sequence numbers. */
export function coreEngine(
  fleet: Fleet,
  { clock, emitter, idleMs, observe = () => undefined }: CoreEngineOptions,
): WorkerOptions["runShard"] {
  const pipeline = definePipeline({
    transformer: text(),
    emitter,
    buffer: { maxRecords: 5, maxAgeMs: 100 },
    retry: { baseDelayMs: 500, maxDelayMs: 500, maxRequestAttempts: 100 },
  });
  const budget = new ByteBudget(1 << 20);
  return async ({ shardId, checkpointer, initialPosition, stopSignal, abortSignal }) => {
    const source: ShardSource = {
      open: (start) => {
        let after = start.type === "after" ? start.position : undefined;
        return {
          next: async (signal) => {
            const records = fleet.stream
              .recordsOf(shardId)
              .filter((position) => after === undefined || comparePositions(position, after) > 0)
              .map(recordAt);
            after = records.at(-1) ?? after;
            const childShards = fleet.stream.childrenOf(shardId);
            const page = { records, bytes: records.length, millisBehindLatest: 0 };
            if (childShards !== undefined) return { ...page, shardEnd: { childShards } };
            if (records.length === 0) await sleep(clock, idleMs, signal);
            return page;
          },
          close: () => Promise.resolve(),
        };
      },
    };
    return await processShard(pipeline, {
      application: "orders",
      stream: "orders",
      shardId,
      source,
      checkpointer,
      initialPosition,
      clock,
      random: fleet.random,
      logger: silentLogger,
      budget,
      observe,
      stopSignal,
      abortSignal,
    });
  };
}

function recordAt({ sequenceNumber, subSequenceNumber }: Position): KinesisRecord {
  return {
    sequenceNumber,
    subSequenceNumber,
    data: Buffer.from(sequenceNumber),
    partitionKey: "k",
    arrivalTimeMs: 0,
  };
}
