import { gzipSync } from "node:zlib";
import { type RecordOfStream, seededNumbers } from "@kinesis-connectors/app-sample";

/** Every so many records the service looks whether the stream is there. */
const RECORDS_PER_CONTROL_MESSAGE = 50;
/** Every so many records one is damaged on its way, to see what becomes of it. */
const RECORDS_PER_DAMAGE = 80;

/** What was put into the stream. */
export interface Subscribed {
  /** Ids of the log events in records that are whole. */
  readonly ids: string[];
  controlMessages: number;
  damaged: number;
}

/** Records as a subscription of CloudWatch Logs puts them: gzip of a document with 1 to 40 log events each, `events` in all; the same seed gives the same. */
export function* subscriptionRecords(
  events: number,
  seed: number,
  put: Subscribed,
): Generator<RecordOfStream, void> {
  const next = seededNumbers(seed);
  for (let number = 0, records = 1; number < events; records += 1) {
    const logStream = `instance-${Math.floor(next() * 20)}`;
    if (records % RECORDS_PER_CONTROL_MESSAGE === 0) {
      put.controlMessages += 1;
      yield { partitionKey: logStream, data: documentOf("CONTROL_MESSAGE", logStream, []) };
    }
    const count = Math.min(events - number, 1 + Math.floor(next() * 40));
    const logEvents = Array.from({ length: count }, (_, index) => ({
      id: String(number + index).padStart(56, "0"),
      timestamp: Date.UTC(2026, 1, 3) + number + index,
      message: `{"level":"info","request":${number + index},"durationMs":${Math.floor(next() * 900)}}\n`,
    }));
    const data = documentOf("DATA_MESSAGE", logStream, logEvents);
    const isDamaged = records % RECORDS_PER_DAMAGE === 0;
    if (isDamaged) put.damaged += 1;
    else for (const { id } of logEvents) put.ids.push(id);
    yield { partitionKey: logStream, data: isDamaged ? data.subarray(0, data.length - 12) : data };
    number += count;
  }
}

function documentOf(messageType: string, logStream: string, logEvents: readonly object[]): Buffer {
  const document = {
    messageType,
    owner: "111122223333",
    logGroup: "/aws/lambda/orders",
    logStream,
    subscriptionFilters: ["everything"],
    logEvents,
  };
  return gzipSync(JSON.stringify(document));
}
