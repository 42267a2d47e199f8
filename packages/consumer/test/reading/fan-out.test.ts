import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

import {
  type RecordPage,
  type ShardReader,
  silentLogger,
  sleep,
  type StartPosition,
  systemClock,
} from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";

import { createSubscriptionClient } from "../../src/kinesis/clients/kinesis-clients.js";
import { activeConsumer } from "../../src/reading/fan-out-consumer.js";
import { fanOutSource } from "../../src/reading/fan-out-reader.js";
import { FanOutConsumer } from "../../src/reading/fan-out-subscription.js";
import type { ReaderContext } from "../../src/reading/reader-context.js";
import { sdkKinesis } from "../../src/kinesis/sdk-kinesis.js";
import { evenRandom, type ReadingFixture, readOn, SHARD, startReading, STREAM, texts } from "./support.js";

/** Sockets get this long, in real time, before the next timer of the virtual clock fires. */
const PATIENCE_MS = 25;
const NAME = "clicks-to-memory";

/** Bytes that producers put, without what a page keeps around them. */
const dataBytes = (page: RecordPage): number =>
  page.records.reduce((bytes, record) => bytes + record.data.length, 0);

interface FanOutFixture extends AsyncDisposable {
  readonly fixture: ReadingFixture;
  readonly consumer: FanOutConsumer;
  readonly open: (start?: StartPosition, changes?: Partial<ReaderContext>) => ShardReader;
  readonly next: (reader: ShardReader) => Promise<RecordPage>;
  /** Pages until `count` records have come, or the shard's end. */
  readonly read: (reader: ShardReader, count: number) => Promise<string[]>;
  readonly ends: () => unknown[];
}

async function startFanOut(fallback?: "polling"): Promise<FanOutFixture> {
  const fixture = await startReading();
  const { api, time } = fixture;
  const { streamArn } = await api.describeStream();
  const register = (signal: AbortSignal): Promise<string> =>
    activeConsumer({ api, stream: STREAM, clock: time, random: evenRandom, signal }, streamArn, NAME);
  const consumer = new FanOutConsumer(
    await time.drive(register(new AbortController().signal), 0, fixture.isBusy),
    register,
  );
  const readers: ShardReader[] = [];
  const next = (reader: ShardReader): Promise<RecordPage> =>
    time.drive(reader.next(new AbortController().signal), PATIENCE_MS, fixture.isBusy);
  return {
    fixture,
    consumer,
    open: (start = { type: "trim-horizon" }, changes = {}) => {
      const reader = fanOutSource(fixture.context(changes), consumer, { fallback }).open(start);
      readers.push(reader);
      return reader;
    },
    next,
    read: async (reader, count) => {
      const seen: string[] = [];
      while (seen.length < count) {
        const page = await next(reader);
        seen.push(...texts(page.records));
        if (page.shardEnd !== undefined) break;
      }
      return seen;
    },
    ends: () => fixture.events.flatMap((event) => (event.type === "subscription-end" ? [event.reason] : [])),
    [Symbol.asyncDispose]: async () => {
      for (const reader of readers) await reader.close();
      await fixture[Symbol.asyncDispose]();
    },
  };
}

/** A proxy in front of the service that counts what comes back. */
async function countingProxy(
  port: number,
): Promise<AsyncDisposable & { readonly url: string; readonly bytesToClient: () => number }> {
  let bytes = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const service = connect(port, "127.0.0.1");
    for (const socket of [client, service]) {
      sockets.add(socket);
      // Either side may go first; the other one follows.
      socket.on("error", () => undefined);
    }
    service.on("data", (chunk) => {
      bytes += chunk.length;
    });
    client.pipe(service);
    service.pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    bytesToClient: () => bytes,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

describe("reading by subscription", () => {
  it("registers the consumer once and finds it afterwards", async () => {
    await using fanOut = await startFanOut();
    const { fixture } = fanOut;
    const { streamArn } = await fixture.api.describeStream();
    const signal = new AbortController().signal;
    await activeConsumer(
      { api: fixture.api, stream: STREAM, clock: fixture.time, random: evenRandom, signal },
      streamArn,
      NAME,
    );
    expect(fixture.calls("RegisterStreamConsumer")).toBe(1);
  });

  it("delivers what is there and what comes, in order, over one subscription", async () => {
    await using fanOut = await startFanOut();
    fanOut.fixture.put("a", "b");
    const reader = fanOut.open();
    expect(await fanOut.read(reader, 2)).toEqual(["a", "b"]);
    fanOut.fixture.put("c");
    expect(await fanOut.read(reader, 1)).toEqual(["c"]);
    expect(fanOut.fixture.calls("SubscribeToShard")).toBe(1);
  });

  it("claims no more to have been read than the service had sent when the subscription began", async () => {
    await using fanOut = await startFanOut();
    const { fixture } = fanOut;
    const told: number[] = [];
    fixture.put("a", "b");
    const subscribedMs = fixture.time.now();
    const reader = fanOut.open(
      { type: "trim-horizon" },
      { onReadThrough: (throughMs) => told.push(throughMs) },
    );
    await fanOut.read(reader, 2);
    // The reader looks away for a minute; what it finds then may have been sent at any time since.
    fixture.time.skip(60_000);
    await fanOut.next(reader);
    expect(fixture.calls("SubscribeToShard")).toBe(1);
    expect(told.length).toBeGreaterThan(1);
    expect(Math.max(...told)).toBeLessThanOrEqual(subscribedMs);
  });

  it("F11 K45 subscribes again when the five minutes are over: nothing is lost, nothing comes twice", async () => {
    await using fanOut = await startFanOut();
    fanOut.fixture.put("a", "b");
    const reader = fanOut.open();
    expect(await fanOut.read(reader, 2)).toEqual(["a", "b"]);
    fanOut.fixture.time.skip(299_000);
    while (fanOut.fixture.calls("SubscribeToShard") < 2) await fanOut.next(reader);
    fanOut.fixture.put("c");
    expect(await fanOut.read(reader, 1)).toEqual(["c"]);
    expect(fanOut.ends()).toContain("end");
  });

  it("F11 F71 notices what retention has taken away between two subscriptions", async () => {
    await using fan = await startFanOut();
    const { fixture, open, next } = fan;
    const [sequenceNumber = ""] = fixture.put("a");
    const reader = open(undefined, { retentionMs: 24 * 3_600_000 });
    const first = await next(reader);
    expect(texts(first.records)).toEqual(["a"]);
    fixture.put("lost");
    fixture.time.skip(30 * 3_600_000);
    fixture.put("b");
    let page = await next(reader);
    while (page.records.length === 0) page = await next(reader);
    expect(texts(page.records)).toEqual(["b"]);
    expect(page.gap).toEqual({ expected: { sequenceNumber, subSequenceNumber: 0 } });
  });

  it("begins after a checkpoint and hands over only what follows", async () => {
    await using fanOut = await startFanOut();
    const [, second = ""] = fanOut.fixture.put("a", "b", "c");
    const reader = fanOut.open({
      type: "after",
      position: { sequenceNumber: second, subSequenceNumber: 0 },
    });
    expect(await fanOut.read(reader, 1)).toEqual(["c"]);
  });

  it("F12 keeps one subscription per shard, and one event at a time, when nobody takes the records", async () => {
    await using fanOut = await startFanOut();
    const { fixture } = fanOut;
    const large = "x".repeat(500_000);
    fixture.put(...Array.from({ length: 60 }, () => large));
    const reader = fanOut.open();
    const first = await fanOut.next(reader);
    expect(dataBytes(first)).toBeLessThanOrEqual(1_500_000);
    // As base64, with the names around it.
    expect(first.bytes).toBeLessThanOrEqual(2_010_000);
    let bytes = dataBytes(first);
    while (bytes < 30_000_000) bytes += dataBytes(await fanOut.next(reader));
    expect(bytes).toBe(30_000_000);
    expect(fixture.calls("SubscribeToShard")).toBe(1);
  });

  it("F12 takes no more from the service than the reader asks for", async () => {
    await using fixture = await startReading();
    await using wire = await countingProxy(Number(new URL(fixture.local.endpoints.kinesis).port));
    const { region, credentials } = fixture.local.clientOptions("kinesis");
    const client = await createSubscriptionClient({ endpoint: wire.url, region, credentials }, silentLogger);
    const api = sdkKinesis(client, { StreamName: STREAM }, { ownsClient: true });
    const { streamArn } = await api.describeStream();
    const { consumerArn } = await api.registerConsumer(streamArn, NAME);
    fixture.put(...Array.from({ length: 60 }, () => "x".repeat(500_000)));
    const consumer = new FanOutConsumer(consumerArn, () => Promise.resolve(consumerArn));
    const reader = fanOutSource(fixture.context({ api, clock: systemClock }), consumer, {
      fallback: undefined,
    }).open({
      type: "trim-horizon",
    });
    const bytes = dataBytes(await reader.next(new AbortController().signal));
    // Until the connection has come to rest: nobody takes anything, so nothing more may come.
    for (let before = -1; before !== wire.bytesToClient();) {
      before = wire.bytesToClient();
      await sleep(systemClock, 100);
    }
    expect(bytes).toBeGreaterThan(0);
    // 30 MB wait, 40 MB as base64. One event, what the next one's window takes, and framing are all that may have left.
    expect(wire.bytesToClient()).toBeLessThan(3_000_000);
    let total = bytes;
    while (total < 30_000_000) total += dataBytes(await reader.next(new AbortController().signal));
    expect(total).toBe(30_000_000);
    await reader.close();
    api.close();
  });

  it("F12 two readers of one shard have one subscription between them: the newest", async () => {
    await using fanOut = await startFanOut();
    fanOut.fixture.put("a");
    const [left, right] = [fanOut.open(), fanOut.open()];
    expect(await fanOut.read(left, 1)).toEqual(["a"]);
    expect(await fanOut.read(right, 1)).toEqual(["a"]);
    expect(fanOut.consumer.open).toBe(1);
    await left.close();
    expect(fanOut.consumer.open).toBe(1);
    fanOut.fixture.put("b");
    expect(await fanOut.read(right, 1)).toEqual(["b"]);
    await right.close();
    expect(fanOut.consumer.open).toBe(0);
  });

  it("F13 registers a consumer again that somebody deregistered, and goes on where it was", async () => {
    await using fanOut = await startFanOut();
    const { fixture } = fanOut;
    fixture.put("a");
    const reader = fanOut.open();
    expect(await fanOut.read(reader, 1)).toEqual(["a"]);
    const { streamArn } = await fixture.api.describeStream();
    fixture.local.kinesis.call("DeregisterStreamConsumer", { StreamARN: streamArn, ConsumerName: NAME });
    fixture.put("b");
    expect(await fanOut.read(reader, 1)).toEqual(["b"]);
    expect(fixture.calls("RegisterStreamConsumer")).toBe(2);
  });

  const reregistrationRefused = async (fanOut: FanOutFixture): Promise<string[]> => {
    const { fixture } = fanOut;
    fixture.put("a");
    const reader = fanOut.open();
    expect(await fanOut.read(reader, 1)).toEqual(["a"]);
    const { streamArn } = await fixture.api.describeStream();
    fixture.local.faults.add({
      operation: "RegisterStreamConsumer",
      times: "always",
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
    });
    fixture.local.kinesis.call("DeregisterStreamConsumer", { StreamARN: streamArn, ConsumerName: NAME });
    fixture.put("b");
    return fanOut.read(reader, 1);
  };

  it("F13 falls back to polling when it was told to", async () => {
    await using fanOut = await startFanOut("polling");
    expect(await reregistrationRefused(fanOut)).toEqual(["b"]);
    expect(fanOut.fixture.calls("GetRecords")).toBeGreaterThan(0);
  });

  it("F13 stops by name when it cannot register again and was not told to poll", async () => {
    await using fanOut = await startFanOut();
    await expect(reregistrationRefused(fanOut)).rejects.toMatchObject({ code: "KC_READ_REFUSED" });
    expect(fanOut.fixture.calls("GetRecords")).toBe(0);
  });

  it("K44 a first subscription that fails is tried again", async () => {
    await using fanOut = await startFanOut();
    fanOut.fixture.put("a");
    fanOut.fixture.local.faults.add({
      operation: "SubscribeToShard",
      times: 3,
      effect: { kind: "error", status: 500, code: "InternalFailureException" },
    });
    expect(await fanOut.read(fanOut.open(), 1)).toEqual(["a"]);
    expect(fanOut.fixture.calls("SubscribeToShard")).toBe(4);
  });

  it("waits for a service whose clock is behind ours when it begins at a moment", async () => {
    await using fanOut = await startFanOut();
    const { fixture } = fanOut;
    const timestampMs = fixture.time.now();
    fixture.time.skip(5);
    fixture.put("a");
    const effect = { kind: "error", status: 400, code: "InvalidArgumentException" } as const;
    fixture.local.faults.add({ operation: "SubscribeToShard", times: 2, effect });
    fixture.local.faults.add({ operation: "GetShardIterator", times: 2, effect });
    expect(await fanOut.read(fanOut.open({ type: "at-timestamp", timestampMs }), 1)).toEqual(["a"]);
    const polled = await readOn(fixture, fixture.open({ type: "at-timestamp", timestampMs }));
    expect(polled.texts).toEqual(["a"]);
    fixture.local.faults.add({ operation: "GetShardIterator", times: "always", effect });
    await expect(fixture.next(fixture.open({ type: "at-timestamp", timestampMs }))).rejects.toMatchObject({
      code: "KC_READ_REFUSED",
    });
  });

  it("F70 a subscription from a place of another stream stops by name", async () => {
    await using fanOut = await startFanOut();
    const position = { sequenceNumber: "1".repeat(56), subSequenceNumber: 0 };
    await expect(fanOut.next(fanOut.open({ type: "after", position }))).rejects.toMatchObject({
      code: "KC_STREAM_MISSING",
    });
  });

  it("K44 a refused subscription is an error by name", async () => {
    await using fanOut = await startFanOut();
    fanOut.fixture.local.faults.add({
      operation: "SubscribeToShard",
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
    });
    await expect(fanOut.next(fanOut.open())).rejects.toMatchObject({ code: "KC_READ_REFUSED" });
  });

  it("K37 K46 the end of a split shard comes after its last records and names the children", async () => {
    await using fanOut = await startFanOut();
    const { fixture } = fanOut;
    fixture.put("a", "b");
    fixture.local.kinesis.call("SplitShard", {
      StreamName: STREAM,
      ShardToSplit: SHARD,
      NewStartingHashKey: (2n ** 127n).toString(),
    });
    fixture.time.skip(1_000);
    const reader = fanOut.open();
    const seen: string[] = [];
    let page = await fanOut.next(reader);
    seen.push(...texts(page.records));
    while (page.shardEnd === undefined) {
      page = await fanOut.next(reader);
      seen.push(...texts(page.records));
    }
    expect(seen).toEqual(["a", "b"]);
    expect(page.shardEnd.childShards).toHaveLength(2);
    // A reader opened at that end, as the next owner does, comes to the same children.
    const nextOwner = fanOut.open({
      type: "after",
      position: {
        sequenceNumber: [...fixture.local.kinesis.records(STREAM)][1]?.sequenceNumber ?? "",
        subSequenceNumber: 0,
      },
    });
    while ((page = await fanOut.next(nextOwner)).shardEnd === undefined) expect(page.records).toEqual([]);
    expect(page.shardEnd.childShards).toHaveLength(2);
  });

  it("K47 a subscription that is still counted is waited out about a second at a time", async () => {
    await using fanOut = await startFanOut();
    fanOut.fixture.put("a");
    fanOut.fixture.local.faults.add({
      operation: "SubscribeToShard",
      times: 4,
      effect: { kind: "error", status: 400, code: "ResourceInUseException" },
    });
    expect(await fanOut.read(fanOut.open(), 1)).toEqual(["a"]);
    const delays = fanOut.fixture.events.flatMap((event) =>
      event.type === "read-retry" ? [event.delayMs] : [],
    );
    expect(delays).toEqual([1_000, 1_000, 1_000, 1_000]);
  });

  it("K48 a connection that falls silent is dropped after a minute, and reading goes on", async () => {
    await using fanOut = await startFanOut();
    fanOut.fixture.put("a");
    fanOut.fixture.local.faults.add({
      operation: "SubscribeToShard",
      effect: { kind: "event-stream", what: "silence", afterEvents: 1 },
    });
    const reader = fanOut.open();
    expect(await fanOut.read(reader, 1)).toEqual(["a"]);
    fanOut.fixture.put("b");
    expect(await fanOut.read(reader, 1)).toEqual(["b"]);
    expect(fanOut.ends()).toEqual(["silence"]);
  });

  for (const what of ["bad-crc", "cut-frame", "early-end", "resource-in-use"] as const) {
    it(`F11 a subscription broken by ${what} loses nothing and doubles nothing`, async () => {
      await using fanOut = await startFanOut();
      fanOut.fixture.put("a");
      fanOut.fixture.local.faults.add({
        operation: "SubscribeToShard",
        effect: { kind: "event-stream", what, afterEvents: 1 },
      });
      const reader = fanOut.open();
      expect(await fanOut.read(reader, 1)).toEqual(["a"]);
      fanOut.fixture.put("b", "c");
      expect(await fanOut.read(reader, 2)).toEqual(["b", "c"]);
      expect(fanOut.fixture.calls("SubscribeToShard")).toBeGreaterThanOrEqual(2);
    });
  }

  it("F42 an aborted wait comes back at once and loses no event", async () => {
    await using fanOut = await startFanOut();
    fanOut.fixture.put("a");
    const reader = fanOut.open();
    expect(await fanOut.read(reader, 1)).toEqual(["a"]);
    const aborting = new AbortController();
    const waiting = reader.next(aborting.signal);
    aborting.abort();
    expect((await waiting).records).toEqual([]);
    fanOut.fixture.put("b");
    expect(await fanOut.read(reader, 1)).toEqual(["b"]);
  });
});
