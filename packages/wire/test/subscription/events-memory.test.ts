import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { openSubscription } from "../../src/subscription/subscription-events.js";
import { eventOf } from "../support/event-streams.js";

setFlagsFromString("--expose-gc");

const ONE_RECORD = '{"Records":[{"Data":"e30=","PartitionKey":"k","SequenceNumber":"1"}]}';

describe("an event of a subscription", () => {
  it("is kept by nobody while the next one is waited for", async () => {
    const connection = new PassThrough();
    // In memory of its own: small buffers share theirs.
    connection.write(Uint8Array.from(eventOf("SubscribeToShardEvent", Buffer.from(ONE_RECORD))));
    const events = (await openSubscription(connection, () => Promise.reject(new Error("none"))))[
      Symbol.asyncIterator
    ]();
    /** The bytes that came. */
    let given: WeakRef<object> | undefined;
    const read = async (): Promise<boolean> => {
      const { done, value } = await events.next();
      if (done === true) return false;
      const [record] = value.SubscribeToShardEvent.Records ?? [];
      expect(record?.data.toString()).toBe("{}");
      given = new WeakRef(record?.page.buffer ?? {});
      return true;
    };
    expect(await read()).toBe(true);
    const waiting = read();
    await expect
      .poll(async () => {
        // A weak reference that was looked at holds until the turn is over.
        await turn();
        runInNewContext("gc()");
        return given?.deref() !== undefined;
      })
      .toBe(false);
    connection.end();
    expect(await waiting).toBe(false);
  });
});
