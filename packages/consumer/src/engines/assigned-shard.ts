import type { Position, ShardEvent, ShardOutcome } from "@kinesis-connectors/core";
import { fullHashKeyRange, type HashKeyRange } from "@kinesis-connectors/wire";

import type { Lease } from "@kinesis-connectors/leases";
import type { ReadEvent } from "../reading/read-events.js";
import { ReadThrough } from "../reading/read-through.js";
import type { RetentionWatch } from "../reading/retention-watch.js";
import type { ShardEngines } from "./shard-engines.js";
import type { ShardAssignment } from "../worker/worker.js";

/** Where an assigned shard runs, and who is told of it. */
export interface AssignedShardOptions {
  readonly engines: Pick<ShardEngines, "run">;
  readonly retention: Pick<RetentionWatch, "watch">;
  readonly observe: (event: ShardEvent | ReadEvent) => void;
}

/** Runs the engine of a shard whose lease is held here, and keeps the books: for the lease row, the watch over retention, the events. */
export async function runAssignedShard(
  assignment: ShardAssignment,
  { engines, retention, observe }: AssignedShardOptions,
): Promise<ShardOutcome> {
  const { shardId, lease, checkpointer, initialPosition, stopSignal, abortSignal } = assignment;
  const watched = retention.watch(shardId, lease.readThroughMs);
  const readThrough = new ReadThrough(positionOf(lease), (throughMs) => {
    watched.committed(throughMs);
    assignment.noteReadThrough(throughMs);
  });
  try {
    return await engines.run({
      shardId,
      checkpointer,
      initialPosition,
      stopSignal,
      abortSignal,
      range: rangeOf(lease),
      readThroughMs: lease.readThroughMs,
      observe: (event) => {
        if (event.type === "checkpoint-commit") readThrough.commit(event.checkpoint);
        else if (event.type === "page-read") assignment.noteBytes(event.dataBytes);
        observe(event);
      },
      onReadThrough: (throughMs, scannedEnd) => {
        watched.read(throughMs);
        readThrough.read(throughMs, scannedEnd);
      },
    });
  } finally {
    watched.end();
  }
}

function positionOf(lease: Lease): Position | undefined {
  return typeof lease.checkpoint === "object" ? lease.checkpoint : undefined;
}

function rangeOf(lease: Lease): HashKeyRange {
  const range = lease.hashKeyRange;
  if (range === undefined) return fullHashKeyRange;
  return {
    startingHashKey: BigInt(range.startingHashKey),
    endingHashKey: BigInt(range.endingHashKey),
  };
}
