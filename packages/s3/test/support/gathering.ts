import {
  type Batch,
  type BufferEntry,
  type Emitter,
  type Gathered,
  type GatherContext,
  type Gathering,
  type KinesisRecord,
  silentLogger,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import type { S3Plan } from "@kinesis-connectors/s3";
import { batchOfEntries } from "@kinesis-connectors/testkit";
import type { GatheredObjects } from "../../src/encoding/gathered-objects.js";

/** A record with what the transformer made of it. */
export interface Transformed<Output> {
  readonly record: KinesisRecord;
  readonly outputs: readonly Output[];
}

const GATHER_CONTEXT: GatherContext = {
  application: "archive",
  stream: "clicks",
  shardId: "shardId-000000000003",
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
};

/** The emitter's gathering of a shard. */
export function gatheringOf<Output>(
  emitter: Emitter<Output, S3Plan>,
  changes: Partial<GatherContext> = {},
): Gathering<Output> {
  const gathering = emitter.gather?.({ ...GATHER_CONTEXT, ...changes });
  if (gathering === undefined) throw new Error("the emitter does not gather");
  return gathering;
}

/** Takes records in as the engine does; returns the entries of those that were kept. */
export function takeIn<Output>(
  emitter: Emitter<Output, S3Plan>,
  gathering: Gathering<Output>,
  records: readonly Transformed<Output>[],
): BufferEntry<Output>[] {
  const kept: BufferEntry<Output>[] = [];
  for (const { record, outputs } of records) {
    const staged: BufferEntry<Output>[] = [];
    try {
      const partitions = outputs.map((output) => emitter.batching?.partitionOf?.(output, record));
      outputs.forEach((output, nth) => {
        const partition = partitions[nth];
        const bytes = gathering.stage(output, record, partition);
        staged.push({ output, record, bytes, ...(partition === undefined ? {} : { partition }) });
      });
    } catch {
      gathering.drop();
      continue;
    }
    gathering.keep();
    kept.push(...staged);
  }
  return kept;
}

/** The same range with its outputs gathered and with its entries. */
export function bothWays<Output>(
  emitter: Emitter<Output, S3Plan>,
  gathering: Gathering<Output>,
  records: readonly Transformed<Output>[],
  changes: Partial<Batch<Output>> = {},
): { readonly gathered: Batch<Output>; readonly plain: Batch<Output> } {
  const entries = takeIn(emitter, gathering, records);
  const [first, last] = [records[0]?.record, records.at(-1)?.record];
  if (first === undefined || last === undefined) throw new Error("a range has at least one record");
  const plain = batchOfEntries(entries, { first, last, recordCount: records.length, ...changes });
  return { plain, gathered: { ...plain, entries: [], gathered: gathering.drain() } };
}

/** The bytes of the only object of what was gathered; undefined where there is none. */
export async function bodyOf(gathered: Gathered): Promise<Buffer | undefined> {
  const [object] = (gathered as GatheredObjects).objects;
  const body = await object?.body();
  return body?.read(0, body.length);
}
