import { unreadable } from "../errors.js";
import type { StoredRecord } from "../streams/shard.js";
import { type Input, isInput, RecordList, WireTime, type WireValue } from "./values.js";

/** Partition keys that need no escaping, which is nearly all: going through JSON.stringify costs more than the test. */
const plainKey = /^[\w .:/@-]*$/u;
/** Long ropes of strings are slow to flatten: after so many records the text so far becomes bytes. */
const recordsPerChunk = 64;

class JsonWriter {
  readonly #chunks: Buffer[] = [];
  #text = "";
  #timeMs = 0;
  #timeText = "0";

  finish(): Buffer {
    this.#flush();
    const [only] = this.#chunks;
    return only && this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks);
  }

  #flush(): void {
    this.#chunks.push(Buffer.from(this.#text));
    this.#text = "";
  }

  /** Records of one put share their time, and numbers with a fraction are slow to print. */
  #time(ms: number): string {
    if (ms !== this.#timeMs) {
      this.#timeMs = ms;
      this.#timeText = String(ms / 1000);
    }
    return this.#timeText;
  }

  #records(records: readonly StoredRecord[]): void {
    this.#text += "[";
    for (const [index, stored] of records.entries()) {
      const key = stored.partitionKey;
      this.#text +=
        `${index === 0 ? "" : ","}{"SequenceNumber":"${stored.sequenceNumber}",` +
        `"ApproximateArrivalTimestamp":${this.#time(stored.arrivalMs)},"Data":"${stored.base64()}",` +
        `"PartitionKey":${plainKey.test(key) ? `"${key}"` : JSON.stringify(key)}}`;
      if (index % recordsPerChunk === recordsPerChunk - 1) this.#flush();
    }
    this.#text += "]";
  }

  value(value: Exclude<WireValue, undefined>): void {
    if (value instanceof RecordList) this.#records(value.records);
    else if (value instanceof WireTime) this.#text += this.#time(value.ms);
    else if (Array.isArray(value)) {
      const elements: readonly WireValue[] = value;
      let separator = "[";
      for (const element of elements) {
        this.#text += separator;
        this.value(element ?? {});
        separator = ",";
      }
      this.#text += separator === "[" ? "[]" : "]";
    } else if (typeof value === "object") {
      let separator = "{";
      for (const [name, member] of Object.entries(value)) {
        if (member === undefined) continue;
        this.#text += `${separator}${JSON.stringify(name)}:`;
        this.value(member);
        separator = ",";
      }
      this.#text += separator === "{" ? "{}" : "}";
    } else this.#text += JSON.stringify(value);
  }
}

/** Writes an answer as JSON 1.1, in bytes: a page of 10,000 records is built without walking it twice. */
export function encodeJson(value: Exclude<WireValue, undefined>): Buffer {
  const writer = new JsonWriter();
  writer.value(value);
  return writer.finish();
}

/** Reads a request's body; an empty one is an empty structure. */
export function decodeJson(body: Buffer): Input {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw Object.assign(unreadable("The request body is not JSON"), { cause });
  }
  if (!isInput(value)) throw unreadable("The request body is not a JSON object");
  return value;
}
