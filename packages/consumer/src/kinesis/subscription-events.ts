import type { SubscribeToShardEventStream } from "@aws-sdk/client-kinesis";
import type { SubscriptionEvent } from "./kinesis-api.js";
import { asCallError, type Experience } from "./kinesis-failures.js";
import { toChildShards, toRecords } from "./sdk-shapes.js";

/**
 * The events of a subscription as plain values, its errors classified. No generator: one that waits keeps the event that it gave last, and with it all its
 * records, until the next one is there.
 */
export function subscriptionEvents(
  stream: AsyncIterable<SubscribeToShardEventStream> | undefined,
  experience: Experience,
): AsyncIterable<SubscriptionEvent> {
  const members = stream?.[Symbol.asyncIterator]();
  const end = async (): Promise<void> => {
    await members?.return?.();
  };
  const next = async (): Promise<SubscriptionEvent | undefined> => {
    for (;;) {
      const result = await members?.next();
      if (result === undefined || result.done === true) return undefined;
      const event = eventOf(result.value);
      if (event !== undefined) return event;
    }
  };
  const events: AsyncIterator<SubscriptionEvent, void> = {
    next: async () => {
      try {
        const event = await next();
        return event === undefined ? { done: true, value: undefined } : { done: false, value: event };
      } catch (error) {
        await end().catch(() => undefined);
        throw asCallError("SubscribeToShard", error, experience);
      }
    },
    return: async () => {
      await end();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => events };
}

/** Undefined for a member that says nothing. Throws one that ends the subscription: the SDK hands some errors over as values. */
function eventOf(member: SubscribeToShardEventStream): SubscriptionEvent | undefined {
  const event = member.SubscribeToShardEvent;
  if (event === undefined) {
    const failure: unknown = Object.values(member).find((value) => value instanceof Error);
    if (failure !== undefined) throw failure;
    return undefined;
  }
  return {
    records: toRecords(event.Records),
    continuationSequenceNumber: event.ContinuationSequenceNumber,
    millisBehindLatest: event.MillisBehindLatest,
    childShards: toChildShards(event.ChildShards),
  };
}
