import { writeAnyBase64 } from "./base64.js";
import { parseBounded } from "./bounded-json.js";
import { isObject, readChildShards } from "../page/records-members.js";
import { Page } from "../page/page.js";
import { type PageRecord, pageRecords } from "../page/page-record.js";
import type { RecordsAnswer } from "../page/records-answer.js";
import { dataPlace, keyPlace, RecordTable, sequencePlace } from "../page/record-table.js";
import { WireFormatError } from "../wire-format-error.js";

function malformed(what: string): WireFormatError {
  return new WireFormatError(`the JSON answer ${what}; it was damaged or cut off on its way: ask again`);
}

/**
 * Reads any answer to GetRecords, or event of SubscribeToShard, by way of `JSON.parse`.
 * @throws WireFormatError
 */
export function parseRecordsJson(body: Buffer): RecordsAnswer {
  let parsed: unknown;
  try {
    parsed = parseBounded(body);
  } catch (error) {
    if (WireFormatError.isInstance(error)) throw error;
    // The parser quotes what it read, and that may be a record.
    throw malformed("is not JSON");
  }
  if (!isObject(parsed)) throw malformed("is not an object");
  const answer: RecordsAnswer = {};
  const records = parsed["Records"] ?? undefined;
  const iterator = optionalText(parsed["NextShardIterator"]);
  const continuation = optionalText(parsed["ContinuationSequenceNumber"]);
  const lag = optionalNumber(parsed["MillisBehindLatest"]);
  const childShards = parsed["ChildShards"] ?? undefined;
  if (records !== undefined) answer.Records = readRecords(records);
  if (iterator !== undefined) answer.NextShardIterator = iterator;
  if (continuation !== undefined) answer.ContinuationSequenceNumber = continuation;
  if (lag !== undefined) answer.MillisBehindLatest = lag;
  if (childShards !== undefined) answer.ChildShards = readChildShards(childShards);
  return answer;
}

interface ParsedRecord {
  readonly data: string;
  readonly partitionKey: string;
  readonly sequenceNumber: string;
  readonly arrivalTimeMs: number | undefined;
  readonly encryptionType: string | undefined;
}

/** Lays the records out in a page of their own, so that they are the same to everyone after this. */
function readRecords(value: unknown): PageRecord[] {
  if (!Array.isArray(value)) throw malformed("has no list of records");
  const elements: readonly unknown[] = value;
  const parsed = elements.map(readRecord);
  let bytes = 0;
  for (const record of parsed) {
    bytes +=
      record.data.length + Buffer.byteLength(record.partitionKey) + Buffer.byteLength(record.sequenceNumber);
  }
  const page = Buffer.allocUnsafe(bytes);
  const table = new RecordTable(page.length);
  table.expect(parsed.length);
  let at = 0;
  for (const record of parsed) {
    const row = table.begin();
    const dataEnd = writeAnyBase64(page, record.data, at);
    if (dataEnd < 0) throw malformed("has data that is not base64");
    const keyEnd = dataEnd + page.write(record.partitionKey, dataEnd);
    const sequenceEnd = keyEnd + page.write(record.sequenceNumber, keyEnd);
    table.set(row, dataPlace, at, dataEnd);
    table.set(row, keyPlace, dataEnd, keyEnd);
    table.set(row, sequencePlace, keyEnd, sequenceEnd);
    at = sequenceEnd;
    if (record.arrivalTimeMs !== undefined) table.times[table.length - 1] = record.arrivalTimeMs;
    if (record.encryptionType !== undefined) table.setEncryptionType(record.encryptionType);
  }
  return pageRecords(table, new Page(page, page, undefined));
}

function readRecord(value: unknown): ParsedRecord {
  if (!isObject(value)) throw malformed("has a record that is no object");
  if (isObject(value["Data"])) throw dataAsObject();
  const data = optionalText(value["Data"]);
  const partitionKey = optionalText(value["PartitionKey"]);
  const sequenceNumber = optionalText(value["SequenceNumber"]);
  if (data === undefined || partitionKey === undefined || sequenceNumber === undefined) {
    throw malformed("has a record without its data, partition key or sequence number");
  }
  const arrivalSeconds = optionalNumber(value["ApproximateArrivalTimestamp"]);
  const arrivalTimeMs = arrivalSeconds === undefined ? undefined : Math.round(arrivalSeconds * 1_000);
  if (arrivalTimeMs !== undefined && !(Math.abs(arrivalTimeMs) <= 8.64e15)) {
    throw malformed("has a time that does not exist");
  }
  return {
    data,
    partitionKey,
    sequenceNumber,
    arrivalTimeMs,
    encryptionType: optionalText(value["EncryptionType"]),
  };
}

/** kinesalite keeps what was put in CBOR as an object, and gives it so to every reader. */
function dataAsObject(): WireFormatError {
  return new WireFormatError(
    "the JSON answer has the data of a record as an object where Kinesis writes base64: this server keeps records that were put in CBOR so " +
      'that nobody can read them; put them in JSON (wireFormat "json" of kinesisEmitter, or AWS_CBOR_DISABLE=1)',
    { isForeign: true },
  );
}

function optionalText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw malformed("has a value of another type than its name says");
  return value;
}

function optionalNumber(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw malformed("has a value of another type than its name says");
  return value;
}
