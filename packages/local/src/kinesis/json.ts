import { unreadable } from "./errors.js";
import type { StoredRecord } from "./shard.js";
import { type Input, isInput, RecordList, WireTime, type WireValue } from "./values.js";

function record(stored: StoredRecord): string {
  return (
    `{"SequenceNumber":"${stored.sequenceNumber}","ApproximateArrivalTimestamp":${stored.arrivalMs / 1000},` +
    `"Data":"${stored.base64()}","PartitionKey":${JSON.stringify(stored.partitionKey)}}`
  );
}

/** Writes an answer as JSON 1.1. By concatenation: a page of 10,000 records is one string without copies between. */
export function encodeJson(value: Exclude<WireValue, undefined>): string {
  if (value instanceof RecordList) {
    let text = "[";
    let separator = "";
    for (const stored of value.records) {
      text += separator + record(stored);
      separator = ",";
    }
    return text + "]";
  }
  if (value instanceof WireTime) return String(value.ms / 1000);
  if (Array.isArray(value)) {
    const elements: readonly WireValue[] = value;
    return `[${elements.map((element) => (element === undefined ? "null" : encodeJson(element))).join(",")}]`;
  }
  if (typeof value === "object") {
    const members: string[] = [];
    for (const [name, member] of Object.entries(value))
      if (member !== undefined) members.push(`"${name}":${encodeJson(member)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
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
