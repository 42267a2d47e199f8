import { hash } from "node:crypto";

import {
  aggregateMagic,
  dataField,
  digestBytes,
  explicitHashKeyIndexField,
  explicitHashKeyTableField,
  partitionKeyIndexField,
  partitionKeyTableField,
  recordsField,
} from "./aggregate-format.js";
import { wireBytes, wireVarint } from "./protobuf-reader.js";

/** A record as a producer hands it to an aggregator. */
export interface RecordToAggregate {
  /** Read when the Kinesis record is finished, not when it is added: leave the bytes alone until then. */
  readonly data: Uint8Array;
  /** 1 to 256 characters. */
  readonly partitionKey: string;
  /** Decimal, 0 to 2^128 - 1; replaces the MD5 of the partition key. */
  readonly explicitHashKey?: string;
}

/** One aggregate in the making. Sizes are exact before a byte is written, so there is one buffer and one copy. */
export interface AggregateWriter {
  readonly add: (record: RecordToAggregate) => void;
  readonly count: () => number;
  /** Bytes of the finished aggregate if `record` were added. */
  readonly sizeWith: (record: RecordToAggregate) => number;
  readonly finish: () => Buffer;
}

interface PendingRecord {
  readonly partitionKeyIndex: number;
  readonly explicitHashKeyIndex: number | undefined;
  readonly data: Uint8Array;
}

const varintBytes = (value: number): number => {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
};

// Every field number of the format is below 16, so a tag is one byte.
const varintFieldBytes = (value: number): number => 1 + varintBytes(value);
const lengthFieldBytes = (length: number): number => 1 + varintBytes(length) + length;

const recordBytes = (record: PendingRecord): number =>
  varintFieldBytes(record.partitionKeyIndex) +
  (record.explicitHashKeyIndex === undefined ? 0 : varintFieldBytes(record.explicitHashKeyIndex)) +
  lengthFieldBytes(record.data.length);

/** A table of distinct strings; a key's index is its place in the order of first use. */
const createKeyTable = () => {
  const indexes = new Map<string, number>();
  return {
    keys: (): Iterable<string> => indexes.keys(),
    indexOf: (key: string): number => indexes.get(key) ?? indexes.size,
    /** Bytes by which the table grows if the key is added. */
    bytesFor: (key: string): number => (indexes.has(key) ? 0 : lengthFieldBytes(Buffer.byteLength(key))),
    add: (key: string): void => {
      if (!indexes.has(key)) indexes.set(key, indexes.size);
    },
  };
};

/** Starts an empty aggregate. */
export const createAggregateWriter = (): AggregateWriter => {
  const partitionKeys = createKeyTable();
  const explicitHashKeys = createKeyTable();
  const records: PendingRecord[] = [];
  let size = aggregateMagic.length + digestBytes;

  const pend = ({ partitionKey, explicitHashKey, data }: RecordToAggregate): PendingRecord => ({
    partitionKeyIndex: partitionKeys.indexOf(partitionKey),
    explicitHashKeyIndex:
      explicitHashKey === undefined ? undefined : explicitHashKeys.indexOf(explicitHashKey),
    data,
  });

  const sizeWith = (record: RecordToAggregate): number =>
    size +
    partitionKeys.bytesFor(record.partitionKey) +
    (record.explicitHashKey === undefined ? 0 : explicitHashKeys.bytesFor(record.explicitHashKey)) +
    lengthFieldBytes(recordBytes(pend(record)));

  const finish = (): Buffer => {
    const bytes = Buffer.allocUnsafe(size);
    let position = 0;
    const writeVarint = (value: number): void => {
      let rest = value;
      for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes[position++] = (rest % 128) | 0x80;
      bytes[position++] = rest;
    };
    const writeVarintField = (field: number, value: number): void => {
      bytes[position++] = field * 8 + wireVarint;
      writeVarint(value);
    };
    const writeLength = (field: number, length: number): void => {
      bytes[position++] = field * 8 + wireBytes;
      writeVarint(length);
    };
    const writeTable = (field: number, keys: Iterable<string>): void => {
      for (const key of keys) {
        writeLength(field, Buffer.byteLength(key));
        position += bytes.write(key, position);
      }
    };

    bytes.set(aggregateMagic);
    position = aggregateMagic.length;
    writeTable(partitionKeyTableField, partitionKeys.keys());
    writeTable(explicitHashKeyTableField, explicitHashKeys.keys());
    for (const record of records) {
      writeLength(recordsField, recordBytes(record));
      writeVarintField(partitionKeyIndexField, record.partitionKeyIndex);
      if (record.explicitHashKeyIndex !== undefined)
        writeVarintField(explicitHashKeyIndexField, record.explicitHashKeyIndex);
      writeLength(dataField, record.data.length);
      bytes.set(record.data, position);
      position += record.data.length;
    }
    bytes.set(hash("md5", bytes.subarray(aggregateMagic.length, position), "buffer"), position);
    return bytes;
  };

  return {
    add: (record) => {
      size = sizeWith(record);
      records.push(pend(record));
      partitionKeys.add(record.partitionKey);
      if (record.explicitHashKey !== undefined) explicitHashKeys.add(record.explicitHashKey);
    },
    count: () => records.length,
    sizeWith,
    finish,
  };
};
