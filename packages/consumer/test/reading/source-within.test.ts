import type { KinesisRecord, RecordPage, ShardSource, StartPosition } from "@kinesis-connectors/core";
import { fullHashKeyRange } from "@kinesis-connectors/wire";
import { describe, expect, it } from "vitest";

import type { ReadEvent } from "../../src/reading/read-events.js";
import type { ReaderContext } from "../../src/reading/reader-context.js";
import { sourcesWithin } from "../../src/reading/source-within.js";

const UNTIL_MS = 1_000_000;
const MINUTE_MS = 60_000;

interface Answer extends Omit<RecordPage, "records" | "bytes"> {
  /** Arrival times; the sequence numbers count on. */
  readonly arrivals: readonly number[];
  readonly throughMs?: number;
}

/** What a reader of these answers gives, as far as it goes. */
async function read(
  answers: readonly Answer[],
  start: StartPosition = { type: "trim-horizon" },
  fromMs?: number,
  nowMs = UNTIL_MS,
) {
  let last = 100;
  const waiting = answers.map(({ arrivals, throughMs, ...page }) => {
    const records = arrivals.map((arrivalTimeMs): KinesisRecord => {
      last += 1;
      return {
        sequenceNumber: `${last}`,
        subSequenceNumber: 0,
        data: new Uint8Array(1),
        partitionKey: "k",
        arrivalTimeMs,
      };
    });
    return { throughMs, page: { ...page, records, bytes: records.length } };
  });
  const through: number[] = [];
  const events: ReadEvent[] = [];
  const sourceOf = ({ onReadThrough }: ReaderContext): ShardSource => ({
    open: () => ({
      next: () => {
        const answer = waiting.shift();
        if (answer === undefined) throw new Error("read past what there is");
        if (answer.throughMs !== undefined) onReadThrough?.(answer.throughMs, undefined);
        return Promise.resolve(answer.page);
      },
      close: () => Promise.resolve(),
    }),
  });
  const unused = (): never => {
    throw new Error("not asked");
  };
  const context: ReaderContext = {
    api: {
      describeStream: unused,
      listShards: unused,
      getShardIterator: unused,
      getRecords: unused,
      describeConsumer: unused,
      registerConsumer: unused,
      subscribeToShard: unused,
      close: unused,
    },
    stream: "clicks",
    shardId: "shardId-000000000000",
    range: fullHashKeyRange,
    clock: { now: () => nowMs, monotonicNow: unused, setTimer: unused },
    random: { next: unused, uuid: unused },
    observe: (event) => events.push(event),
    onReadThrough: (ms) => through.push(ms),
  };
  const reader = sourcesWithin({ fromMs, untilMs: UNTIL_MS }, sourceOf)(context).open(start);
  const pages: RecordPage[] = [];
  while (waiting.length > 0) {
    const page = await reader.next(new AbortController().signal);
    pages.push(page);
    if (page.end === true || page.shardEnd !== undefined) break;
  }
  return {
    pages,
    through,
    events,
    left: waiting.length,
    sequenceNumbers: pages.map(({ records }) => records.map(({ sequenceNumber }) => sequenceNumber)),
  };
}

describe("a source that ends with a range of time", () => {
  it("leaves out what arrived at its end or later, and comes past it all the same", async () => {
    const { pages, sequenceNumbers, through } = await read([
      { arrivals: [1, UNTIL_MS - 1, UNTIL_MS, UNTIL_MS + 1], throughMs: 7 },
      { arrivals: [UNTIL_MS, UNTIL_MS] },
    ]);
    expect(sequenceNumbers).toEqual([["101", "102"], []]);
    expect(pages.map(({ scannedEnd }) => scannedEnd?.sequenceNumber)).toEqual(["104", "106"]);
    expect(pages.map(({ end }) => end)).toEqual([undefined, undefined]);
    expect(through).toEqual([7]);
  });

  it("leaves out what arrived before it begins, as an iterator at a time may give, and comes past it all the same", async () => {
    const { pages, sequenceNumbers } = await read(
      [{ arrivals: [9, 10, 8, 11], throughMs: 7 }, { arrivals: [12, 9] }],
      { type: "at-timestamp", timestampMs: 10 },
      10,
    );
    expect(sequenceNumbers).toEqual([["102", "104"], ["105"]]);
    expect(pages.map(({ scannedEnd }) => scannedEnd?.sequenceNumber)).toEqual([undefined, "106"]);
  });

  it("takes what arrived before its end and comes after it, as arrival times need not rise", async () => {
    const { sequenceNumbers } = await read([
      { arrivals: [UNTIL_MS + 4 * MINUTE_MS, UNTIL_MS - 1] },
      { arrivals: [UNTIL_MS + 1, UNTIL_MS - 2] },
    ]);
    expect(sequenceNumbers).toEqual([["102"], ["104"]]);
  });

  it("ends at a record that arrived five minutes past its end, and takes nothing behind it", async () => {
    const { pages, sequenceNumbers, left } = await read([
      { arrivals: [1, UNTIL_MS + 1, UNTIL_MS + 5 * MINUTE_MS, 2], shardEnd: { childShards: [] } },
      { arrivals: [3] },
    ]);
    expect(sequenceNumbers).toEqual([["101"]]);
    expect(pages[0]).toMatchObject({ end: true, scannedEnd: { sequenceNumber: "102" } });
    expect(pages[0]).not.toHaveProperty("shardEnd");
    expect(left).toBe(1);
  });

  it("ends when everything that arrived until five minutes past its end has been read, and not before", async () => {
    const { pages, sequenceNumbers } = await read([
      { arrivals: [1], throughMs: UNTIL_MS + 5 * MINUTE_MS - 1 },
      { arrivals: [2], throughMs: UNTIL_MS + 5 * MINUTE_MS },
      { arrivals: [3] },
    ]);
    expect(pages.map(({ end }) => end)).toEqual([undefined, true]);
    expect(sequenceNumbers).toEqual([["101"], ["102"]]);
  });

  it("says once until when it waits, where its end has been read and is not sure yet; and nothing where no time has to pass", async () => {
    const answers: readonly Answer[] = [
      { arrivals: [1], throughMs: UNTIL_MS - 1 },
      { arrivals: [2], throughMs: UNTIL_MS },
      { arrivals: [], throughMs: UNTIL_MS + MINUTE_MS },
      { arrivals: [], throughMs: UNTIL_MS + 5 * MINUTE_MS },
    ];
    const { stream, shardId } = { stream: "clicks", shardId: "shardId-000000000000" };
    const waitsUntilMs = UNTIL_MS + 5 * MINUTE_MS;
    expect((await read(answers)).events).toEqual([{ type: "range-wait", stream, shardId, waitsUntilMs }]);
    expect((await read(answers, { type: "trim-horizon" }, undefined, waitsUntilMs)).events).toEqual([]);
    expect((await read(answers.slice(0, 1))).events).toEqual([]);
  });

  it("leaves the end of the shard itself to be followed", async () => {
    const shardEnd = { childShards: [] };
    const { pages } = await read([{ arrivals: [UNTIL_MS], shardEnd, throughMs: UNTIL_MS + 6 * MINUTE_MS }]);
    expect(pages).toMatchObject([{ records: [], shardEnd, scannedEnd: { sequenceNumber: "101" } }]);
    expect(pages[0]).not.toHaveProperty("end");
  });

  it("never ends before a prepared batch has been read again: its end is recorded", async () => {
    const { pages, sequenceNumbers } = await read(
      [
        { arrivals: [1, UNTIL_MS + 9 * MINUTE_MS], throughMs: UNTIL_MS + 9 * MINUTE_MS },
        { arrivals: [2], throughMs: UNTIL_MS + 9 * MINUTE_MS },
      ],
      { type: "at", position: { sequenceNumber: "101", subSequenceNumber: 0 } },
    );
    expect(pages.map(({ end }) => end)).toEqual([undefined, undefined]);
    expect(sequenceNumbers).toEqual([["101"], ["103"]]);
  });
});
