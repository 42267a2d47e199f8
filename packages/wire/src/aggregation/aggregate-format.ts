/**
 * The frame of an aggregated record, as the Kinesis Producer Library writes it:
 * 4 bytes of magic, one protobuf message `AggregatedRecord`, the 16 bytes of that message's MD5.
 * Source: awslabs/amazon-kinesis-producer, aggregation-format.md.
 */
export const aggregateMagic: Uint8Array = Uint8Array.of(0xf3, 0x89, 0x9a, 0xc2);

/** Bytes of the MD5 that closes the frame. */
export const digestBytes = 16;

/** `AggregatedRecord.partition_key_table`, repeated string. */
export const partitionKeyTableField = 1;
/** `AggregatedRecord.explicit_hash_key_table`, repeated string. */
export const explicitHashKeyTableField = 2;
/** `AggregatedRecord.records`, repeated message. */
export const recordsField = 3;

/** `Record.partition_key_index`, required uint64. */
export const partitionKeyIndexField = 1;
/** `Record.explicit_hash_key_index`, optional uint64. */
export const explicitHashKeyIndexField = 2;
/** `Record.data`, required bytes. */
export const dataField = 3;
/** `Record.tags`, repeated message; read over, as no library exposes them. */
export const tagsField = 4;
/** `Tag.key`, required string. */
export const tagKeyField = 1;

/**
 * Most user records taken from one aggregate: 100,000.
 *
 * A user record costs six bytes at least, so one hostile Kinesis record of 10 MiB could otherwise become
 * 1.7 million objects. The KPL's own aggregates end at 50 KiB, far below.
 */
export const maxUserRecordsPerAggregate = 100_000;

/** Whether the bytes from `start` to `end` open with the magic of an aggregate; the MD5 is not looked at. */
export const startsWithMagic = (data: Uint8Array, start: number = 0, end: number = data.length): boolean =>
  end - start >= aggregateMagic.length &&
  data[start] === 0xf3 &&
  data[start + 1] === 0x89 &&
  data[start + 2] === 0x9a &&
  data[start + 3] === 0xc2;
