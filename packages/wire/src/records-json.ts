import { writeAnyBase64, writeBase64 } from "./base64.js";
import { JsonScanner } from "./json-scanner.js";
import {
  arrivalMember,
  clearSpans,
  continuationMember,
  dataMember,
  emptySpans,
  encryptionMember,
  isComplete,
  iteratorMember,
  lagMember,
  memberAt,
  partitionKeyMember,
  recordsMember,
  sequenceNumberMember,
} from "./records-members.js";
import { parseRecordsJson } from "./records-json-parse.js";
import { type PageBytes, PageRecord, type RecordsAnswer, type RecordSpans } from "./records-page.js";
import { WireFormatError } from "./wire-format-error.js";

// The range of a Date.
const maxArrivalSeconds = 8.64e12;

/**
 * Reads an answer to GetRecords, or an event of SubscribeToShard, in JSON 1.1. What the service usually sends is scanned in place,
 * and its base64 decoded where it stands; anything else (an escape, a member that is not known, a null, the child shards) goes through
 * `JSON.parse`, which is slower and right about everything.
 *
 * @param body - becomes the page and is overwritten: it is the caller's no more.
 * @throws WireFormatError when the answer is damaged; nothing of it is returned then
 */
export function readRecordsJson(body: Buffer): RecordsAnswer {
  return scanAnswer(body) ?? parseRecordsJson(body);
}

/** Undefined, and the bytes untouched, when the answer is not of the usual form. */
function scanAnswer(body: Buffer): RecordsAnswer | undefined {
  const scanner = new JsonScanner(body);
  const answer: RecordsAnswer = {};
  const spans: RecordSpans[] = [];
  let hasRecords = false;
  if (!scanner.open(0x7b)) return undefined;
  while (scanner.hasMember()) {
    switch (memberAt(body, scanner.start, scanner.stop)) {
      case recordsMember:
        // Named twice: JSON.parse knows which one counts.
        if (hasRecords || !scanRecords(scanner, spans)) return undefined;
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
  if (hasRecords) answer.Records = decodeRecords(body, spans);
  return answer;
}

function scanRecords(scanner: JsonScanner, found: RecordSpans[]): boolean {
  if (!scanner.open(0x5b)) return false;
  while (scanner.hasElement()) {
    const spans = emptySpans();
    if (!scanRecord(scanner, spans)) return false;
    found.push(spans);
  }
  return !scanner.failed;
}

function scanRecord(scanner: JsonScanner, spans: RecordSpans): boolean {
  if (!scanner.open(0x7b)) return false;
  clearSpans(spans);
  while (scanner.hasMember()) {
    switch (memberAt(scanner.bytes, scanner.start, scanner.stop)) {
      case dataMember:
        if (!scanner.longString()) return false;
        spans.dataStart = scanner.start;
        spans.dataEnd = scanner.stop;
        break;
      case partitionKeyMember:
        if (!scanner.string()) return false;
        spans.keyStart = scanner.start;
        spans.keyEnd = scanner.stop;
        break;
      case sequenceNumberMember:
        if (!scanner.string()) return false;
        spans.sequenceStart = scanner.start;
        spans.sequenceEnd = scanner.stop;
        break;
      case arrivalMember: {
        // Seconds with a fraction, of which the service means the milliseconds.
        const arrivalSeconds = scanner.number();
        if (arrivalSeconds === undefined || Math.abs(arrivalSeconds) > maxArrivalSeconds) return false;
        spans.arrivalTimeMs = Math.round(arrivalSeconds * 1_000);
        break;
      }
      case encryptionMember:
        if (!scanner.string()) return false;
        spans.encryptionType = scanner.text();
        break;
      default:
        return false;
    }
  }
  return !scanner.failed && isComplete(spans);
}

function decodeRecords(body: Buffer, found: readonly RecordSpans[]): PageRecord[] {
  const page: PageBytes = { bytes: body };
  const records: PageRecord[] = [];
  for (const spans of found) {
    const { dataStart, dataEnd } = spans;
    const text = body.toString("latin1", dataStart, dataEnd);
    spans.dataEnd = writeBase64(body, text, dataStart);
    // An escape is not base64 and yet legal: `\\/`, as some JSON writers have it.
    if (spans.dataEnd < 0 && text.includes("\\"))
      spans.dataEnd = writeAnyBase64(body, unescaped(text), dataStart);
    if (spans.dataEnd < 0) throw new WireFormatError("the data of a record is not base64: ask again");
    records.push(new PageRecord(page, spans));
  }
  return records;
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
