import {
  KinesisClient,
  PutRecordsCommand,
  type PutRecordsCommandOutput,
  type PutRecordsRequestEntry,
  ResourceNotFoundException,
} from "@aws-sdk/client-kinesis";
import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";

/** PutRecords takes 500 records and 5 MiB (keys included) in one request (API reference, PutRecords). */
const MAX_RECORDS = 500;
const MAX_REQUEST_BYTES = 5 * 1024 * 1024;
/** One record is its data plus its key, 1 MiB unless the stream was set to more. */
const MAX_RECORD_BYTES = 1024 * 1024;
const MAX_DELAY_MS = 5_000;

/** A record that the stream has taken. */
export interface WrittenRecord {
  readonly data: Uint8Array;
  readonly shardId: string;
  readonly sequenceNumber: string;
}

/** What `putLines` needs. */
export interface PutOptions {
  readonly client: KinesisClient;
  readonly stream: string;
  readonly onWritten: (records: readonly WrittenRecord[]) => void;
  readonly signal?: AbortSignal;
}

/** A record on its way into a stream. */
export interface RecordToPut {
  readonly data: Uint8Array;
  readonly partitionKey: string;
  readonly explicitHashKey?: string;
}

/** Puts each line as one record; the same line always goes to the same shard. */
export async function putLines(
  lines: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: PutOptions,
): Promise<void> {
  await putRecords(recordsOf(lines), options);
}

/** Puts records in batches; what the stream refuses goes again, in order, before what comes after it. */
export async function putRecords(records: AsyncIterable<RecordToPut>, options: PutOptions): Promise<void> {
  let batch: PutRecordsRequestEntry[] = [];
  let bytes = 0;
  let count = 0;
  for await (const { data, partitionKey, explicitHashKey } of records) {
    count += 1;
    options.signal?.throwIfAborted();
    const size = data.length + Buffer.byteLength(partitionKey);
    if (size > MAX_RECORD_BYTES) {
      throw new Error(
        `line ${count} has ${data.length} bytes, but a record holds ${MAX_RECORD_BYTES} with its key: split the line`,
      );
    }
    if (batch.length === MAX_RECORDS || bytes + size > MAX_REQUEST_BYTES) {
      await putBatch(batch, options);
      batch = [];
      bytes = 0;
    }
    batch.push({
      Data: data,
      PartitionKey: partitionKey,
      ...(explicitHashKey === undefined ? {} : { ExplicitHashKey: explicitHashKey }),
    });
    bytes += size;
  }
  if (batch.length > 0) await putBatch(batch, options);
}

async function* recordsOf(
  lines: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<RecordToPut, void> {
  for await (const data of lines) yield { data, partitionKey: partitionKeyOf(data) };
}

async function putBatch(batch: PutRecordsRequestEntry[], options: PutOptions): Promise<void> {
  let remaining = batch;
  for (let attempt = 1; remaining.length > 0; attempt += 1) {
    const answer = await send(remaining, options);
    const refused: PutRecordsRequestEntry[] = [];
    const written: WrittenRecord[] = [];
    for (const [index, entry] of remaining.entries()) {
      const { ShardId: shardId, SequenceNumber: sequenceNumber } = answer.Records?.[index] ?? {};
      if (shardId === undefined || sequenceNumber === undefined) refused.push(entry);
      else written.push({ data: entry.Data ?? new Uint8Array(), shardId, sequenceNumber });
    }
    options.onWritten(written);
    remaining = refused;
    if (refused.length > 0)
      await wait(Math.random() * Math.min(MAX_DELAY_MS, 100 * 2 ** attempt), undefined, {
        signal: options.signal,
      });
  }
}

async function send(
  records: PutRecordsRequestEntry[],
  options: PutOptions,
): Promise<PutRecordsCommandOutput> {
  try {
    return await options.client.send(new PutRecordsCommand({ StreamName: options.stream, Records: records }));
  } catch (thrown) {
    if (thrown instanceof ResourceNotFoundException) {
      throw new Error(
        `the stream ${options.stream} does not exist in this account and region: create it, or correct --stream`,
        { cause: thrown },
      );
    }
    throw thrown;
  }
}

/** Spreads the lines over the shards; the same line always goes to the same one. */
function partitionKeyOf(data: Uint8Array): string {
  return createHash("sha1").update(data).digest("base64url").slice(0, 12);
}
