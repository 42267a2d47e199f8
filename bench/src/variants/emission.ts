import {
  type Batch,
  type BufferEntry,
  type Emitter,
  type KinesisRecord,
  silentLogger,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import { dynamoDbEmitter } from "@kinesis-connectors/dynamodb";
import { kinesisEmitter } from "@kinesis-connectors/kinesis";
import type { Order } from "../data/documents.js";
import { parsed } from "../data/expected.js";
import {
  CREDENTIALS,
  endpointOf,
  type Job,
  REGION,
  REQUESTS_WARM_UP_MS,
  type Variant,
} from "../rows/variant.js";

/** One output and the record that it is of. */
type Pair<Output> = readonly [Output, KinesisRecord];

/** What the engine would hand over: the set's records, with what the transformer makes of each. */
function pairsOf<Output>({ set }: Job, outputOf: (data: Buffer) => Output): readonly Pair<Output>[] {
  return set.stored.map(({ data, partitionKey }, index) => [
    outputOf(data),
    {
      sequenceNumber: String(index).padStart(56, "4"),
      subSequenceNumber: 0,
      data,
      partitionKey,
      arrivalTimeMs: 0,
    },
  ]);
}

function batchOf<Output>(pairs: readonly Pair<Output>[]): Batch<Output> {
  let bytes = 0;
  const entries = pairs.map(([output, record]): BufferEntry<Output> => {
    bytes += record.data.length;
    return { output, record, bytes: record.data.length };
  });
  const position = { sequenceNumber: "1", subSequenceNumber: 0 };
  return {
    batchId: "0".repeat(32),
    application: "bench",
    stream: "bench",
    shardId: "shardId-000000000000",
    first: position,
    last: position,
    recordCount: entries.length,
    entries,
    bytes,
    reason: "records",
    gap: false,
  };
}

/** Emits batch after batch, all of them made beforehand. Nothing is read and nothing is parsed. */
async function emitAll<Output>(
  { meter }: Job,
  emitter: Emitter<Output>,
  pairs: readonly Pair<Output>[],
  recordsPerBatch: number,
): Promise<void> {
  const { signal } = new AbortController();
  const around = { signal, logger: silentLogger, clock: systemClock, random: systemRandom };
  const batches: Batch<Output>[] = [];
  for (let start = 0; start < pairs.length; start += recordsPerBatch)
    batches.push(batchOf(pairs.slice(start, start + recordsPerBatch)));
  let next = 0;
  let goesOn = true;
  while (goesOn) {
    const batch = batches[next % batches.length] ?? batchOf([]);
    const { failed } = await emitter.emit(batch, {
      plan: undefined,
      attempt: 1,
      inherited: false,
      ...around,
    });
    if (failed.length > 0) throw new Error("an entry was not written, so nothing can be said of the speed");
    next += 1;
    goesOn = meter.page(batch.entries.length);
  }
  await emitter.close?.();
}

const COMMON: Pick<Variant, "section" | "kind" | "unit" | "sets" | "transports" | "warmUpCpuMs"> = {
  section: "writing",
  kind: "ours",
  warmUpCpuMs: REQUESTS_WARM_UP_MS,
  unit: "record",
  sets: ["uniform"],
  transports: ["clear"],
};

/** As many as a batch holds by default. */
const RECORDS_PER_BATCH = 10_000;
/** Fewer, where each takes a request of its own: the window should hold several batches. */
const RECORDS_PER_GUARDED_BATCH = 1_000;

function connectionOf(job: Job): { region: string; credentials: typeof CREDENTIALS; endpoint: string } {
  return { region: REGION, credentials: CREDENTIALS, endpoint: endpointOf(job) };
}

function toKinesis(name: string, label: string, ordering: "partition-key" | "none"): Variant {
  return {
    ...COMMON,
    name,
    label,
    run: (job) => {
      const emitter = kinesisEmitter<Uint8Array>({ stream: "target", ordering, ...connectionOf(job) });
      return emitAll(
        job,
        emitter,
        pairsOf(job, (data) => data),
        RECORDS_PER_BATCH,
      );
    },
  };
}

function toDynamoDb(name: string, label: string, mode: "put" | "guarded", recordsPerBatch: number): Variant {
  return {
    ...COMMON,
    name,
    label,
    run: (job) => {
      const emitter = dynamoDbEmitter<Order>({ table: "bench", mode, ...connectionOf(job) });
      return emitAll(job, emitter, pairsOf(job, parsed), recordsPerBatch);
    },
  };
}

export const variants: readonly Variant[] = [
  toKinesis("emit-kinesis", "emitter alone: put to Kinesis, no order asked for", "none"),
  toKinesis(
    "emit-kinesis-ordered",
    "emitter alone: put to Kinesis, ordered by partition key",
    "partition-key",
  ),
  toDynamoDb("emit-dynamodb", "emitter alone: put to DynamoDB by batches of 25", "put", RECORDS_PER_BATCH),
  toDynamoDb(
    "emit-dynamodb-guarded",
    "emitter alone: put to DynamoDB guarded, one by one",
    "guarded",
    RECORDS_PER_GUARDED_BATCH,
  ),
];
