import { CborReader, textType } from "./cbor-reader.js";
import { WireFormatError } from "./wire-format-error.js";

/** What became of one record of a PutRecords, by the SDK's names (API reference, PutRecordsResultEntry). */
interface PutResult {
  SequenceNumber?: string;
  ShardId?: string;
  ErrorCode?: string;
  ErrorMessage?: string;
}

/** An answer to PutRecords, by the SDK's names. */
export interface PutResults {
  FailedRecordCount?: number;
  EncryptionType?: string;
  Records?: PutResult[];
}

const RESULT_MEMBERS = ["SequenceNumber", "ShardId", "ErrorCode", "ErrorMessage"] as const;
const ANSWER_MEMBERS = ["Records", "FailedRecordCount", "EncryptionType"] as const;

/**
 * Reads an answer to PutRecords in AWS-CBOR 1.1. Pure; members in any order, of any framing, null ones as absent.
 * @throws WireFormatError when the answer is damaged
 */
export function readPutResultsCbor(body: Buffer): PutResults {
  const reader = new CborReader(body);
  const answer: PutResults = {};
  const shards = new RepeatedText();
  const size = reader.map();
  for (let done = 0; reader.hasMore(size, done); done += 1) {
    const member = readName(reader, answerNames);
    if (member === undefined) reader.skip();
    else if (!reader.isNull()) {
      if (member === "Records") answer.Records = readResults(reader, shards);
      else if (member === "FailedRecordCount") answer.FailedRecordCount = reader.number();
      else answer.EncryptionType = reader.text();
    }
  }
  reader.finish();
  return answer;
}

function readResults(reader: CborReader, shards: RepeatedText): PutResult[] {
  const results: PutResult[] = [];
  const size = reader.array();
  for (let done = 0; reader.hasMore(size, done); done += 1) {
    const result: PutResult = {};
    const members = reader.map();
    for (let read = 0; reader.hasMore(members, read); read += 1) {
      const member = readName(reader, resultNames);
      if (member === undefined) reader.skip();
      else if (!reader.isNull()) {
        reader.string(textType);
        result[member] =
          member === "ShardId" ? shards.at(reader) : reader.bytes.toString("utf8", reader.start, reader.stop);
      }
    }
    results.push(result);
  }
  return results;
}

/** A text that is mostly the one before it: records of one request go to few shards. */
class RepeatedText {
  #bytes: Uint8Array = new Uint8Array(0);
  #text = "";

  at({ bytes, start, stop }: CborReader): string {
    if (!isAt(bytes, start, stop, this.#bytes)) {
      this.#bytes = Uint8Array.prototype.slice.call(bytes, start, stop);
      this.#text = bytes.toString("utf8", start, stop);
    }
    return this.#text;
  }
}

interface Name<Member> {
  readonly member: Member;
  readonly bytes: Uint8Array;
}

function namesOf<Member extends string>(members: readonly Member[]): readonly Name<Member>[] {
  return members.map((member) => ({ member, bytes: Buffer.from(member) }));
}

const resultNames = namesOf(RESULT_MEMBERS);
const answerNames = namesOf(ANSWER_MEMBERS);

/** Reads a member's name. One that is no text, or none of these, is undefined. */
function readName<Member>(reader: CborReader, names: readonly Name<Member>[]): Member | undefined {
  reader.skipTags();
  if ((reader.bytes[reader.at] ?? 0) >> 5 !== textType) {
    reader.skip();
    return undefined;
  }
  reader.string(textType);
  const { bytes, start, stop } = reader;
  for (const name of names) if (isAt(bytes, start, stop, name.bytes)) return name.member;
  return undefined;
}

/** Whether exactly these bytes stand there. */
function isAt(bytes: Uint8Array, start: number, stop: number, wanted: Uint8Array): boolean {
  if (stop - start !== wanted.length) return false;
  for (let index = 0; index < wanted.length; index += 1)
    if (bytes[start + index] !== wanted[index]) return false;
  return true;
}

/**
 * Reads an answer to PutRecords in JSON 1.1: what is in it by the SDK's names, and nothing else.
 * @throws WireFormatError when the answer is damaged
 */
export function readPutResultsJson(body: Buffer): PutResults {
  // As the SDK does it.
  if (body.length === 0) return {};
  const parsed = parse(body);
  if (!isMap(parsed)) throw damaged();
  const answer: PutResults = {};
  const { FailedRecordCount: failed, EncryptionType: encryption, Records: records } = parsed;
  if (typeof failed === "number") answer.FailedRecordCount = failed;
  if (typeof encryption === "string") answer.EncryptionType = encryption;
  if (Array.isArray(records)) {
    answer.Records = records.map((given: unknown) => {
      if (!isMap(given)) throw damaged();
      const result: PutResult = {};
      for (const member of RESULT_MEMBERS) {
        const value = given[member];
        if (typeof value === "string") result[member] = value;
      }
      return result;
    });
  }
  return answer;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw damaged();
  }
}

function damaged(): WireFormatError {
  return new WireFormatError("the answer to PutRecords is damaged: ask again");
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
