import type { StreamRecord } from "@kinesis-connectors/consumer";
import { deaggregate, type HashKeyRange } from "@kinesis-connectors/wire";
import { printableJson } from "../output/output.js";
import type { Decoding } from "./flags.js";

/** One user record with its position. */
export interface ShownRecord {
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly subSequenceNumber: number;
  readonly partitionKey: string;
  readonly explicitHashKey?: string | undefined;
  readonly arrivalTimeMs: number;
  readonly data: Uint8Array;
  /** Set for an aggregate that cannot be taken apart. */
  readonly failure?: string | undefined;
}

/** User records of a record of the stream, and how many were left out because they belong to another shard. */
export interface Opened {
  readonly records: readonly ShownRecord[];
  readonly foreign: number;
}

/** Takes an aggregate of the KPL apart; any other record is itself. */
export function openRecord(shardId: string, record: StreamRecord, range: HashKeyRange): Opened {
  const { sequenceNumber, partitionKey, arrivalTimeMs, data } = record;
  const whole: ShownRecord = {
    shardId,
    sequenceNumber,
    subSequenceNumber: 0,
    partitionKey,
    arrivalTimeMs,
    data,
  };
  const opened = deaggregate(data, range);
  switch (opened.kind) {
    case "aggregated":
      return {
        records: opened.records.map((user) => ({
          ...whole,
          subSequenceNumber: user.subSequenceNumber,
          partitionKey: user.partitionKey,
          ...(user.explicitHashKey === undefined ? {} : { explicitHashKey: user.explicitHashKey }),
          data: user.data,
        })),
        foreign: 0,
      };
    case "outside-range":
      return { records: [], foreign: opened.count };
    case "malformed":
      return { records: [{ ...whole, failure: opened.reason }], foreign: 0 };
    default:
      opened.kind satisfies "plain";
      return { records: [whole], foreign: 0 };
  }
}

/**
 * A record as one line of JSON. Data that is JSON is put in as it stands, so that a number keeps all its digits; `encoding` says how data is
 * shown.
 */
export function recordLine(record: ShownRecord, decoding: Decoding): string {
  const { data, arrivalTimeMs, failure, explicitHashKey } = record;
  const head = {
    shardId: record.shardId,
    sequenceNumber: record.sequenceNumber,
    subSequenceNumber: record.subSequenceNumber,
    partitionKey: record.partitionKey,
    ...(explicitHashKey === undefined ? {} : { explicitHashKey }),
    arrivalTime: new Date(arrivalTimeMs).toISOString(),
    ...(failure === undefined ? {} : { failure }),
  };
  const [encoding, shown] = shownData(data, decoding);
  return printableJson(`${JSON.stringify(head).slice(0, -1)},"encoding":"${encoding}","data":${shown}}`);
}

function shownData(data: Uint8Array, decoding: Decoding): readonly [Decoding, string] {
  const text = decoding === "hex" ? undefined : textOf(data);
  if (text === undefined) return ["hex", JSON.stringify(Buffer.from(data).toString("hex"))];
  // A line feed of JSON stands between its tokens, never inside a text: it may become a blank.
  if (decoding === "json" && isJson(text)) return ["json", text.trim().replaceAll(/[\r\n]+/g, " ")];
  return ["text", JSON.stringify(text)];
}

function textOf(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
