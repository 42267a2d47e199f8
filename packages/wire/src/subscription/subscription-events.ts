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
  const members = new Members(first, frames, throwException);
  return { [Symbol.asyncIterator]: () => members };
}

/** No generator: one that waits keeps the event that it gave last, and with it all its records, until the next one is there. */
class Members implements AsyncIterator<SubscriptionMember, void> {
  #first: EventFrame | undefined;
  readonly #frames: EventBody;
  readonly #throwException: ThrowException;
  #isOver = false;
  /** Settles when nobody waits any more: the body has one waiter at a time. */
  #asked: Promise<void> = Promise.resolve();

  constructor(first: EventFrame | undefined, frames: EventBody, throwException: ThrowException) {
    this.#first = first;
    this.#frames = frames;
    this.#throwException = throwException;
  }

  next(): Promise<IteratorResult<SubscriptionMember, void>> {
    const given = this.#asked.then(() => this.#next());
    const settled = (): void => undefined;
    this.#asked = given.then(settled, settled);
    return given;
  }

  async #next(): Promise<IteratorResult<SubscriptionMember, void>> {
    while (!this.#isOver) {
      try {
        const member = await this.#member();
        if (member !== undefined) return { done: false, value: member };
      } catch (error) {
        this.#end();
        throw error;
      }
    }
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<SubscriptionMember, void>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** One message; undefined for one that says nothing that a reader needs, such as "initial-response", and when there are no more. */
  async #member(): Promise<SubscriptionMember | undefined> {
    const frame = this.#first ?? (await this.#frames.next());
    this.#first = undefined;
    if (frame === undefined) {
      this.#end();
      return undefined;
    }
    const type = frame.headers.get(":message-type");
    if (type !== "event") return endWith(type, frame, this.#throwException);
    if (frame.headers.get(":event-type") !== "SubscribeToShardEvent") return undefined;
    return { SubscribeToShardEvent: readEvent(frame.payload) };
  }

  #end(): void {
    this.#isOver = true;
    this.#first = undefined;
    this.#frames.close();
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
