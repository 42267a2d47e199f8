import { crc32 } from "node:zlib";
import { head, moment, text } from "./cbor.js";
import type { StoredRecord } from "./data-sets.js";

/** How many digits of each sequence number tell the page: a reader that resumes wants to see numbers that rise. */
const PAGE_DIGITS = 8;
const RECORD_DIGITS = 8;
const SEQUENCE_PREFIX = `4959033827149025660855969253835${"0".repeat(9)}`;

const ARRIVED_MS = 1_700_000_000_000;

/** An answer that was encoded once; before each sending the digits of the page in its sequence numbers are written anew. */
export class CannedPage {
  readonly bytes: Buffer;
  /** Byte offsets of the digits that tell the page. */
  readonly #places: readonly number[];
  /** Set for an event message, whose last four bytes are a CRC-32 of all others. */
  readonly #isMessage: boolean;
  constructor(bytes: Buffer, isMessage: boolean = false) {
    this.bytes = bytes;
    this.#places = findPlaces(bytes);
    this.#isMessage = isMessage;
  }

  /** Makes it the page of that number. */
  numbered(page: number): Buffer {
    const digits = Buffer.from(String(page).padStart(PAGE_DIGITS, "0"), "latin1");
    const { bytes } = this;
    for (const place of this.#places)
      for (let digit = 0; digit < PAGE_DIGITS; digit += 1) bytes[place + digit] = digits[digit] ?? 0;
    if (this.#isMessage) bytes.writeUInt32BE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
    return bytes;
  }
}

/** The record's n-th sequence number, with the digits of the page left at 0. */
function sequenceNumber(index: number): string {
  return `${SEQUENCE_PREFIX}${"0".repeat(PAGE_DIGITS)}${String(index).padStart(RECORD_DIGITS, "0")}`;
}

function findPlaces(bytes: Buffer): number[] {
  const places: number[] = [];
  const prefix = Buffer.from(SEQUENCE_PREFIX, "latin1");
  for (let at = bytes.indexOf(prefix); at >= 0; at = bytes.indexOf(prefix, at + prefix.length))
    places.push(at + prefix.length);
  return places;
}

/** The answer to GetRecords in AWS JSON 1.1. */
export function getRecordsJson(
  records: readonly StoredRecord[],
  iterator: string,
  millisBehind: number,
): Buffer {
  return Buffer.from(
    JSON.stringify({
      MillisBehindLatest: millisBehind,
      NextShardIterator: iterator,
      Records: records.map(jsonRecord),
    }),
  );
}

function jsonRecord(record: StoredRecord, index: number): object {
  return {
    ApproximateArrivalTimestamp: (ARRIVED_MS + index) / 1000,
    Data: record.data.toString("base64"),
    PartitionKey: record.partitionKey,
    SequenceNumber: sequenceNumber(index),
  };
}

/** The answer to GetRecords in AWS-CBOR 1.1, with definite lengths. */
export function getRecordsCbor(
  records: readonly StoredRecord[],
  iterator: string,
  millisBehind: number,
): Buffer {
  const parts: Buffer[] = [
    head(5, 3),
    text("MillisBehindLatest"),
    head(0, millisBehind),
    text("NextShardIterator"),
    text(iterator),
    text("Records"),
    head(4, records.length),
  ];
  for (const [index, record] of records.entries()) {
    parts.push(
      head(5, 4),
      text("SequenceNumber"),
      text(sequenceNumber(index)),
      text("ApproximateArrivalTimestamp"),
      moment(ARRIVED_MS + index),
      text("Data"),
      head(2, record.data.length),
      record.data,
      text("PartitionKey"),
      text(record.partitionKey),
    );
  }
  return Buffer.concat(parts);
}

/** An event of SubscribeToShard: an event stream message with the records in JSON, as the service sends it to the SDK. */
export function subscriptionEvent(records: readonly StoredRecord[], millisBehind: number): Buffer {
  const payload = Buffer.from(
    JSON.stringify({
      ContinuationSequenceNumber: sequenceNumber(records.length),
      MillisBehindLatest: millisBehind,
      Records: records.map(jsonRecord),
    }),
  );
  return eventMessage("SubscribeToShardEvent", payload);
}

/** The first message of an accepted subscription. */
export function initialResponse(): Buffer {
  return eventMessage("initial-response", Buffer.from("{}"));
}

/** Smithy, "Amazon Event Stream Specification": lengths, their CRC-32, headers of strings (type 7), payload, CRC-32 of everything. */
function eventMessage(eventType: string, payload: Buffer): Buffer {
  const headers = Buffer.concat(
    Object.entries({
      ":message-type": "event",
      ":event-type": eventType,
      ":content-type": "application/x-amz-json-1.1",
    }).map(([name, value]) => {
      const header = Buffer.alloc(1 + name.length + 3 + value.length);
      header[0] = name.length;
      header.write(name, 1, "latin1");
      header[1 + name.length] = 7;
      header.writeUInt16BE(value.length, 2 + name.length);
      header.write(value, 4 + name.length, "latin1");
      return header;
    }),
  );
  const message = Buffer.alloc(12 + headers.length + payload.length + 4);
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(headers.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  headers.copy(message, 12);
  payload.copy(message, 12 + headers.length);
  message.writeUInt32BE(crc32(message.subarray(0, -4)), message.length - 4);
  return message;
}
