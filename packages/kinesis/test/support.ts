import {
  type Batch,
  ByteBudget,
  type Emitter,
  type EmitResult,
  type KinesisRecord,
  type Pipeline,
  processShard,
  type ShardEvent,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import {
  type FaultEffect,
  type FaultRule,
  type LocalAws,
  type LocalAwsOptions,
  startLocalAws,
} from "@kinesis-connectors/local";
import {
  batchOfEntries,
  contextOf,
  entryOf,
  memoryCheckpointer,
  simulatedShard,
} from "@kinesis-connectors/testkit";
import { deaggregate, fullHashKeyRange, type HashKeyRange } from "@kinesis-connectors/wire";
import { kinesisEmitter, type KinesisEmitterOptions } from "@kinesis-connectors/kinesis";

export const TARGET = "target";

/** A record as a reader of the target sees it: aggregates taken apart, those of the wrong shard dropped. */
export interface LandedRecord {
  readonly shardId: string;
  readonly partitionKey: string;
  readonly explicitHashKey: string | undefined;
  readonly text: string;
}

/** A local Kinesis with a target stream, and what tests ask of it. */
export interface LocalTarget extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly connection: ReturnType<LocalAws["clientOptions"]>;
  readonly emitter: <Output = unknown>(options?: Partial<KinesisEmitterOptions<Output>>) => Emitter<Output>;
  /** Kinesis records in the target. */
  readonly stored: () => readonly ReturnType<LocalAws["kinesis"]["putRecords"]>[number][];
  /** User records in the target, shard by shard, in order. */
  readonly landed: () => readonly LandedRecord[];
  readonly texts: () => string[];
  /** Adds a rule for PutRecords; tells how often it has fired. */
  readonly fault: (effect: FaultEffect, rule?: Partial<FaultRule>) => () => number;
  /** Records of each PutRecords that was answered, in order. */
  readonly requests: () => number[];
}

export async function startTarget(
  options: LocalAwsOptions & { readonly shardCount?: number } = {},
): Promise<LocalTarget> {
  const { shardCount = 2, ...rest } = options;
  const aws = await startLocalAws({ s3: false, dynamodb: false, limits: "off", ...rest });
  aws.kinesis.createStream({ name: TARGET, shardCount });
  const connection = aws.clientOptions("kinesis");
  const emitters: Pick<Emitter<never>, "close">[] = [];
  const landed = (): LandedRecord[] => {
    const ranges = rangesOf(aws);
    return [...aws.kinesis.records(TARGET)].flatMap((record) =>
      userRecordsOf(record, ranges.get(record.shardId) ?? fullHashKeyRange),
    );
  };
  return {
    aws,
    connection,
    emitter: (given = {}) => {
      const emitter = kinesisEmitter({
        ...(given.client === undefined ? connection : {}),
        ...(given.streamArn === undefined ? { stream: TARGET } : {}),
        ...given,
      });
      emitters.push(emitter);
      return emitter;
    },
    stored: () => [...aws.kinesis.records(TARGET)],
    landed,
    texts: () => landed().map(({ text }) => text),
    fault: (effect, rule = {}) => {
      const id = aws.faults.add({ server: "kinesis", operation: "PutRecords", effect, ...rule });
      return () => aws.faults.list().find((status) => status.id === id)?.fired ?? 0;
    },
    requests: () =>
      aws.journal.entries({ operation: "PutRecords" }).map(({ parameters }) => Number(parameters["records"])),
    [Symbol.asyncDispose]: async () => {
      for (const emitter of emitters) await emitter.close?.();
      await aws.close();
    },
  };
}

/** The hash-key range of each shard of the target, closed ones included. */
function rangesOf(aws: LocalAws): Map<string, HashKeyRange> {
  const { Shards: shards } = JSON.parse(
    JSON.stringify(aws.kinesis.call("ListShards", { StreamName: TARGET })),
  ) as {
    Shards: { ShardId: string; HashKeyRange: { StartingHashKey: string; EndingHashKey: string } }[];
  };
  return new Map(
    shards.map(({ ShardId, HashKeyRange: range }) => [
      ShardId,
      { startingHashKey: BigInt(range.StartingHashKey), endingHashKey: BigInt(range.EndingHashKey) },
    ]),
  );
}

function userRecordsOf(
  record: ReturnType<LocalTarget["stored"]>[number],
  range: HashKeyRange,
): LandedRecord[] {
  const { shardId } = record;
  const read = deaggregate(record.data, range);
  if (read.kind === "plain") {
    const text = record.data.toString();
    return [{ shardId, partitionKey: record.partitionKey, explicitHashKey: undefined, text }];
  }
  if (read.kind === "outside-range") return [];
  if (read.kind === "malformed") throw new Error(`a malformed aggregate landed: ${read.reason}`);
  return read.records.map(({ partitionKey, explicitHashKey, data }) => ({
    shardId,
    partitionKey,
    explicitHashKey,
    text: Buffer.from(data).toString(),
  }));
}

export interface Given<Output> {
  readonly output: Output;
  readonly partitionKey?: string;
  readonly record?: Partial<KinesisRecord>;
}

/** A batch of one shard of the source, each record with bytes and a partition key of its own. */
export function batchOf<Output>(given: readonly Given<Output>[]): Batch<Output> {
  return batchOfEntries(
    given.map(({ output, partitionKey, record: changes }, index) => {
      const key = partitionKey === undefined ? {} : { partitionKey };
      const { record, bytes } = entryOf(index, Buffer.from(`record ${index}`), { ...key, ...changes });
      return { output, record, bytes };
    }),
    { application: "copy", stream: "orders" },
  );
}

/** The same batch with only what was to be tried again, in stream order. */
export function remainderOf<Output>(batch: Batch<Output>, { failed }: EmitResult<Output>): Batch<Output> {
  const again = new Set(failed.filter(({ action }) => action === "retry").map(({ entry }) => entry));
  return { ...batch, entries: batch.entries.filter((entry) => again.has(entry)) };
}

/** Emits until nothing is to be tried again, as the engine does, without its pauses. Returns the dead letters. */
export async function emitUntilWritten<Output>(
  emitter: Emitter<Output>,
  batch: Batch<Output>,
  maxAttempts = 1000,
): Promise<EmitResult<Output>["failed"]> {
  const rejected: EmitResult<Output>["failed"][number][] = [];
  let remaining = batch;
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    let result: EmitResult<Output>;
    try {
      result = await emitter.emit(remaining, contextOf(undefined, { attempt }));
    } catch (error) {
      if (error instanceof Error && error.name === "KinesisConnectorError") throw error;
      continue;
    }
    rejected.push(...result.failed.filter(({ action }) => action === "dead-letter"));
    remaining = remainderOf(remaining, result);
    if (remaining.entries.length === 0) return rejected;
  }
  throw new Error(`not settled after ${maxAttempts} tries`);
}

/** Runs a shard of these records to its end; returns what the engine told of itself. */
export async function runShard<Model, Output, Plan, DeadLetterPlan>(
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
  records: readonly KinesisRecord[],
): Promise<ShardEvent[]> {
  const events: ShardEvent[] = [];
  const source = simulatedShard(records, { clock: systemClock, pageRecords: 100 });
  source.close();
  await processShard(pipeline, {
    application: "copy",
    stream: "orders",
    shardId: "shardId-000000000003",
    source,
    checkpointer: memoryCheckpointer(),
    initialPosition: { type: "trim-horizon" },
    clock: systemClock,
    random: systemRandom,
    budget: new ByteBudget(64 * 1024 * 1024),
    observe: (event) => events.push(event),
    stopSignal: new AbortController().signal,
    abortSignal: new AbortController().signal,
  });
  return events;
}
