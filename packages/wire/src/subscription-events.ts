import { decodeCbor } from "./cbor-reader.js";
import { type EventFrame, readEventFrames } from "./event-frames.js";
import { readRecordsCbor } from "./records-cbor.js";
import { readRecordsJson } from "./records-json.js";
import type { RecordsAnswer } from "./records-answer.js";
import { WireFormatError } from "./wire-format-error.js";

/** One member of the event stream, as the SDK names it. */
export interface SubscriptionMember {
  readonly SubscribeToShardEvent: RecordsAnswer;
}

/** Makes an exception that the service sent as an event into an error, and throws it. */
type ThrowException = (exception: Readonly<Record<string, unknown>>) => Promise<never>;

/**
 * The events of a subscription, one at a time as they are asked for. Resolves once the service has said that it accepted the
 * subscription, which is its first message.
 */
export async function openSubscription(
  body: AsyncIterable<Uint8Array>,
  throwException: ThrowException,
): Promise<AsyncIterable<SubscriptionMember>> {
  const frames = readEventFrames(body);
  const first = await frames.next();
  return readMembers(first.done === true ? undefined : first.value, frames, throwException);
}

async function* readMembers(
  first: EventFrame | undefined,
  frames: AsyncGenerator<EventFrame, void>,
  throwException: ThrowException,
): AsyncGenerator<SubscriptionMember, void> {
  if (first === undefined) return;
  try {
    const event = await readMember(first, throwException);
    if (event !== undefined) yield event;
    for await (const frame of frames) {
      const next = await readMember(frame, throwException);
      if (next !== undefined) yield next;
    }
  } finally {
    // Whoever stops early, before the loop above began as well, lets go of the connection.
    await frames.return();
  }
}

async function readMember(
  { headers, payload }: EventFrame,
  throwException: ThrowException,
): Promise<SubscriptionMember | undefined> {
  switch (headers.get(":message-type")) {
    case "event":
      // Others, such as "initial-response", say nothing that a reader needs.
      if (headers.get(":event-type") !== "SubscribeToShardEvent") return undefined;
      return { SubscribeToShardEvent: isCbor(payload) ? readRecordsCbor(payload) : readRecordsJson(payload) };
    case "exception":
      return throwException({
        ...readException(payload),
        __type: headers.get(":exception-type") ?? "Unknown",
      });
    case "error": {
      const error = new Error(headers.get(":error-message") ?? "the service ended the subscription");
      error.name = headers.get(":error-code") ?? "Unknown";
      throw error;
    }
    default:
      throw new WireFormatError("the event stream has a message of no known type: subscribe again");
  }
}

/** By what it is, not by what was asked for: a CBOR map, or one with a tag; JSON begins with a brace or with space. */
function isCbor(payload: Buffer): boolean {
  const first = payload[0] ?? 0;
  return first >= 0xa0 && first < 0xe0;
}

function readException(payload: Buffer): object {
  if (payload.length === 0) return {};
  try {
    const value: unknown = isCbor(payload) ? decodeCbor(payload) : JSON.parse(payload.toString("utf8"));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    // The exception's name is in the headers; a text that cannot be read must not hide it.
    return {};
  }
}
