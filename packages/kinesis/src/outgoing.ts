import type { Packed } from "@kinesis-connectors/aws";
import {
  asError,
  type Batch,
  type BufferEntry,
  type FailedEntry,
  hasLoneSurrogate,
  poisonRecord,
} from "@kinesis-connectors/core";
import { createAggregator, parseExplicitHashKey, partitionHashKey } from "@kinesis-connectors/wire";
import { MAX_PARTITION_KEY_BYTES, MAX_PARTITION_KEY_CHARACTERS } from "./limits.js";
import type { KinesisSettings } from "./settings.js";

/** One user record on its way to the target. Unless it goes into an aggregate, it is a Kinesis record of a request itself. */
export interface OutgoingRecord<Output> extends KeysOfRecord, Packed {
  readonly entry: BufferEntry<Output>;
  readonly data: Uint8Array;
}

/** Many user records in one Kinesis record of a request. */
interface OutgoingAggregate<Output> extends KeysOfRecord, Packed {
  readonly records: readonly OutgoingRecord<Output>[];
  readonly data: Uint8Array;
}

/** One Kinesis record of a request. */
export type KinesisPut<Output> = OutgoingRecord<Output> | OutgoingAggregate<Output>;

interface KeysOfRecord {
  readonly partitionKey: string;
  readonly explicitHashKey: string | undefined;
}

/** A batch, encoded: what can be put, and what never can. */
export interface EncodedBatch<Output> {
  readonly outgoing: readonly OutgoingRecord<Output>[];
  readonly refused: readonly FailedEntry<Output>[];
}

/** Encodes each entry; what the service would never take is for the dead letters. */
export function encodeBatch<Output>(
  batch: Batch<Output>,
  settings: KinesisSettings<Output>,
): EncodedBatch<Output> {
  const outgoing: OutgoingRecord<Output>[] = [];
  const refused: FailedEntry<Output>[] = [];
  for (const entry of batch.entries) {
    try {
      outgoing.push(encodeEntry(entry, batch, settings));
    } catch (thrown) {
      refused.push({ entry, action: "dead-letter", error: asError(thrown) });
    }
  }
  return { outgoing, refused };
}

/** A record as it is, as one Kinesis record. */
export function packAlone<Output>(
  records: readonly OutgoingRecord<Output>[],
  start: number,
): OutgoingRecord<Output> {
  const record = records[start];
  if (record === undefined) throw new RangeError(`there is no record ${start} among ${records.length}`);
  return record;
}

/** As many records from `start` on as one aggregate holds. All must be of the same shard. */
export function packAggregate<Output>(
  records: readonly OutgoingRecord<Output>[],
  start: number,
  options: { readonly maxBytes: number; readonly maxRecords?: number },
): KinesisPut<Output> {
  const aggregator = createAggregator(options);
  let index = start;
  let full = aggregator.add(keyed(packAlone(records, index)));
  while (full === undefined && index + 1 < records.length) {
    index += 1;
    full = aggregator.add(keyed(packAlone(records, index)));
  }
  const packed = full ?? aggregator.flush();
  if (packed === undefined) return packAlone(records, start);
  const { data, userRecords: count, partitionKey, explicitHashKey } = packed;
  const bytes = data.length + Buffer.byteLength(partitionKey);
  return { records: records.slice(start, start + count), count, data, partitionKey, explicitHashKey, bytes };
}

/** The user records that travel in a Kinesis record. */
export function recordsIn<Output>(put: KinesisPut<Output>): readonly OutgoingRecord<Output>[] {
  return "records" in put ? put.records : [put];
}

/** What decides the shard of a record: the explicit hash key, or the MD5 of the partition key (API reference, PutRecords). */
export function hashKeyOf({ partitionKey, explicitHashKey }: KeysOfRecord): bigint {
  const explicit = explicitHashKey === undefined ? undefined : parseExplicitHashKey(explicitHashKey);
  return explicit ?? partitionHashKey(partitionKey);
}

/** Without the member that is undefined. */
function keyed<Output>({
  data,
  partitionKey,
  explicitHashKey,
}: OutgoingRecord<Output>): Parameters<ReturnType<typeof createAggregator>["add"]>[0] {
  return explicitHashKey === undefined ? { data, partitionKey } : { data, partitionKey, explicitHashKey };
}

function encodeEntry<Output>(
  entry: BufferEntry<Output>,
  batch: Batch<Output>,
  settings: KinesisSettings<Output>,
): OutgoingRecord<Output> {
  const { output, record } = entry;
  const partitionKey = settings.partitionKey(output, record);
  const keyBytes = partitionKeyBytes(partitionKey);
  const explicitHashKey = settings.explicitHashKey(output, record);
  if (
    explicitHashKey !== undefined &&
    (typeof explicitHashKey !== "string" || parseExplicitHashKey(explicitHashKey) === undefined)
  )
    throw poisonRecord("explicitHashKey gave no decimal number from 0 to 2^128 - 1");
  const given = settings.data(output, record, batch);
  if (typeof given !== "string" && !(given instanceof Uint8Array))
    throw poisonRecord(`data gave neither bytes nor a text, but ${given === null ? "null" : typeof given}`);
  if (typeof given === "string" && hasLoneSurrogate(given))
    throw poisonRecord("data gave a text with half a surrogate pair, which UTF-8 cannot write");
  const data = typeof given === "string" ? Buffer.from(given) : given;
  const bytes = data.length + keyBytes;
  const { maxRecordBytes, aggregate } = settings;
  const outgoing = { entry, data, partitionKey, explicitHashKey, bytes, count: 1 };
  // Bytes that open like an aggregate are framed even when they travel alone, and the frame counts.
  const mayBeFramed =
    aggregate !== undefined &&
    data[0] === AGGREGATE_START &&
    bytes <= maxRecordBytes &&
    bytes > maxRecordBytes - 2 * MAX_PARTITION_KEY_BYTES;
  const putBytes = mayBeFramed ? packAggregate([outgoing], 0, aggregate).bytes : bytes;
  if (putBytes > maxRecordBytes)
    throw poisonRecord(
      `the record has ${putBytes} bytes with its key, but a record of the stream holds ${maxRecordBytes} (maxRecordBytes)`,
    );
  return outgoing;
}

/** First byte of the magic that opens an aggregate (aggregation-format.md of the KPL). */
const AGGREGATE_START = 0xf3;

/** How long a partition key is in UTF-8; throws where Kinesis does not take it. */
function partitionKeyBytes(key: string): number {
  if (typeof key !== "string") throw poisonRecord(`partitionKey gave no text, but ${typeof key}`);
  const { length } = key;
  if (length < 1 || length > MAX_PARTITION_KEY_CHARACTERS)
    throw poisonRecord(
      `partitionKey gave ${length} characters; Kinesis takes 1 to ${MAX_PARTITION_KEY_CHARACTERS}`,
    );
  if (hasLoneSurrogate(key)) throw poisonRecord("partitionKey gave a text that is not valid Unicode");
  return Buffer.byteLength(key);
}
