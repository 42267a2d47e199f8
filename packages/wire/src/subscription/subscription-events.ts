import { decodeCbor } from "../cbor/decode-cbor.js";
import { parseBounded } from "../json/bounded-json.js";
import { EventBody } from "./event-body.js";
import type { EventFrame } from "./event-frames.js";
import { readRecordsCbor } from "../cbor/records-cbor.js";
import { readRecordsJson } from "../json/records-json.js";
import type { RecordsAnswer } from "../page/records-answer.js";
import { WireFormatError } from "../wire-format-error.js";

/** One member of the event stream, as the SDK names it. */
export interface SubscriptionMember {
  readonly SubscribeToShardEvent: RecordsAnswer;
}

/** Makes an exception that the service sent as an event into an error, and throws it. */
type ThrowException = (exception: Readonly<Record<string, unknown>>) => Promise<never>;

/**
 * The events of a subscription, one at a time as they are asked for. Resolves once the service has said that it accepted the
 * subscription, which is its first message. Whoever stops early lets go of the connection.
 */
export async function openSubscription(
  body: AsyncIterable<Uint8Array>,
  throwException: ThrowException,
): Promise<AsyncIterable<SubscriptionMember>> {
  const frames = new EventBody(body);
  const first = await frames.next().catch((error: unknown) => {
    frames.close();
    throw error;
  });
  const members = readMembers(first, frames, throwException);
  const iterator: AsyncIterator<SubscriptionMember, void> = {
    next: () => members.next(),
    return: () => {
      // Also when nothing was asked for yet: a generator that has not begun ends without a word.
      frames.close();
      return members.return();
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

async function* readMembers(
  first: EventFrame | undefined,
  frames: EventBody,
  throwException: ThrowException,
): AsyncGenerator<SubscriptionMember, void> {
  try {
    for (let frame = first; frame !== undefined; frame = await frames.next()) {
      const type = frame.headers.get(":message-type");
      if (type !== "event") await endWith(type, frame, throwException);
      // Other events, such as "initial-response", say nothing that a reader needs.
      if (frame.headers.get(":event-type") !== "SubscribeToShardEvent") continue;
      yield { SubscribeToShardEvent: readEvent(frame.payload) };
    }
  } finally {
    frames.close();
  }
}

/** Throws what a message says that ends the subscription. */
async function endWith(
  type: string | undefined,
  { headers, payload }: EventFrame,
  throwException: ThrowException,
): Promise<never> {
  if (type === "exception") {
    return throwException({
      ...readException(payload),
      __type: headers.get(":exception-type") ?? "Unknown",
    });
  }
  if (type !== "error") {
    throw new WireFormatError("the event stream has a message of no known type: subscribe again");
  }
  const error = new Error(headers.get(":error-message") ?? "the service ended the subscription");
  error.name = headers.get(":error-code") ?? "Unknown";
  throw error;
}

function readEvent(payload: Buffer): RecordsAnswer {
  // An event of no members, as the SDK has it: whoever reads it decides what it is worth.
  if (payload.length === 0) return {};
  return isCbor(payload) ? readRecordsCbor(payload) : readRecordsJson(payload);
}

/** By what it is, not by what was asked for: a CBOR map, or one with a tag; JSON begins with a brace or with space. */
function isCbor(payload: Buffer): boolean {
  const first = payload[0] ?? 0;
  return first >= 0xa0 && first < 0xe0;
}

function readException(payload: Buffer): object {
  if (payload.length === 0) return {};
  try {
    const value: unknown = isCbor(payload) ? decodeCbor(payload) : parseBounded(payload);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    // The exception's name is in the headers; a text that cannot be read must not hide it.
    return {};
  }
}
