import {
  type ChildShard,
  type Clock,
  comparePositions,
  type Position,
  type PreparedBatch,
  type ShardOutcome,
  sleep,
} from "@kinesis-connectors/core";
import type { ShardAssignment } from "../../src/worker/worker.js";
import { FakeShards } from "./shards.js";

/** Shards with records in them. */
export class FakeStream extends FakeShards {
  readonly #records = new Map<string, Position[]>();
  readonly #children = new Map<string, readonly ChildShard[]>();
  #last = 0;

  put(shardId: string, count: number): void {
    const records = this.recordsOf(shardId);
    for (let index = 0; index < count; index += 1)
      records.push({ sequenceNumber: `${++this.#last}`, subSequenceNumber: 0 });
  }

  override split(shardId: string): readonly ChildShard[] {
    const children = super.split(shardId);
    this.#children.set(shardId, children);
    return children;
  }

  override merge(shardId: string, adjacent: string): readonly ChildShard[] {
    const children = super.merge(shardId, adjacent);
    this.#children.set(shardId, children);
    this.#children.set(adjacent, children);
    return children;
  }

  openShardIds(): readonly string[] {
    return this.shards
      .filter((shard) => shard.endingSequenceNumber === undefined)
      .map(({ shardId }) => shardId);
  }

  /** The children of a closed shard; undefined while it is open. */
  childrenOf(shardId: string): readonly ChildShard[] | undefined {
    return this.#children.get(shardId);
  }

  recordsOf(shardId: string): Position[] {
    const records = this.#records.get(shardId) ?? [];
    this.#records.set(shardId, records);
    return records;
  }

  allRecords(): readonly string[] {
    return [...this.#records.values()].flat().map(({ sequenceNumber }) => sequenceNumber);
  }
}

/** A destination of objects that are created once, under keys that name what is in them. */
export class FakeDestination {
  readonly objects = new Map<string, readonly string[]>();
  /** Records in the order in which their objects were created. */
  readonly order: string[] = [];

  put(key: string, records: readonly string[]): void {
    const before = this.objects.get(key);
    if (before === undefined) {
      this.objects.set(key, records);
      this.order.push(...records);
    } else if (before.join(",") !== records.join(",")) throw new Error(`${key} holds other records already`);
  }

  duplicates(): readonly string[] {
    const seen = new Set<string>();
    return this.order.filter((record) => seen.size === seen.add(record).size);
  }
}

/** What each record counts for in the throughput of its shard. */
const BYTES_PER_RECORD = 1_024;

/** Reads a shard as the engine of core does: finish what was inherited, then prepare, place, commit, batch by batch. */
export function fakeEngine(
  stream: FakeStream,
  destination: FakeDestination,
  clock: Clock,
  timings: { readonly idleMs: number; readonly emitMs: () => number },
): (assignment: ShardAssignment) => Promise<ShardOutcome> {
  return async ({ shardId, checkpointer, stopSignal, abortSignal, noteBytes }) => {
    const rangeOf = ({ first, last }: Pick<PreparedBatch, "first" | "last">): readonly string[] =>
      stream
        .recordsOf(shardId)
        .filter((record) => comparePositions(record, first) >= 0 && comparePositions(record, last) <= 0)
        .map(({ sequenceNumber }) => sequenceNumber);
    const pause = async (ms: number): Promise<void> => {
      await sleep(clock, ms, abortSignal);
      abortSignal.throwIfAborted();
    };
    const { checkpoint, pending } = await checkpointer.load();
    let position = pending?.last ?? checkpoint;
    if (pending !== undefined) {
      await pause(timings.emitMs());
      destination.put(pending.batchId, rangeOf(pending));
      await checkpointer.commit(pending.last);
    }
    for (;;) {
      abortSignal.throwIfAborted();
      if (stopSignal.aborted) return { type: "stopped" };
      const next = stream
        .recordsOf(shardId)
        .filter((record) => position === undefined || comparePositions(record, position) > 0)
        .slice(0, 5);
      const [first, last] = [next[0], next.at(-1)];
      if (first === undefined || last === undefined) {
        const childShards = stream.childrenOf(shardId);
        if (childShards !== undefined) return { type: "shard-end", childShards };
        await sleep(clock, timings.idleMs, stopSignal.aborted ? abortSignal : stopSignal);
        continue;
      }
      noteBytes(next.length * BYTES_PER_RECORD);
      const batchId = `${shardId}:${first.sequenceNumber}-${last.sequenceNumber}`;
      const batch: PreparedBatch = {
        v: 1,
        batchId,
        first,
        last,
        recordCount: next.length,
        filtered: 0,
        deadLettered: 0,
      };
      await checkpointer.prepare(batch);
      // A zombie may get this far and place an object late: it is the object that its next owner places too.
      await sleep(clock, timings.emitMs());
      destination.put(batchId, rangeOf(batch));
      await checkpointer.commit(last);
      position = last;
    }
  };
}
