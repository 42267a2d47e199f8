import {
  dataField,
  explicitHashKeyIndexField,
  explicitHashKeyTableField,
  maxUserRecordsPerAggregate,
  partitionKeyIndexField,
  partitionKeyTableField,
  recordsField,
  tagKeyField,
  tagsField,
} from "./aggregate-format.js";
import {
  type ProtobufReader,
  readLength,
  readTag,
  readVarint,
  skipField,
  wireBytes,
  wireVarint,
} from "./protobuf-reader.js";

/** Numbers kept per user record in {@link AggregateLayout.records}. */
export const numbersPerRecord = 4;

/** Stands for an index that the record does not have. */
export const noIndex = -1;

/**
 * Where everything lies in an `AggregatedRecord`. Flat arrays of numbers and no object per record: the tables may
 * come after the records that name them, so records can be built only once the message is read.
 */
export interface AggregateLayout {
  /** Start and end of each partition key. */
  readonly partitionKeys: number[];
  /** Start and end of each explicit hash key. */
  readonly explicitHashKeys: number[];
  /** Partition key index, explicit hash key index or {@link noIndex}, start and end of the data, of each record. */
  readonly records: number[];
  /** More records, or more keys, than {@link maxUserRecordsPerAggregate}; what lies behind them was not read. */
  oversized: boolean;
}

// A field is known by number and wire type together: protobuf reads over a known number of another type.
const varintTag = (field: number): number => field * 8 + wireVarint;
const bytesTag = (field: number): number => field * 8 + wireBytes;

const partitionKeyTag = bytesTag(partitionKeyTableField);
const explicitHashKeyTag = bytesTag(explicitHashKeyTableField);
const recordTag = bytesTag(recordsField);
const partitionKeyIndexTag = varintTag(partitionKeyIndexField);
const explicitHashKeyIndexTag = varintTag(explicitHashKeyIndexField);
const dataTag = bytesTag(dataField);
const recordTagsTag = bytesTag(tagsField);
const tagKeyTag = bytesTag(tagKeyField);

/** Narrows the reader to the message whose length comes next, and returns the end to go back to. */
const enterMessage = (reader: ProtobufReader): number => {
  const outerEnd = reader.end;
  const length = readLength(reader);
  if (!reader.failed) reader.end = reader.position + length;
  return outerEnd;
};

/** Puts the span of a string or bytes field at the end of `spans`. */
const readSpan = (reader: ProtobufReader, spans: number[]): void => {
  const length = readLength(reader);
  spans.push(reader.position, reader.position + length);
  reader.position += length;
};

/** A record's tag: nothing of it is kept, but without its required key the protobuf is none. */
const readRecordTag = (reader: ProtobufReader): void => {
  const outerEnd = enterMessage(reader);
  let hasKey = false;
  while (!reader.failed && reader.position < reader.end) {
    const tag = readTag(reader);
    if (tag === tagKeyTag) hasKey = true;
    if (!reader.failed) skipField(reader, tag);
  }
  if (!hasKey) reader.failed = true;
  reader.end = outerEnd;
};

const readRecord = (reader: ProtobufReader, records: number[]): void => {
  const outerEnd = enterMessage(reader);
  let partitionKeyIndex = noIndex;
  let explicitHashKeyIndex = noIndex;
  let dataStart = noIndex;
  let dataEnd = noIndex;
  // Of a field that comes twice the last one counts, as in every protobuf library.
  while (!reader.failed && reader.position < reader.end) {
    const tag = readTag(reader);
    if (tag === dataTag) {
      const length = readLength(reader);
      dataStart = reader.position;
      dataEnd = reader.position += length;
    } else if (tag === partitionKeyIndexTag) partitionKeyIndex = readVarint(reader);
    else if (tag === explicitHashKeyIndexTag) explicitHashKeyIndex = readVarint(reader);
    else if (tag === recordTagsTag) readRecordTag(reader);
    else if (!reader.failed) skipField(reader, tag);
  }
  if (partitionKeyIndex === noIndex || dataStart === noIndex) reader.failed = true;
  records.push(partitionKeyIndex, explicitHashKeyIndex, dataStart, dataEnd);
  reader.end = outerEnd;
};

/**
 * Reads an `AggregatedRecord` into positions.
 *
 * @returns `undefined` if the bytes are no such protobuf: cut off, a varint of more than 64 bits, a required field missing.
 */
export const readAggregate = (message: Uint8Array): AggregateLayout | undefined => {
  const reader: ProtobufReader = { bytes: message, position: 0, end: message.length, failed: false };
  const layout: AggregateLayout = { partitionKeys: [], explicitHashKeys: [], records: [], oversized: false };
  const { partitionKeys, explicitHashKeys, records } = layout;
  while (reader.position < reader.end) {
    const tag = readTag(reader);
    if (tag === recordTag) readRecord(reader, records);
    else if (tag === partitionKeyTag) readSpan(reader, partitionKeys);
    else if (tag === explicitHashKeyTag) readSpan(reader, explicitHashKeys);
    else if (!reader.failed) skipField(reader, tag);
    if (reader.failed) return undefined;
    if (
      records.length > maxUserRecordsPerAggregate * numbersPerRecord ||
      partitionKeys.length > maxUserRecordsPerAggregate * 2 ||
      explicitHashKeys.length > maxUserRecordsPerAggregate * 2
    ) {
      layout.oversized = true;
      return layout;
    }
  }
  return layout;
};
