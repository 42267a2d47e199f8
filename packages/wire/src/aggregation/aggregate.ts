import { AggregateInputError } from "./aggregate-error.js";
import { maxUserRecordsPerAggregate, startsWithMagic } from "./aggregate-format.js";
import { createAggregateWriter, type RecordToAggregate } from "./aggregate-writer.js";
import { parseExplicitHashKey } from "./hash-key.js";

/** When an aggregate is full. */
export interface AggregatorOptions {
  /**
   * Largest aggregate, in bytes of the finished Kinesis record's data (magic, keys and MD5 included). A single
   * record that is larger goes alone. Default: 51,200 (50 KiB), the KPL's `AggregationMaxSize`.
   */
  readonly maxBytes?: number;
  /** Most user records in one aggregate. Default and limit: 100,000, what {@link deaggregate} takes apart. */
  readonly maxRecords?: number;
}

/** One Kinesis record to put: `PutRecord`, or an entry of `PutRecords`. */
export interface KinesisRecordToPut {
  readonly data: Uint8Array;
  /** The partition key of the first user record. */
  readonly partitionKey: string;
  /** The explicit hash key of the first user record; absent if it has none. */
  readonly explicitHashKey?: string;
  /** Number of user records in `data`. */
  readonly userRecords: number;
}

/** Packs user records into Kinesis records, in the order in which they are added. */
export interface Aggregator {
  /**
   * Adds one user record.
   *
   * @returns a finished Kinesis record if this one made it full or did not fit in any more, else `undefined`.
   * @throws AggregateInputError if a key is nothing the service accepts; the aggregator is then as before.
   */
  readonly add: (record: RecordToAggregate) => KinesisRecordToPut | undefined;
  /** Finishes what was added so far, full or not; `undefined` if that is nothing. */
  readonly flush: () => KinesisRecordToPut | undefined;
}

const defaultMaxBytes = 51_200;

// The largest record a stream can be set to take (UpdateMaxRecordSize): 10 MiB.
const maxRecordBytes = 10 * 1024 * 1024;

// PutRecord, `PartitionKey`: 1 to 256 Unicode characters.
const maxPartitionKeyCharacters = 256;

const NAMES: Readonly<Record<keyof AggregatorOptions, RegExp>> = { maxBytes: /byt/i, maxRecords: /rec/i };

/** A misspelt option would be passed over in silence, and its default taken. */
const checkNames = (options: AggregatorOptions): void => {
  if (typeof options !== "object" || options === null)
    throw new AggregateInputError("createAggregator takes its options as one object");
  if (options instanceof Promise)
    throw new AggregateInputError("createAggregator was given a promise of its options: await it");
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(NAMES, name)) continue;
    const meant = Object.entries(NAMES).find(([, hint]) => hint.test(name))?.[0];
    const cure = meant === undefined ? "there are maxBytes, maxRecords" : `did you mean ${meant}?`;
    throw new AggregateInputError(`createAggregator has no option ${name.slice(0, 100)}: ${cure}`);
  }
};

const checkOption = (name: string, value: number, limit: number): void => {
  if (Number.isInteger(value) && value >= 1 && value <= limit) return;
  throw new AggregateInputError(`${name} is ${value}; give a whole number from 1 to ${limit}`);
};

const checkKeys = ({ partitionKey, explicitHashKey }: RecordToAggregate): void => {
  // Characters, not UTF-16 units; counted only where the two can differ in the verdict.
  const characters =
    partitionKey.length > maxPartitionKeyCharacters ? Array.from(partitionKey).length : partitionKey.length;
  if (characters < 1 || characters > maxPartitionKeyCharacters)
    throw new AggregateInputError(
      `a partition key has ${characters} characters; Kinesis takes 1 to ${maxPartitionKeyCharacters}`,
    );
  if (explicitHashKey !== undefined && parseExplicitHashKey(explicitHashKey) === undefined)
    throw new AggregateInputError("an explicit hash key is no decimal number from 0 to 2^128 - 1");
};

/**
 * Packs user records as the Kinesis Producer Library does, so that thousands of small ones cost few Kinesis records.
 *
 * Keep **one aggregator per shard** and give each the records whose hash key the shard owns ({@link partitionHashKey},
 * {@link isInHashKeyRange}): the whole Kinesis record goes where its first user record leads, and consumers drop an
 * aggregate that holds a record of another shard. For the same reason, when a put answers with another shard than
 * expected (a reshard), put its user records again.
 *
 * A Kinesis record of one user record is that record as it is, without a frame, as the KPL does it. Only data that
 * itself opens like an aggregate is framed even then, or a consumer would take the user's bytes apart.
 *
 * @throws AggregateInputError if an option is no whole number within its limits, or there is no such option.
 */
export const createAggregator = (options: AggregatorOptions = {}): Aggregator => {
  checkNames(options);
  const { maxBytes = defaultMaxBytes, maxRecords = maxUserRecordsPerAggregate } = options;
  checkOption("maxBytes", maxBytes, maxRecordBytes);
  checkOption("maxRecords", maxRecords, maxUserRecordsPerAggregate);
  let writer = createAggregateWriter();
  let first: RecordToAggregate | undefined;

  const flush = (): KinesisRecordToPut | undefined => {
    if (first === undefined) return undefined;
    const { partitionKey, explicitHashKey, data } = first;
    const finished: KinesisRecordToPut = {
      data: writer.count() === 1 && !startsWithMagic(data) ? data : writer.finish(),
      partitionKey,
      ...(explicitHashKey === undefined ? {} : { explicitHashKey }),
      userRecords: writer.count(),
    };
    writer = createAggregateWriter();
    first = undefined;
    return finished;
  };

  return {
    add: (record) => {
      checkKeys(record);
      const finished = writer.sizeWith(record) > maxBytes ? flush() : undefined;
      first ??= record;
      writer.add(record);
      // Both at once cannot be: after a flush one record is pending, and with maxRecords 1 none ever was before.
      return writer.count() === maxRecords ? flush() : finished;
    },
    flush,
  };
};
