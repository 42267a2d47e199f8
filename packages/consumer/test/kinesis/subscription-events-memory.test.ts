import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { SubscribeToShardEventStream } from "@aws-sdk/client-kinesis";
import { describe, expect, it } from "vitest";
import { subscriptionEvents } from "../../src/kinesis/subscription-events.js";

setFlagsFromString("--expose-gc");

/** A stream of one event, and then of none for ever. */
function oneEvent(): {
  readonly stream: AsyncIterable<SubscribeToShardEventStream>;
  readonly isKept: () => boolean;
} {
  let given: WeakRef<object> | undefined;
  const event = (): SubscribeToShardEventStream => {
    const Records = [{ Data: Buffer.from("{}"), PartitionKey: "k", SequenceNumber: "1" }];
    given = new WeakRef(Records);
    return {
      SubscribeToShardEvent: { Records, ContinuationSequenceNumber: "1", MillisBehindLatest: 0 },
    };
  };
  const next = (): Promise<IteratorResult<SubscribeToShardEventStream>> =>
    given === undefined ? Promise.resolve({ done: false, value: event() }) : new Promise(() => undefined);
  return {
    stream: { [Symbol.asyncIterator]: () => ({ next }) },
    isKept: () => given?.deref() !== undefined,
  };
}

describe("an event of a subscription", () => {
  it("is kept by nobody while the next one is waited for", async () => {
    const { stream, isKept } = oneEvent();
    const events = subscriptionEvents(stream, { has: () => true, size: 1, renews: true })[
      Symbol.asyncIterator
    ]();
    const read = async (): Promise<number> => {
      const { done, value } = await events.next();
      return done === true ? 0 : value.records.length;
    };
    expect(await read()).toBe(1);
    void read();
    await expect
      .poll(async () => {
        // A weak reference that was looked at holds until the turn is over.
        await turn();
        runInNewContext("gc()");
        return isKept();
      })
      .toBe(false);
  });
});
