import { writeAnyBase64, writeBase64 } from "./base64.js";
import { JsonScanner } from "./json-scanner.js";
import {
  arrivalMember,
  continuationMember,
  dataMember,
  encryptionMember,
  iteratorMember,
  lagMember,
  memberAt,
  partitionKeyMember,
  recordsMember,
  sequenceNumberMember,
} from "../page/records-members.js";
import { parseRecordsJson } from "./records-json-parse.js";
import { RecordPattern } from "./records-json-pattern.js";
import { Page, type PageMemory } from "../page/page.js";
import { pageRecords } from "../page/page-record.js";
import { dataPlace, keyPlace, RecordTable, sequencePlace } from "../page/record-table.js";
import type { RecordsAnswer } from "../page/records-answer.js";
import { WireFormatError } from "../wire-format-error.js";

// The range of a Date.
const maxArrivalSeconds = 8.64e12;

/**
 * Reads an answer to GetRecords, or an event of SubscribeToShard, in JSON 1.1. What the service usually sends is scanned in place,
 * and its base64 decoded where it stands; anything else (an escape, a member that is not known, a null, the child shards) goes through
 * `JSON.parse`, which is slower and right about everything.
 *
 * @param body - becomes the page and is overwritten: it is the caller's no more.
 * @param memory - where the body goes back to when the records are let go (`PageRecord.releasePage`). Default: nowhere.
 * @throws WireFormatError when the answer is damaged; nothing of it is returned then
 */
export function readRecordsJson(body: Buffer, memory?: PageMemory): RecordsAnswer {
  const scanned = scanAnswer(body, memory);
  const answer = scanned ?? parseRecordsJson(body);
  // Parsed records lie in a page of their own, and without records nobody is there to give the body back later.
  if (scanned === undefined || (scanned.Records ?? []).length === 0) memory?.give(body);
  return answer;
}

/** Undefined, and the bytes untouched, when the answer is not of the usual form. */
function scanAnswer(body: Buffer, memory: PageMemory | undefined): RecordsAnswer | undefined {
  const scanner = new JsonScanner(body);
  const answer: RecordsAnswer = {};
  const table = new RecordTable(body.length);
  let hasRecords = false;
  if (!scanner.open(0x7b)) return undefined;
  while (scanner.hasMember()) {
    switch (memberAt(scanner.bytes, scanner.start, scanner.stop)) {
      case recordsMember:
        // Named twice: JSON.parse knows which one counts.
        if (hasRecords || !scanRecords(scanner, table)) return undefined;
        hasRecords = true;
        break;
      case iteratorMember:
        if (!scanner.string()) return undefined;
        answer.NextShardIterator = scanner.text();
        break;
      case continuationMember:
        if (!scanner.string()) return undefined;
        answer.ContinuationSequenceNumber = scanner.text();
        break;
      case lagMember: {
        const lag = scanner.number();
        if (lag === undefined) return undefined;
        answer.MillisBehindLatest = lag;
        break;
      }
      default:
        return undefined;
    }
  }
  if (!scanner.atEnd()) return undefined;
  // Only now that the whole answer is known to be sound: decoding overwrites it.
  if (hasRecords) {
    decodeData(table, body);
    answer.Records = pageRecords(table, new Page(body, body, memory));
  }
  return answer;
}

function scanRecords(scanner: JsonScanner, table: RecordTable): boolean {
  if (!scanner.open(0x5b)) return false;
  const pattern = new RecordPattern();
  while (scanner.hasElement()) {
    const isRead =
      (pattern.isKnown && scanAlike(scanner, table, pattern)) || scanRecord(scanner, table, pattern);
    if (!isRead) return false;
  }
  return !scanner.failed;
}

/** Reads a record that is written as the pattern says. Otherwise false, and nothing is read but what made the scanner fail. */
function scanAlike(scanner: JsonScanner, table: RecordTable, pattern: RecordPattern): boolean {
  const { members, encryptionType } = pattern;
  const begun = scanner.at;
  const row = table.begin();
  let read = 0;
  while (pattern.readGap(scanner, read)) {
    const member = members[read];
    if (member === undefined) {
      if (encryptionType !== undefined) table.setEncryptionType(encryptionType);
      return true;
    }
    if (!scanValue(scanner, table, member, row)) break;
    read += 1;
  }
  scanner.at = begun;
  table.length -= 1;
  return false;
}

/** A record written in any way, by which the pattern learns. */
function scanRecord(scanner: JsonScanner, table: RecordTable, pattern: RecordPattern): boolean {
  pattern.begin(scanner.at);
  if (!scanner.open(0x7b)) return false;
  const row = table.begin();
  while (scanner.hasMember()) {
    const member = memberAt(scanner.bytes, scanner.start, scanner.stop);
    const start = scanner.toValue();
    if (member === encryptionMember) {
      if (!scanner.string()) return false;
      pattern.encryptionType = scanner.text();
      table.setEncryptionType(pattern.encryptionType);
    } else {
      if (!scanValue(scanner, table, member, row)) return false;
      pattern.value(member, start, scanner.at);
    }
  }
  pattern.end(scanner.at);
  return !scanner.failed && table.isComplete(row);
}

function scanValue(scanner: JsonScanner, table: RecordTable, member: number, row: number): boolean {
  switch (member) {
    case dataMember:
      if (!scanner.longString()) return false;
      table.set(row, dataPlace, scanner.start, scanner.stop);
      return true;
    case partitionKeyMember:
      if (!scanner.string()) return false;
      table.set(row, keyPlace, scanner.start, scanner.stop);
      return true;
    case sequenceNumberMember:
      if (!scanner.string()) return false;
      table.set(row, sequencePlace, scanner.start, scanner.stop);
      return true;
    case arrivalMember: {
      // Seconds with a fraction, of which the service means the milliseconds.
      const arrivalSeconds = scanner.number();
      if (arrivalSeconds === undefined || Math.abs(arrivalSeconds) > maxArrivalSeconds) return false;
      table.times[table.length - 1] = Math.round(arrivalSeconds * 1_000);
      return true;
    }
    default:
      return false;
  }
}

/** Decodes the base64 of all records where it stands. */
function decodeData(table: RecordTable, body: Buffer): void {
  for (let index = 0; index < table.length; index += 1) {
    const start = table.place(index, dataPlace);
    const text = body.toString("latin1", start, table.place(index, dataPlace + 1));
    let end = writeBase64(body, text, start);
    // An escape is not base64 and yet legal: `\/`, as some JSON writers have it.
    if (end < 0 && text.includes("\\")) end = writeAnyBase64(body, unescaped(text), start);
    if (end < 0) throw new WireFormatError("the data of a record is not base64: ask again");
    table.setDataEnd(index, end);
  }
}

function unescaped(text: string): string {
  try {
    const parsed: unknown = JSON.parse(`"${text}"`);
    return typeof parsed === "string" ? parsed : text;
  } catch {
    // Not even JSON: the text as it is, which is refused again.
    return text;
  }
}
