import { subscribe, unsubscribe } from "node:diagnostics_channel";

import { systemClock } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";

import { type ConnectorEvent, fanOut, memoryLeases, startConnector } from "../../dist/index.js";
import { numbered, startAws, STREAM, until } from "../connector/support.js";
import { inStream, listening, moduleOf, threadedOptions } from "./support.js";

describe("a connector on threads", () => {
  it("delivers every record of every shard once, in the shard's order, from both threads", async () => {
    await using local = await startAws({ shards: 4 });
    using told = listening();
    local.kinesis.putRecords(STREAM, numbered(1, 2_000));
    await using connector = await startConnector(threadedOptions(local, moduleOf("texts", told), 2));
    await until(() => told.outputs().length >= 2_000);
    local.kinesis.putRecords(STREAM, numbered(2_001, 2_500));
    await until(() => told.outputs().length >= 2_500);
    await connector.stop();
    await connector.done;

    expect(told.byShard()).toEqual(inStream(local));
    expect(told.emitters().size).toBe(2);
    expect(told.life()).toEqual({ opened: 2, closed: 2 });
    expect(connector.progress()).toMatchObject({ recordsRead: 2_500, recordsEmitted: 2_500, deadLetters: 0 });
    expect(connector.progress().shards.map(({ state }) => state)).toEqual([]);
  });

  it("does the same by subscription", async () => {
    await using local = await startAws({ shards: 2 });
    using told = listening();
    local.kinesis.putRecords(STREAM, numbered(1, 500));
    const options = threadedOptions(local, moduleOf("texts", told), 2);
    await using connector = await startConnector({ ...options, retrieval: fanOut() });
    await until(() => told.outputs().length >= 500);
    await connector.stop();
    expect(told.byShard()).toEqual(inStream(local));
    expect(told.emitters().size).toBe(2);
    expect(local.journal.entries({ operation: "GetRecords" })).toEqual([]);
    expect(local.journal.entries({ operation: "RegisterStreamConsumer" })).toHaveLength(1);
  });

  it("F17 F23 follows a split to its children, and a second start reads none of it again", async () => {
    await using local = await startAws();
    using told = listening();
    local.kinesis.putRecords(STREAM, numbered(1, 100));
    const options = threadedOptions(local, moduleOf("texts", told), 2);
    const first = await startConnector(options);
    await until(() => told.outputs().length === 100);
    local.kinesis.call("SplitShard", {
      StreamName: STREAM,
      ShardToSplit: "shardId-000000000000",
      NewStartingHashKey: (2n ** 127n).toString(),
    });
    local.kinesis.putRecords(STREAM, numbered(101, 300));
    await until(() => told.outputs().length >= 300);
    await first.stop();
    expect(first.progress().shards.map((shard) => shard.state)).toEqual(["ended"]);

    local.kinesis.putRecords(STREAM, numbered(301, 320));
    await using second = await startConnector(options);
    await until(() => told.outputs().length >= 320);
    await second.stop();
    expect(told.byShard()).toEqual(inStream(local));
  });

  it("tells the same events and the same progress as without threads", async () => {
    await using local = await startAws({ shards: 3 });
    local.kinesis.putRecords(STREAM, numbered(1, 1_000));
    // The batches that are full before the stop: what is under way when it comes is told in either order.
    const full = Object.values(inStream(local)).reduce(
      (sum, outputs) => sum + outputs.length - (outputs.length % 64),
      0,
    );
    const runs = [];
    for (const threads of [undefined, 1, 2]) {
      using told = listening();
      const module = moduleOf("texts", told, { maxRecords: "64", maxAgeMs: "3600000" });
      const { threads: _threads, ...options } = threadedOptions(local, module, 1);
      const connector = await startConnector({
        ...options,
        application: `run-${threads ?? 0}`,
        ...(threads === undefined ? {} : { threads }),
      });
      const events: ConnectorEvent[] = [];
      for await (const event of connector) {
        if (event.type !== "events-drop") events.push(event);
        const { recordsRead, recordsEmitted } = connector.progress();
        if (recordsRead === 1_000 && recordsEmitted === full) void connector.stop();
      }
      const { shards, totals } = connector.progress();
      runs.push({
        told: told.byShard(),
        events: ofShards(events),
        totals: { ...totals, bytesRead: 0 },
        shards: shards.map(({ bytesRead: _bytes, ...shard }) => shard),
      });
    }
    expect(Object.keys(runs[0]?.events ?? {})).toHaveLength(3);
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
  });

  it("tells observe and the diagnostics channels what happens in the threads, and progress what they hold in memory", async () => {
    await using local = await startAws({ shards: 4 });
    using told = listening();
    local.kinesis.putRecords(STREAM, numbered(1, 400));
    const observed: ConnectorEvent[] = [];
    const published: unknown[] = [];
    const listener = (message: unknown): void => void published.push(message);
    subscribe("kinesis-connectors:page-read", listener);
    const connector = await startConnector({
      ...threadedOptions(local, moduleOf("stubborn", told, { which: "emit-until-aborted" }), 2),
      stopDeadlineMs: 100,
      observe: (event) => void observed.push(event),
    });
    try {
      await until(() => connector.progress().batchesUnderWay === 4);
      // Each shard's next page tells what its thread holds by now.
      const pages = (): number => observed.filter(({ type }) => type === "page-read").length;
      const before = pages();
      await until(() => pages() >= before + 8);
      const { readAheadBytes, maxReadAheadBytes, shards } = connector.progress();
      expect(readAheadBytes).toBeGreaterThanOrEqual(400 * "record 1".length);
      expect(readAheadBytes).toBeLessThan(maxReadAheadBytes);
      expect(
        shards.every(
          ({ lastPageMs, retentionLeftMs }) => lastPageMs !== undefined && retentionLeftMs !== undefined,
        ),
      ).toBe(true);
    } finally {
      unsubscribe("kinesis-connectors:page-read", listener);
      await connector.stop();
      await connector.done.catch(() => undefined);
    }
    expect(new Set(observed.flatMap((event) => ("shardId" in event ? [event.shardId] : []))).size).toBe(4);
    const pages = observed.filter(({ type }) => type === "page-read");
    expect(published.slice(0, 4)).toMatchObject(
      pages.slice(0, 4).map((event) => ({ ownerId: connector.ownerId, event })),
    );
    expect(connector.progress().readAheadBytes).toBe(0);
  });

  it("reads until a moment, and ends", async () => {
    await using local = await startAws({ shards: 2 });
    using told = listening();
    const leases = memoryLeases();
    local.kinesis.putRecords(STREAM, numbered(1, 100));
    // All of it arrived more than five minutes past the end, but for nothing: both shards are over with their first page.
    await using connector = await startConnector({
      ...threadedOptions(local, moduleOf("texts", told), 2),
      leaseTable: leases.connect(),
      until: { at: new Date(systemClock.now() - 600_000) },
    });
    await connector.done;
    expect(told.outputs()).toEqual([]);
    expect([...leases.rows.values()].map(({ checkpoint }) => checkpoint)).toEqual(["SHARD_END", "SHARD_END"]);
  });

  it("reads more than a page per shard with room for a few bytes only: nothing is lost and nothing hangs", async () => {
    await using local = await startAws({ shards: 4 });
    using told = listening();
    local.kinesis.putRecords(STREAM, numbered(1, 1_000));
    const options = threadedOptions(local, moduleOf("texts", told), 2);
    await using connector = await startConnector({
      ...options,
      maxReadAheadBytes: 1,
      retrieval: { type: "polling", idlePollMs: 200, maxRecordsPerRead: 100 },
    });
    await until(() => told.outputs().length >= 1_000);
    await connector.stop();
    expect(told.byShard()).toEqual(inStream(local));
  });

  it("F71 writes into the lease rows until when the shards have been read, as without threads", async () => {
    await using local = await startAws({ shards: 2 });
    using told = listening();
    const leases = memoryLeases();
    local.kinesis.putRecords(STREAM, numbered(1, 100));
    await using connector = await startConnector({
      ...threadedOptions(local, moduleOf("texts", told), 2),
      leaseTable: leases.connect(),
    });
    await until(
      () => [...leases.rows.values()].filter((row) => row.readThroughMs !== undefined).length === 2,
    );
    await connector.stop();
    expect(told.outputs()).toHaveLength(100);
  });

  it("runs a pipeline that is a module without threads too, made by a function that takes its time", async () => {
    await using local = await startAws();
    using told = listening();
    local.kinesis.putRecords(STREAM, [{ partitionKey: "k", data: '{"a":1}' }]);
    const { threads: _threads, ...options } = threadedOptions(local, moduleOf("json-documents", told), 1);
    await using connector = await startConnector(options);
    await until(() => told.outputs().length === 1);
    await connector.stop();
    expect(told.outputs()).toEqual([{ a: 1 }]);
    expect([...told.emitters()]).toEqual([0]);
    expect(told.life()).toEqual({ opened: 1, closed: 1 });
  });
});

/** What does not depend on time, shard by shard: when pages came and how long things took is left out. */
function ofShards(events: readonly ConnectorEvent[]): Record<string, object[]> {
  const byShard: Record<string, object[]> = {};
  for (const event of events) {
    if (!("stream" in event) || !("shardId" in event)) continue;
    if (event.type === "page-read" && event.records === 0) continue;
    const fields: object = Object.assign({}, event, {
      durationMs: 0,
      bytes: 0,
      bufferedBytes: 0,
      batchId: "",
    });
    (byShard[event.shardId] ??= []).push(fields);
  }
  return byShard;
}
