import { textType } from "./cbor/cbor-heads.js";
import { CborReader } from "./cbor/cbor-reader.js";
import { findAlike, type ResultsAlike, type TakenPlaces } from "./cbor/results-alike.js";
import { parseBounded } from "./json/bounded-json.js";
import type { PageMemory } from "./page/page.js";
import { WireFormatError } from "./wire-format-error.js";

/** What became of one record of a PutRecords, by the SDK's names (API reference, PutRecordsResultEntry). */
interface PutResult {
  readonly SequenceNumber?: string | undefined;
  readonly ShardId?: string | undefined;
  readonly ErrorCode?: string | undefined;
  readonly ErrorMessage?: string | undefined;
}

/** An answer to PutRecords, by the SDK's names. */
export interface PutResults {
  FailedRecordCount?: number;
  EncryptionType?: string;
  Records?: readonly PutResult[];
}

/** A result in an answer in CBOR. Where a record went is hardly ever looked at: the sequence number is decoded when it is. */
class ScannedResult implements PutResult {
  readonly #answer: Buffer;
  readonly #start: number;
  readonly #stop: number;
  readonly ShardId: string | undefined;
  ErrorCode: string | undefined;
  ErrorMessage: string | undefined;

  /** @param start - of the sequence number in the answer; -1 where there is none */
  constructor(answer: Buffer, start: number, stop: number, shardId: string | undefined) {
    this.#answer = answer;
    this.#start = start;
    this.#stop = stop;
    this.ShardId = shardId;
    this.ErrorCode = undefined;
    this.ErrorMessage = undefined;
  }

  get SequenceNumber(): string | undefined {
    return this.#start < 0 ? undefined : this.#answer.toString("utf8", this.#start, this.#stop);
  }
}

/**
 * Reads an answer to PutRecords in AWS-CBOR 1.1. Pure; members in any order, of any framing, null ones as absent.
 * @throws WireFormatError when the answer is damaged
 */
export function readPutResultsCbor(body: Buffer, memory?: PageMemory): PutResults {
  const reader = new CborReader(body);
  const answer: PutResults = {};
  let list: ReturnType<typeof readList> | undefined;
  const size = reader.map();
  for (let done = 0; reader.hasMore(size, done); done += 1) {
    const member = readName(reader, ANSWER_NAMES);
    if (member === undefined) reader.skip();
    else if (!reader.isNull()) {
      if (member === "Records") list = readList(reader);
      else if (member === "FailedRecordCount") answer.FailedRecordCount = reader.number();
      else answer.EncryptionType = reader.text();
    }
  }
  reader.finish();
  if (list !== undefined && "count" in list) addAlike(answer, body, list, memory);
  else if (list !== undefined) answer.Records = list;
  return answer;
}

/** All that is said of the records: places where they are alike, else each result by itself. */
function readList(reader: CborReader): ResultsAlike | readonly PutResult[] {
  const { at, bytes } = reader;
  // Once pieces were joined the reader's bytes are not the answer's.
  const alike = bytes.length === reader.end ? findAlike(bytes, at, MAX_RESULTS, readTaken) : undefined;
  if (alike === undefined) return readResults(reader);
  reader.at = alike.end;
  return alike;
}

/** Lets results be made when they are asked for. */
function addAlike(
  answer: PutResults,
  body: Buffer,
  alike: ResultsAlike,
  memory: PageMemory | undefined,
): void {
  let results: readonly PutResult[] | undefined;
  let isLetGo = false;
  const release = (): void => {
    // Results that were made look into the body.
    if (isLetGo || results !== undefined) return;
    isLetGo = true;
    memory?.give(body);
  };
  const taken: Taken = { count: alike.count, release };
  const made = (): readonly PutResult[] => {
    if (isLetGo) throw new Error("the results of this PutRecords were let go");
    return (results ??= resultsOf(body, alike));
  };
  Object.defineProperties(answer, { Records: { get: made, ...LIKE_ANY_MEMBER }, [TAKEN]: { value: taken } });
}

const LIKE_ANY_MEMBER = { enumerable: true, configurable: true } as const;

interface Taken {
  readonly count: number;
  readonly release: () => void;
}

/** The member of an answer whose results were not made, because all of them were taken. */
const TAKEN = Symbol("taken records");

/**
 * How many records an answer to PutRecords says were taken, where it says of each one where it is and of none anything else; undefined where that is not
 * known without a look at each. `FailedRecordCount` is not looked at.
 */
export function takenRecords(answer: object): number | undefined {
  return takenOf(answer)?.count;
}

/** Lets such an answer go, whose `Records` nobody will ask for: its memory may serve another one. Others are left as they are. */
export function releaseResults(answer: object): void {
  takenOf(answer)?.release();
}

function takenOf(answer: object): Taken | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody else has the symbol
  return Reflect.get(answer, TAKEN) as Taken | undefined;
}

/** Where the texts of a result lie that was taken; undefined for any other. */
function readTaken(reader: CborReader): TakenPlaces | undefined {
  let sequenceNumber: TakenPlaces["sequenceNumber"] | undefined;
  let shardId: TakenPlaces["shardId"] | undefined;
  const members = reader.map();
  for (let read = 0; reader.hasMore(members, read); read += 1) {
    const member = readName(reader, RESULT_NAMES);
    if (member !== "SequenceNumber" && member !== "ShardId") return undefined;
    if (!reader.isString(textType)) return undefined;
    reader.string(textType);
    const { start, stop } = reader;
    if (member === "ShardId") shardId = { start, stop };
    else sequenceNumber = { start, stop };
  }
  return sequenceNumber === undefined || shardId === undefined ? undefined : { sequenceNumber, shardId };
}

function resultsOf(body: Buffer, alike: ResultsAlike): readonly PutResult[] {
  const { start, bytes, count, sequenceNumber, shardId } = alike;
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * bytes;
    const shard = body.toString("utf8", at + shardId.start, at + shardId.stop);
    return new ScannedResult(body, at + sequenceNumber.start, at + sequenceNumber.stop, shard);
  });
}

function readResults(reader: CborReader): ScannedResult[] {
  const results: ScannedResult[] = [];
  const size = reader.array();
  for (let done = 0; reader.hasMore(size, done); done += 1) {
    if (done >= MAX_RESULTS) throw damaged();
    results.push(readResult(reader));
  }
  return results;
}

function readResult(reader: CborReader): ScannedResult {
  let start = -1;
  let stop = -1;
  let shardId: string | undefined;
  let errorCode: string | undefined;
  let errorMessage: string | undefined;
  const members = reader.map();
  for (let read = 0; reader.hasMore(members, read); read += 1) {
    const member = readName(reader, RESULT_NAMES);
    if (member === undefined) reader.skip();
    else if (isText(reader) || !reader.isNull()) {
      reader.string(textType);
      if (member === "SequenceNumber") ({ start, stop } = reader);
      else if (member === "ShardId") shardId = textOf(reader);
      else if (member === "ErrorCode") errorCode = textOf(reader);
      else errorMessage = textOf(reader);
    }
  }
  const result = new ScannedResult(reader.bytes, start, stop, shardId);
  if (errorCode !== undefined) result.ErrorCode = errorCode;
  if (errorMessage !== undefined) result.ErrorMessage = errorMessage;
  return result;
}

function textOf({ bytes, start, stop }: CborReader): string {
  return bytes.toString("utf8", start, stop);
}

/** PutRecords takes 500 records (API reference), and an answer has one result for each; the rest is room for what may come. */
const MAX_RESULTS = 10_000;

interface Name<Member> {
  readonly member: Member;
  readonly bytes: Uint8Array;
}

function namesOf<Member extends string>(...members: readonly Member[]): readonly Name<Member>[] {
  return members.map((member) => ({ member, bytes: Buffer.from(member) }));
}

const RESULT_NAMES = namesOf("SequenceNumber", "ShardId", "ErrorCode", "ErrorMessage");
const ANSWER_NAMES = namesOf("Records", "FailedRecordCount", "EncryptionType");

/** Reads a member's name. One that is no text, or none of these, is undefined. */
function readName<Member>(reader: CborReader, names: readonly Name<Member>[]): Member | undefined {
  if (!isText(reader)) {
    reader.skipTags();
    if (!isText(reader)) {
      reader.skip();
      return undefined;
    }
  }
  reader.string(textType);
  const { bytes, start, stop } = reader;
  for (const name of names) if (isAt(bytes, start, stop, name.bytes)) return name.member;
  return undefined;
}

function isText({ bytes, at }: CborReader): boolean {
  return (bytes[at] ?? 0) >> 5 === textType;
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
      return Object.fromEntries(
        RESULT_NAMES.flatMap(({ member }) =>
          typeof given[member] === "string" ? [[member, given[member]]] : [],
        ),
      );
    });
  }
  return answer;
}

function parse(body: Buffer): unknown {
  try {
    return parseBounded(body);
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
