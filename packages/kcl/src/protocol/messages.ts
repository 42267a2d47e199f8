import {
  comparePositions,
  KinesisConnectorError,
  type KinesisRecord,
  type Position,
} from "@kinesis-connectors/core";
import type { LeaseCheckpoint, Sentinel } from "@kinesis-connectors/leases";

/** What a daemon wants to be done, and is answered with a status. One at a time. */
export type DaemonAction =
  | {
      readonly action: "initialize";
      readonly shardId: string;
      /** Where the daemon's own row says that the shard has come to. */
      readonly checkpoint: LeaseCheckpoint;
    }
  | {
      readonly action: "processRecords";
      /** In stream order, aggregates taken apart by the daemon (`ProcessTask.deaggregateAnyKplRecords`). */
      readonly records: readonly KinesisRecord[];
      /** Bytes of the records' data. */
      readonly bytes: number;
      readonly millisBehindLatest: number | undefined;
    }
  | { readonly action: "leaseLost" }
  | { readonly action: "shardEnded" }
  | { readonly action: "shutdownRequested" };

/** The daemon's answer to a checkpoint. */
export interface CheckpointAnswer {
  readonly action: "checkpoint";
  readonly sequenceNumber: string | undefined;
  /** Simple name of the Java exception; undefined when the checkpoint is stored. */
  readonly error: string | undefined;
}

/** A line of the daemon's. */
export type DaemonMessage = DaemonAction | CheckpointAnswer;

const SENTINELS: ReadonlySet<string> = new Set<Sentinel>([
  "TRIM_HORIZON",
  "LATEST",
  "AT_TIMESTAMP",
  "SHARD_END",
]);

/**
 * A line of the daemon's, understood (`software.amazon.kinesis.multilang.messages`).
 * @throws KinesisConnectorError `KC_DAEMON_BROKEN` for what no daemon says
 */
export function messageOf(line: string): DaemonMessage {
  const message = objectOf(line);
  const { action } = message;
  switch (action) {
    case "initialize":
      return { action, shardId: textOf(message, "shardId"), checkpoint: checkpointOf(message) };
    case "processRecords":
      return pageOf(message);
    case "leaseLost":
    case "shardEnded":
    case "shutdownRequested":
      return { action };
    case "checkpoint":
      return {
        action,
        sequenceNumber: optional(message, "sequenceNumber", textOf),
        error: optional(message, "error", textOf),
      };
    default:
      throw broken(
        `has an action that a child of amazon-kinesis-client-multilang 2 and 3 does not know (${shownAction(action)})`,
      );
  }
}

/** The child's answer to an action. */
export function statusLine(responseFor: DaemonAction["action"]): string {
  return JSON.stringify({ action: "status", responseFor });
}

/** The child's wish to store a checkpoint; null stands for everything that was handed over, or the end of the shard. */
export function checkpointLine(at: Position | null): string {
  return JSON.stringify({
    action: "checkpoint",
    sequenceNumber: at?.sequenceNumber ?? null,
    subSequenceNumber: at?.subSequenceNumber ?? null,
  });
}

/** The error of a daemon that does not keep to its protocol. */
export function broken(what: string, options?: { readonly cause: unknown }): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_DAEMON_BROKEN",
    `a line from the daemon ${what}: let amazon-kinesis-client-multilang 2.x or 3.x start this process (executableName in its properties), and nothing ` +
      "else write to its standard input",
    options,
  );
}

type Message = Readonly<Record<string, unknown>>;

function objectOf(line: string): Message {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The parser's message would show a part of the line.
    throw broken(`is no JSON (${line.length} characters)`);
  }
  if (!isMessage(value)) throw broken("is no JSON object");
  return value;
}

function pageOf(message: Message): DaemonAction {
  const { records: given } = message;
  if (!Array.isArray(given)) throw broken("has no list of records");
  let bytes = 0;
  let before: Position | undefined;
  const records = given.map((record: unknown) => {
    const parsed = recordOf(record);
    if (before !== undefined && comparePositions(before, parsed) >= 0)
      throw broken("has a record that does not come after the one before it");
    before = parsed;
    bytes += parsed.data.length;
    return parsed;
  });
  return {
    action: "processRecords",
    records,
    bytes,
    millisBehindLatest: optional(message, "millisBehindLatest", countOf),
  };
}

function recordOf(record: unknown): KinesisRecord {
  if (!isMessage(record)) throw broken("has a record that is no JSON object");
  const data = optional(record, "data", textOf);
  return {
    sequenceNumber: sequenceNumberOf(record),
    subSequenceNumber: optional(record, "subSequenceNumber", countOf) ?? 0,
    data: data === undefined ? Buffer.alloc(0) : Buffer.from(data, "base64"),
    partitionKey: optional(record, "partitionKey", textOf) ?? "",
    explicitHashKey: undefined,
    arrivalTimeMs: optional(record, "approximateArrivalTimestamp", countOf) ?? 0,
    failure: undefined,
  };
}

function checkpointOf(message: Message): LeaseCheckpoint {
  const sequenceNumber = optional(message, "sequenceNumber", textOf);
  // A daemon without a row of the shard has read nothing of it.
  if (sequenceNumber === undefined) return "TRIM_HORIZON";
  if (isSentinel(sequenceNumber)) return sequenceNumber;
  const subSequenceNumber = optional(message, "subSequenceNumber", countOf) ?? 0;
  return { sequenceNumber: sequenceNumberOf(message), subSequenceNumber };
}

function sequenceNumberOf(message: Message): string {
  const text = textOf(message, "sequenceNumber");
  if (!/^[0-9]+$/.test(text)) throw broken("has a sequence number that is no whole number");
  return text;
}

function textOf(message: Message, name: string): string {
  const value = message[name];
  if (typeof value !== "string") throw broken(`has no text as ${name}`);
  return value;
}

function countOf(message: Message, name: string): number {
  const value = message[name];
  if (!Number.isSafeInteger(value)) throw broken(`has no whole number as ${name}`);
  return Number(value);
}

function optional<Value>(
  message: Message,
  name: string,
  read: (message: Message, name: string) => Value,
): Value | undefined {
  return message[name] === undefined || message[name] === null ? undefined : read(message, name);
}

function isSentinel(text: string): text is Sentinel {
  return SENTINELS.has(text);
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shownAction(action: unknown): string {
  return typeof action === "string" && /^\w{1,40}$/.test(action) ? action : typeof action;
}
