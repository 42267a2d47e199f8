import { describe, expect, it } from "vitest";

import type { KinesisApi, RecordsAnswer, SubscriptionEvent } from "../../src/kinesis/kinesis-api.js";
import { fanOutSource } from "../../src/reading/fan-out-reader.js";
import { FanOutConsumer } from "../../src/reading/fan-out-subscription.js";
import { activeConsumer } from "../../src/reading/fan-out-consumer.js";
import { evenRandom, type ReadingFixture, readOn, SHARD, startReading, STREAM, texts } from "./support.js";

/** The port, with the answers to GetRecords passed through `change`, by their number from 0. */
function changing(
  api: KinesisApi,
  change: (nth: number, answer: RecordsAnswer) => RecordsAnswer,
): KinesisApi {
  let nth = 0;
  return { ...api, getRecords: async (...call) => change(nth++, await api.getRecords(...call)) };
}

const refusals = ({ events }: ReadingFixture) => events.filter(({ type }) => type === "page-refuse");

describe("a page that is not past what was read", () => {
  it("is never taken, nor its iterator: it is told, and read again with a new iterator", async () => {
    await using fixture = await startReading();
    fixture.put("a", "b", "c", "d");
    const answers: RecordsAnswer[] = [];
    const api = changing(fixture.api, (nth, answer) => {
      answers.push(answer);
      // Once the page before, and once the one before that: what a proxy says that repeats its answers.
      return (nth === 2 ? answers[1] : nth === 4 ? answers[0] : answer) ?? answer;
    });
    const { texts: seen } = await readOn(
      fixture,
      fixture.open({ type: "trim-horizon" }, { maxRecordsPerRead: 1 }, { api }),
    );
    expect(seen).toEqual(["a", "b", "c", "d"]);
    expect(refusals(fixture)).toEqual([
      expect.objectContaining({
        operation: "GetRecords",
        shardId: SHARD,
        sequenceNumber: answers[1]?.records[0]?.sequenceNumber,
        expectedAfter: answers[1]?.records[0]?.sequenceNumber,
      }),
      expect.objectContaining({ sequenceNumber: answers[0]?.records[0]?.sequenceNumber }),
    ]);
    // Counted as what it is, a failure that waiting mends.
    expect(fixture.events.filter(({ type }) => type === "read-retry")).toHaveLength(2);
    expect(fixture.calls("GetShardIterator")).toBe(3);
  });

  it("is refused also where reading has just begun at a checkpoint, and taken where it begins with that record", async () => {
    await using fixture = await startReading();
    const [first, second] = fixture.put("a", "b", "c");
    const older = await fixture.api.getRecords(
      await fixture.api.getShardIterator(SHARD, { type: "trim-horizon" }),
      1,
    );
    const api = changing(fixture.api, (nth, answer) => (nth === 0 ? older : answer));
    const start = {
      type: "after",
      position: { sequenceNumber: second ?? "", subSequenceNumber: 0 },
    } as const;
    const { texts: seen, pages } = await readOn(fixture, fixture.open(start, {}, { api }));
    expect(seen).toEqual(["c"]);
    expect(pages.some(({ gap }) => gap !== undefined)).toBe(false);
    expect(refusals(fixture)).toEqual([
      expect.objectContaining({ sequenceNumber: first, expectedAfter: second }),
    ]);
  });

  it("whose own records fall is refused", async () => {
    await using fixture = await startReading();
    fixture.put("a", "b");
    const api = changing(fixture.api, (nth, answer) =>
      nth === 0 ? { ...answer, records: answer.records.toReversed() } : answer,
    );
    const { texts: seen } = await readOn(fixture, fixture.open({ type: "trim-horizon" }, {}, { api }));
    expect(seen).toEqual(["a", "b"]);
    expect(refusals(fixture)).toHaveLength(1);
  });

  it("is never taken from a subscription: a new one begins at the last record", async () => {
    await using fixture = await startReading();
    const { api, time } = fixture;
    fixture.put("a", "b");
    const { streamArn } = await api.describeStream();
    const register = (signal: AbortSignal): Promise<string> =>
      activeConsumer({ api, stream: STREAM, clock: time, random: evenRandom, signal }, streamArn, "reader");
    const arn = await time.drive(register(new AbortController().signal), 0, fixture.isBusy);
    let subscriptions = 0;
    const repeating: KinesisApi = {
      ...api,
      subscribeToShard: async (...call) => {
        subscriptions += 1;
        const events = await api.subscribeToShard(...call);
        return subscriptions === 1 ? repeated(events) : events;
      },
    };
    const reader = fanOutSource(fixture.context({ api: repeating }), new FanOutConsumer(arn, register), {
      fallback: undefined,
    }).open({ type: "trim-horizon" });
    const seen: string[] = [];
    while (seen.length < 3) {
      const page = await time.drive(reader.next(new AbortController().signal), 25, fixture.isBusy);
      seen.push(...texts(page.records));
      if (seen.length === 2) fixture.put("c");
    }
    await reader.close();
    expect(seen).toEqual(["a", "b", "c"]);
    expect(refusals(fixture)).toEqual([expect.objectContaining({ operation: "SubscribeToShard" })]);
    expect(subscriptions).toBe(2);
  });
});

/** Each event with records twice. */
async function* repeated(events: AsyncIterable<SubscriptionEvent>): AsyncGenerator<SubscriptionEvent> {
  for await (const event of events) {
    yield event;
    if (event.records.length > 0) yield event;
  }
}
