import { KinesisConnectorError } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";

import { type ConnectorEvent, memoryLeases, startConnector } from "../../dist/index.js";
import { numbered, startAws, STREAM, until } from "../connector/support.js";
import { inStream, listening, moduleOf, runProcess, threadedOptions } from "./support.js";

describe("what goes wrong on threads", () => {
  it("F25 F32 a lease that is lost drops its shard only: the other ones go on, and what was not committed is the new owner's", async () => {
    await using local = await startAws({ shards: 2 });
    using told = listening();
    const leases = memoryLeases();
    local.kinesis.putRecords(STREAM, numbered(1, 200));
    const connector = await startConnector({
      ...threadedOptions(local, moduleOf("texts", told, { maxAgeMs: "3600000" }), 2),
      leaseTable: leases.connect(),
    });
    const lost = "shardId-000000000000";
    const events: ConnectorEvent[] = [];
    for await (const event of connector) {
      if (event.type === "events-drop") continue;
      events.push(event);
      if (event.type === "page-read" && connector.progress().recordsRead === 200) {
        const row = leases.rows.get(lost);
        if (row?.owner === connector.ownerId)
          leases.rows.set(lost, { ...row, owner: "another", counter: row.counter + 1 });
      }
      if (event.type === "shard-stop" && event.reason === "lease-lost") void connector.stop();
    }
    await connector.done;
    const stops = events.filter((event) => event.type === "shard-stop");
    expect(stops.map(({ shardId, reason }) => [shardId, reason])).toEqual([
      [lost, "lease-lost"],
      ["shardId-000000000001", "stop"],
    ]);
    expect(stops[0]?.error).toBeInstanceOf(KinesisConnectorError);
    expect(stops[0]?.error).toMatchObject({ code: "KC_LEASE_LOST" });
    expect(events.filter((event) => event.type === "lease-lose")).toHaveLength(1);
    expect(Object.keys(told.byShard())).toEqual(["shardId-000000000001"]);
    expect(leases.rows.get(lost)).toMatchObject({ owner: "another", checkpoint: "TRIM_HORIZON" });
  });

  it("F14 a record that nothing can be made of stops the connector with the error of the thread; the others are committed", async () => {
    await using local = await startAws({ shards: 2 });
    using told = listening();
    // MD5 puts the keys a and b into the lower and the upper half of the hash keys.
    local.kinesis.putRecords(STREAM, [
      { partitionKey: "a", data: "[1]" },
      { partitionKey: "a", data: "not JSON" },
      { partitionKey: "b", data: "[2]" },
    ]);
    const options = threadedOptions(local, moduleOf("json-documents", told, { maxAgeMs: "3600000" }), 2);
    const connector = await startConnector(options);
    const failure: unknown = await connector.done.catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(KinesisConnectorError);
    const cause = { code: "KC_RECORD_POISON", message: "the record's 8 bytes are not a JSON document" };
    expect(failure).toMatchObject({ code: "KC_RECORD_POISON", cause });
    expect(String(failure)).toContain("shardId-000000000000");
    expect(told.byShard()["shardId-000000000000"]).toEqual([[1]]);
    expect(told.life()).toEqual({ opened: 2, closed: 2 });
  });

  const deaths = [
    ["exit", /ended from within, with exit code 7/, undefined],
    ["throw", /nothing caught \(TypeError\)/, new TypeError("nobody catches this")],
    ["reject", /nothing caught \(RangeError\)/, new RangeError("nobody catches this either")],
  ] as const;
  it.each(deaths)(
    "F43 a thread that dies by %s ends the connector by name; the other shards are committed, and the next start loses nothing",
    async (word, message, cause) => {
      await using local = await startAws({ shards: 4 });
      using told = listening();
      local.kinesis.putRecords(STREAM, numbered(1, 400));
      const first = await startConnector(threadedOptions(local, moduleOf("fatal-words", told), 2));
      await until(() => told.outputs().length === 400);
      local.kinesis.putRecords(STREAM, [...numbered(401, 500), { partitionKey: "k", data: word }]);
      const seen: ConnectorEvent[] = [];
      const listeningToIt = (async () => {
        for await (const event of first) if (event.type !== "events-drop") seen.push(event);
      })();
      await expect(listeningToIt).rejects.toMatchObject({ code: "KC_THREAD_LOST" });
      const failure: unknown = await first.done.catch((thrown: unknown) => thrown);
      expect(String(failure)).toMatch(/thread [12] of 2 ended/);
      expect(String(failure)).toMatch(message);
      expect(failure instanceof Error ? failure.cause : failure).toEqual(cause);
      const stops = seen.filter((event) => event.type === "shard-stop");
      expect(stops.map(({ reason }) => reason).toSorted()).toEqual(["error", "error", "stop", "stop"]);
      expect(first.progress().shards.map(({ state }) => state)).toEqual([]);

      await using second = await startConnector(threadedOptions(local, moduleOf("texts", told), 2));
      await until(() => new Set(told.outputs()).size === 501);
      await second.stop();
      await second.done;
      const emitted = told.byShard();
      for (const [shardId, texts] of Object.entries(inStream(local)))
        expect([...new Set(emitted[shardId])]).toEqual(texts);
    },
  );

  it("F44 a thread without memory left ends the connector, and not the process", async () => {
    await using local = await startAws({ shards: 2 });
    using told = listening();
    local.kinesis.putRecords(STREAM, [{ partitionKey: "k", data: "eat" }]);
    const options = threadedOptions(local, moduleOf("fatal-words", told), 2);
    const { said, exitCode } = await runProcess(options, "wait", ["--max-old-space-size=64"]);
    expect(said).toMatchObject({ code: "KC_THREAD_LOST", causeCode: "ERR_WORKER_OUT_OF_MEMORY" });
    expect(said.message).toMatch(/ran out of memory; lower maxReadAheadBytes/);
    expect(exitCode).toBe(0);
  });

  it("F30 a thread that is kept busy loses no lease, and is told of by its number", async () => {
    await using local = await startAws({ shards: 2 });
    using told = listening();
    local.kinesis.putRecords(STREAM, [...numbered(1, 50), { partitionKey: "k", data: "spin" }]);
    const lines: string[] = [];
    const write = (_fields: object, message: string): void => void lines.push(message);
    const connector = await startConnector({
      ...threadedOptions(local, moduleOf("fatal-words", told, { spinMs: "6000" }), 2),
      // Looked at each second, and told from two seconds on: within four of those that it is busy.
      leases: { bootstrapJitterMs: 0, failoverTimeMs: 6_000, takePeriodMs: 100 },
      logger: { debug: write, info: write, warn: write, error: write },
    });
    const threads: (number | undefined)[] = [];
    const lost: ConnectorEvent[] = [];
    for await (const event of connector) {
      if (event.type === "event-loop-blocked") threads.push(event.thread);
      if (event.type === "lease-lose") lost.push(event);
      if (connector.progress().recordsEmitted === 51) void connector.stop();
    }
    expect(lost).toEqual([]);
    // Once, however long it takes.
    expect(threads).toEqual([expect.any(Number)]);
    expect(lines.filter((line) => line.startsWith("event-loop-blocked: a thread"))).toHaveLength(1);
    expect(told.outputs()).toHaveLength(51);
  });
});
