import { base64 } from "../formats/base64.js";

/** A record that was set aside, as it can be put into a stream again. */
export interface ReplayedRecord {
  readonly partitionKey: string;
  readonly explicitHashKey?: string;
  /** The bytes as they were put at first. */
  readonly data: Uint8Array;
  readonly stream: string;
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly subSequenceNumber: number;
  readonly arrivalTimeMs: number;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly attempts: number;
  /** The object that it was read from. */
  readonly key: string;
}

/**
 * Reads one line of an object of dead letters. Only the known fields are taken, one by one.
 * @throws SyntaxError naming the field, never its value
 */
export function parseDeadLetter(line: string, key: string): ReplayedRecord {
  const letter = parseObject(line);
  const explicitHashKey = letter.get("explicitHashKey");
  const arrivalTimeMs = Date.parse(text(letter, "arrivalTime"));
  if (Number.isNaN(arrivalTimeMs)) throw new SyntaxError("arrivalTime is not a time");
  return {
    partitionKey: text(letter, "partitionKey"),
    ...(explicitHashKey === undefined ? {} : { explicitHashKey: text(letter, "explicitHashKey") }),
    data: base64(text(letter, "data")),
    stream: text(letter, "stream"),
    shardId: text(letter, "shardId"),
    sequenceNumber: text(letter, "sequenceNumber"),
    subSequenceNumber: count(letter, "subSequenceNumber"),
    arrivalTimeMs,
    errorCode: text(letter, "errorCode"),
    errorMessage: text(letter, "errorMessage"),
    attempts: count(letter, "attempts"),
    key,
  };
}

type Letter = ReadonlyMap<string, unknown>;

function parseObject(line: string): Letter {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    // V8 quotes the line, and with it the record, in its message.
    throw new SyntaxError("it is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new SyntaxError("it is not a JSON object");
  }
  return new Map<string, unknown>(Object.entries(parsed));
}

function text(letter: Letter, name: string): string {
  const value = letter.get(name);
  if (typeof value !== "string") throw new SyntaxError(`${name} is missing or not a text`);
  return value;
}

function count(letter: Letter, name: string): number {
  const value = letter.get(name);
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new SyntaxError(`${name} is missing or not a whole number`);
  }
  return value;
}
