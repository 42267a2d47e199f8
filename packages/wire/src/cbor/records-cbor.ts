import { bytesType, textType } from "./cbor-heads.js";
import { CborReader } from "./cbor-reader.js";
import { malformed } from "./cbor-values.js";
import {
  arrivalMember,
  childShardsMember,
  continuationMember,
  dataMember,
  encryptionMember,
  iteratorMember,
  lagMember,
  memberAt,
  partitionKeyMember,
  readChildShards,
  recordsMember,
  sequenceNumberMember,
  unknownMember,
} from "../page/records-members.js";
import { Page, type PageMemory } from "../page/page.js";
import { pageRecords } from "../page/page-record.js";
import { dataPlace, keyPlace, RecordTable, sequencePlace } from "../page/record-table.js";
import type { RecordsAnswer } from "../page/records-answer.js";
import { scanUsualRecord } from "./usual-record.js";
import { WireFormatError } from "../wire-format-error.js";

/**
 * Reads an answer to GetRecords, or an event of SubscribeToShard, in AWS-CBOR 1.1. Pure; members in any order, of any framing.
 *
 * @param body - becomes the page: leave it alone while the records are in use.
 * @param memory - where the body goes back to when the records are let go (`PageRecord.releasePage`). Default: nowhere.
 * @throws WireFormatError when the answer is damaged; nothing of it is returned then
 */
export function readRecordsCbor(body: Buffer, memory?: PageMemory): RecordsAnswer {
  const reader = new CborReader(body);
  const table = new RecordTable(body.length);
  const answer: RecordsAnswer = {};
  const size = reader.map();
  for (let done = 0; reader.hasMore(size, done); done += 1) {
    const member = readMember(reader);
    if (member === unknownMember) reader.skip();
    else if (!reader.isNull()) readAnswerMember(reader, member, answer, table);
  }
  reader.finish();
  // Without records nobody is there to give it back later.
  if (answer.Records !== undefined && table.length > 0)
    answer.Records = pageRecords(table, new Page(body, reader.bytes, memory));
  else memory?.give(body);
  return answer;
}

function readAnswerMember(
  reader: CborReader,
  member: number,
  answer: RecordsAnswer,
  table: RecordTable,
): void {
  switch (member) {
    case recordsMember:
      // Named twice, the second counts.
      table.length = 0;
      readRecords(reader, table);
      answer.Records = [];
      return;
    case iteratorMember:
      answer.NextShardIterator = reader.text();
      return;
    case continuationMember:
      answer.ContinuationSequenceNumber = reader.text();
      return;
    case lagMember:
      answer.MillisBehindLatest = reader.number();
      return;
    case childShardsMember:
      answer.ChildShards = readChildShards(reader.value());
      return;
    default:
      // A record's member, which means nothing out here.
      reader.skip();
  }
}

function readRecords(reader: CborReader, table: RecordTable): void {
  const size = reader.array();
  table.expect(size);
  for (let done = 0; reader.hasMore(size, done); done += 1) {
    const row = table.begin();
    const end = scanUsualRecord(reader.bytes, reader.view, reader.at, reader.end, table, row);
    if (end >= 0) {
      reader.at = end;
      continue;
    }
    table.clear(row);
    const members = reader.map();
    for (let read = 0; reader.hasMore(members, read); read += 1) {
      const member = readMember(reader);
      if (member === unknownMember) reader.skip();
      else if (!reader.isNull()) readRecordMember(reader, member, table, row);
    }
    if (!table.isComplete(row)) {
      throw malformed("has a record without its data, partition key or sequence number");
    }
  }
}

function readRecordMember(reader: CborReader, member: number, table: RecordTable, row: number): void {
  switch (member) {
    case dataMember:
      if (reader.isString(textType)) throw dataAsText();
      reader.string(bytesType);
      table.set(row, dataPlace, reader.start, reader.stop);
      return;
    case partitionKeyMember:
      reader.string(textType);
      table.set(row, keyPlace, reader.start, reader.stop);
      return;
    case sequenceNumberMember:
      reader.string(textType);
      table.set(row, sequencePlace, reader.start, reader.stop);
      return;
    case arrivalMember: {
      const arrivalTimeMs = Math.round(reader.number());
      // Not in the range of a Date: damaged.
      if (!(Math.abs(arrivalTimeMs) <= 8.64e15)) throw malformed("has a time that does not exist");
      table.times[table.length - 1] = arrivalTimeMs;
      return;
    }
    case encryptionMember:
      table.setEncryptionType(reader.text());
      return;
    default:
      // A member of the answer, which means nothing in here.
      reader.skip();
  }
}

/** Kinesis writes the data of a record as bytes; kinesalite and kinesis-mock write base64, as in JSON. */
function dataAsText(): WireFormatError {
  return new WireFormatError(
    "the answer has the data of a record as text where Kinesis writes bytes: this server's CBOR is not that of Kinesis; " +
      'speak JSON with it (wireFormat "json")',
    { isForeign: true },
  );
}

/** Reads a member's name. One that is no text is no member of ours. */
function readMember(reader: CborReader): number {
  reader.skipTags();
  if ((reader.bytes[reader.at] ?? 0) >> 5 !== textType) {
    reader.skip();
    return unknownMember;
  }
  reader.string(textType);
  return memberAt(reader.bytes, reader.start, reader.stop);
}
