import { describe, expect, it } from "vitest";

import { type ConnectorEvent, EventFeed, type EventsDropped } from "../../src/events.js";
import { ReadThrough } from "../../src/reading/read-through.js";

const numberedEvent = (lateMs: number): ConnectorEvent => ({ type: "event-loop-blocked", lateMs });

async function takeAll(
  events: AsyncGenerator<ConnectorEvent | EventsDropped, void>,
): Promise<(ConnectorEvent | EventsDropped)[]> {
  const taken: (ConnectorEvent | EventsDropped)[] = [];
  for await (const event of events) taken.push(event);
  return taken;
}

describe("the events of a connector", () => {
  it("keeps nothing while nobody iterates", async () => {
    const feed = new EventFeed();
    feed.publish(numberedEvent(1));
    const listening = takeAll(feed.listen());
    feed.publish(numberedEvent(2));
    feed.end(undefined);
    expect(await listening).toEqual([numberedEvent(2)]);
  });

  it("drops the oldest of a listener that is far behind, and tells how many", async () => {
    const feed = new EventFeed();
    const events = feed.listen();
    const first = events.next();
    feed.publish(numberedEvent(0));
    expect(await first).toEqual({ done: false, value: numberedEvent(0) });
    for (let n = 1; n <= 10_250; n += 1) feed.publish(numberedEvent(n));
    feed.end(undefined);
    const rest = await takeAll(events);
    expect(rest).toHaveLength(10_001);
    expect(rest.slice(0, 2)).toEqual([{ type: "events-drop", count: 250 }, numberedEvent(251)]);
    expect(rest.at(-1)).toEqual(numberedEvent(10_250));
  });

  it("serves several listeners, each at its own speed, and forgets one that leaves", async () => {
    const feed = new EventFeed();
    const leaving = feed.listen();
    const staying = feed.listen();
    const first = [leaving.next(), staying.next()];
    feed.publish(numberedEvent(1));
    expect((await Promise.all(first)).map((result) => result.value)).toEqual([
      numberedEvent(1),
      numberedEvent(1),
    ]);
    await leaving.return();
    feed.publish(numberedEvent(2));
    feed.end(undefined);
    expect(await takeAll(leaving)).toEqual([]);
    expect(await takeAll(staying)).toEqual([numberedEvent(2)]);
  });

  it("ends with the error that ended the connector, after what was waiting", async () => {
    const feed = new EventFeed();
    const events = feed.listen();
    const first = events.next();
    feed.publish(numberedEvent(1));
    feed.end(new Error("the end"));
    expect((await first).value).toEqual(numberedEvent(1));
    await expect(events.next()).rejects.toThrow("the end");
  });
});

describe("until when a shard has been read and committed", () => {
  const at = (sequenceNumber: string) => ({ sequenceNumber, subSequenceNumber: 0 });

  it("waits for the commit of what was read", () => {
    const noted: number[] = [];
    const readThrough = new ReadThrough(undefined, (ms) => noted.push(ms));
    readThrough.read(1_000, at("5"));
    readThrough.read(2_000, at("9"));
    expect(noted).toEqual([]);
    readThrough.commit(at("5"));
    expect(noted).toEqual([1_000]);
    readThrough.commit(at("10"));
    expect(noted).toEqual([1_000, 2_000]);
  });

  it("moves on under a constant flow, where the newest reading is never committed", () => {
    const noted: number[] = [];
    const readThrough = new ReadThrough(undefined, (ms) => noted.push(ms));
    for (let n = 1; n <= 20; n += 1) {
      readThrough.read(n * 1_000, at(`${100 + n}`));
      if (n > 2) readThrough.commit(at(`${100 + n - 2}`));
    }
    expect(noted.length).toBeGreaterThan(3);
    expect([...noted].sort((a, b) => a - b)).toEqual(noted);
    expect(noted.at(-1)).toBeLessThanOrEqual(18_000);
  });

  it("holds at once on a shard where nothing new was read", () => {
    const noted: number[] = [];
    const readThrough = new ReadThrough(at("5"), (ms) => noted.push(ms));
    readThrough.read(1_000, undefined);
    readThrough.read(2_000, at("5"));
    expect(noted).toEqual([1_000, 2_000]);
  });
});
