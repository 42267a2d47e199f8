import {
  comparePositions,
  KinesisConnectorError,
  type KinesisRecord,
  type Position,
} from "@kinesis-connectors/core";
import {
  AggregatedRecord,
  type Deaggregation,
  deaggregate,
  deaggregatePageRecord,
  type HashKeyRange,
  PageRecord,
  type UserRecord,
} from "@kinesis-connectors/wire";

import type { StreamRecord } from "../kinesis/kinesis-api.js";

/** What a page of stream records comes to once the aggregates in it have been taken apart. */
export interface UserRecords {
  /** The records as producers put them, in the order of the stream. */
  readonly records: readonly KinesisRecord[];
  /** Bytes of data that the page keeps in memory. */
  readonly bytes: number;
  /** Bytes of the records' data, as producers put it. */
  readonly dataBytes: number;
  /** The place after which reading goes on: the end of the last stream record, handed over or not. */
  readonly scannedEnd: Position | undefined;
  /** Lets the answer's memory go, once none of the records is needed any more. Absent where that makes no difference. */
  readonly release: (() => void) | undefined;
  /** Aggregates that belong to another shard, as a producer sends for a moment after a reshard; they are left out, as the KCL does. */
  readonly dropped: readonly DroppedAggregate[];
}

/** An aggregate that was left out because a user record in it belongs to another shard. */
export interface DroppedAggregate {
  readonly sequenceNumber: string;
  readonly userRecords: number;
}

/**
 * Turns the records of an answer into what producers put: aggregates taken apart, each user record with its sub-sequence number.
 * Records up to and including `after` are left out, which is how reading resumes inside an aggregate.
 *
 * @param range the shard's hash keys, for the rule that drops an aggregate of another shard as a whole
 * @param after where earlier reading ended, or undefined when everything is new
 */
export function toUserRecords(
  answer: readonly StreamRecord[],
  range: HashKeyRange,
  after: Position | undefined,
): UserRecords {
  if (isWholePage(answer, after)) {
    const [first] = answer;
    return {
      records: answer,
      bytes: first?.pageBytes ?? 0,
      dataBytes: first?.pageDataBytes ?? 0,
      release: () => first?.releasePage(),
      dropped: [],
      scannedEnd: endOf(answer.at(-1), 0, after),
    };
  }
  const records: KinesisRecord[] = [];
  const dropped: DroppedAggregate[] = [];
  let bytes = 0;
  let dataBytes = 0;
  let release: (() => void) | undefined;
  let lastSubSequenceNumber = 0;
  // Sequence numbers rise within a shard: once one record is past `after`, all that follow are.
  let resuming = after;
  const keep = (record: KinesisRecord): void => {
    if (resuming !== undefined) {
      if (comparePositions(record, resuming) <= 0) return;
      resuming = undefined;
    }
    records.push(record);
    dataBytes += dataBytesOf(record);
  };
  for (const record of answer) {
    lastSubSequenceNumber = 0;
    let opened: Deaggregation<AggregatedRecord | UserRecord>;
    if (record instanceof PageRecord) {
      // All records of an answer share its page, and each of them keeps the whole of it.
      bytes = record.pageBytes;
      release ??= () => record.releasePage();
      if (!record.mayBeAggregate) {
        keep(record);
        continue;
      }
      opened = deaggregatePageRecord(record, range);
    } else {
      bytes += record.data.length;
      opened = deaggregate(record.data, range);
    }
    switch (opened.kind) {
      case "plain":
        keep(
          record instanceof PageRecord
            ? record
            : toKinesisRecord(record, record.data, record.partitionKey, undefined, 0, undefined),
        );
        break;
      case "aggregated":
        for (const user of opened.records) {
          lastSubSequenceNumber = user.subSequenceNumber;
          keep(
            user instanceof AggregatedRecord
              ? user
              : toKinesisRecord(
                  record,
                  user.data,
                  user.partitionKey,
                  user.explicitHashKey,
                  user.subSequenceNumber,
                  undefined,
                ),
          );
        }
        break;
      case "outside-range":
        lastSubSequenceNumber = Math.max(0, opened.count - 1);
        dropped.push({ sequenceNumber: record.sequenceNumber, userRecords: opened.count });
        break;
      case "malformed":
        keep(
          toKinesisRecord(
            record,
            record.data,
            record.partitionKey,
            undefined,
            0,
            new KinesisConnectorError(
              "KC_RECORD_POISON",
              `the aggregated record of ${record.data.length} bytes cannot be taken apart: ${opened.reason}`,
            ),
          ),
        );
        break;
    }
  }
  const last = answer.at(-1);
  return {
    records,
    bytes,
    dataBytes,
    release,
    dropped,
    scannedEnd: endOf(last, lastSubSequenceNumber, after),
  };
}

/** Without making the view of it, where it lies in its page. */
function dataBytesOf(record: KinesisRecord): number {
  return record instanceof PageRecord || record instanceof AggregatedRecord
    ? record.dataEnd - record.dataStart
    : record.data.length;
}

/** Whether all records of an answer are new and none is an aggregate: then they are what producers put, as they are. */
function isWholePage(
  answer: readonly StreamRecord[],
  after: Position | undefined,
): answer is readonly PageRecord[] {
  const [first] = answer;
  if (!(first instanceof PageRecord) || first.pageMayHaveAggregates) return false;
  return after === undefined || comparePositions(first, after) > 0;
}

function endOf(
  last: StreamRecord | undefined,
  subSequenceNumber: number,
  after: Position | undefined,
): Position | undefined {
  if (last === undefined) return after;
  const end: Position = { sequenceNumber: last.sequenceNumber, subSequenceNumber };
  // An aggregate read again from its middle can end before the place where reading had come to only if the rule dropped it.
  return after !== undefined && comparePositions(end, after) < 0 ? after : end;
}

/** Always the same members in the same order: records of one shape keep the code that walks over them fast. */
function toKinesisRecord(
  record: StreamRecord,
  data: Uint8Array,
  partitionKey: string,
  explicitHashKey: string | undefined,
  subSequenceNumber: number,
  failure: KinesisConnectorError | undefined,
): KinesisRecord {
  return {
    sequenceNumber: record.sequenceNumber,
    subSequenceNumber,
    data,
    partitionKey,
    explicitHashKey,
    arrivalTimeMs: record.arrivalTimeMs,
    failure,
  };
}
