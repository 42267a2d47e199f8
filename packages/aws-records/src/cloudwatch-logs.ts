import {
  checkOptions,
  type CompressedOptions,
  compressed,
  decodeWith,
  type DecodingTransformer,
  isPromise,
  json,
  type KinesisRecord,
  type OptionNames,
} from "@kinesis-connectors/core";
import { isMembers, notA, textOf } from "./envelope.js";

/** One event of a log, as a subscription of CloudWatch Logs sends it (CloudWatch Logs user guide, "Real-time processing of log data with subscriptions"). */
export interface LogEvent {
  /** Unique within the log group's subscription: an id for stores that want one. */
  readonly id: string;
  /** When it happened, in epoch milliseconds, as its producer says. */
  readonly timestamp: number;
  readonly message: string;
  readonly logGroup: string;
  readonly logStream: string;
  /** The account that the log group belongs to. */
  readonly owner: string;
  /** Names of the filters that let it through. */
  readonly subscriptionFilters: readonly string[];
  /** Fields that a filter pattern found in the message, as texts: what is none comes as its JSON. Absent where there is none. */
  readonly extractedFields?: Readonly<Record<string, string>>;
}

const OPTIONS: OptionNames<CompressedOptions> = { maxBytes: true };
const WHAT = "subscription record of CloudWatch Logs";

/**
 * Records of a CloudWatch Logs subscription: gzip of one document that holds many log events. Each event is one model, in order. Messages by which the
 * service looks whether the stream is there (`CONTROL_MESSAGE`) have none, and count as filtered.
 *
 * A record that is cut short, damaged, larger than `maxBytes` or something else is poison (`KC_RECORD_POISON`), whole. Subscriptions deliver at least once: `id`
 * tells an event that came twice.
 *
 * @example
 * ```ts
 * const archive = definePipeline({
 *   transformer: cloudWatchLogs(),
 *   emitter: s3Emitter({ bucket: "logs", format: ndjson(), compression: gzip() }),
 *   deadLetters: s3DeadLetters({ bucket: "logs", prefix: "dead-letters" }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function cloudWatchLogs(options: CompressedOptions = {}): DecodingTransformer<LogEvent> {
  checkOptions("cloudWatchLogs", options, OPTIONS);
  const { toModel } = compressed(json(), options);
  return decodeWith((record) => {
    const document = toModel(record);
    return isPromise(document) ? document.then((read) => eventsOf(read, record)) : eventsOf(document, record);
  });
}

function eventsOf(document: unknown, record: KinesisRecord): readonly LogEvent[] {
  if (!isMembers(document)) throw notA(WHAT, record, "it is no object");
  const { messageType, logEvents } = document;
  if (messageType === "CONTROL_MESSAGE") return [];
  if (messageType !== "DATA_MESSAGE") throw notA(WHAT, record, "messageType");
  if (!Array.isArray(logEvents)) throw notA(WHAT, record, "logEvents");
  const { subscriptionFilters } = document;
  const logGroup = textOf(document["logGroup"]);
  const logStream = textOf(document["logStream"]);
  const owner = textOf(document["owner"]);
  const filters = Array.isArray(subscriptionFilters) ? subscriptionFilters.map(textOf) : [];
  return logEvents.map((event: unknown, index): LogEvent => {
    if (!isMembers(event)) throw notA(WHAT, record, `logEvents[${index}]`);
    const { id, timestamp, message, extractedFields } = event;
    if (typeof id !== "string" || typeof timestamp !== "number" || typeof message !== "string")
      throw notA(WHAT, record, `id, timestamp or message of logEvents[${index}]`);
    const made = { id, timestamp, message, logGroup, logStream, owner, subscriptionFilters: filters };
    return isMembers(extractedFields)
      ? Object.assign(made, { extractedFields: textsOf(extractedFields) })
      : made;
  });
}

function textsOf(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}
