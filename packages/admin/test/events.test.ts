import type { ConnectorEvent } from "@kinesis-connectors/consumer";
import { type Clock, systemClock } from "@kinesis-connectors/core";
import { describe, expect, it } from "vitest";
import { LAST_WORDS_MS, MAX_BEHIND_BYTES } from "../src/watching/events.js";
import { startAdmin } from "../src/index.js";
import { ask, type EventReader, listenTo, shardOf, toldConnector, until } from "./support.js";

const page = (records: number, stream = "clicks"): ConnectorEvent => ({
  type: "page-read",
  stream,
  shardId: "shardId-000000000000",
  records,
  bytes: 100,
  dataBytes: 100,
  millisBehindLatest: 0,
  durationMs: 5,
  bufferedRecords: 0,
  bufferedBytes: 0,
});

const eventsOf = (reader: EventReader): readonly unknown[] =>
  reader.messages.filter(({ event }) => event !== "snapshot").map(({ data }) => data);

describe("the stream of events", () => {
  it("begins with a snapshot, repeats it, and tells each event in its order", async () => {
    const connector = toldConnector();
    await using admin = await startAdmin(connector, { port: 0 });
    connector.tell(page(1));
    const reader = await listenTo(admin);
    await until(() => reader.messages.length >= 1);
    for (let n = 2; n <= 50; n += 1) connector.tell(page(n));
    connector.show({ recordsRead: 50, shards: [shardOf("shardId-000000000000", { recordsRead: 50 })] });
    await until(() => reader.messages.some(({ data }) => data["recordsRead"] === 50));
    expect(reader.messages[0]).toMatchObject({
      event: "snapshot",
      data: { state: "running", application: "clicks-to-nowhere", health: { status: "ok" }, recordsRead: 0 },
    });
    // What was told before somebody listened is over.
    expect(eventsOf(reader)).toEqual(Array.from({ length: 49 }, (_, n) => page(n + 2)));
    expect(reader.messages.at(-1)).toMatchObject({
      data: { shards: [{ shardId: "shardId-000000000000", recordsRead: 50 }] },
    });
  });

  it("tells errors by their codes, and nothing of their texts", async () => {
    const connector = toldConnector();
    await using admin = await startAdmin(connector, { port: 0 });
    const reader = await listenTo(admin);
    const cause = Object.assign(new Error("secret-payload of the cause"), { name: "SlowDown" });
    connector.tell({
      type: "emit-retry",
      stream: "clicks",
      shardId: "shardId-000000000000",
      batchId: "b1",
      records: 3,
      attempt: 2,
      delayMs: 100,
      error: Object.assign(new Error("secret-payload", { cause }), { code: "a secret-payload as a code" }),
    });
    await until(() => eventsOf(reader).length > 0);
    expect(eventsOf(reader)).toMatchObject([
      { type: "emit-retry", batchId: "b1", attempt: 2, error: { code: "Error", cause: "SlowDown" } },
    ]);
    const { text, json } = await ask(admin, "/api/v1/errors");
    expect(json).toMatchObject({
      errors: [{ type: "emit-retry", code: "Error", cause: "SlowDown", count: 1 }],
    });
    expect(text + JSON.stringify(reader.messages)).not.toContain("secret-payload");
  });

  it("tells no error in its own words, also where it would tell itself", async () => {
    const connector = toldConnector();
    await using admin = await startAdmin(connector, { port: 0 });
    const reader = await listenTo(admin);
    // As errors of HTTP clients do, with the request that failed.
    class ClientError extends Error {
      toJSON(): object {
        return { request: { headers: { authorization: "CANARY-token" } }, body: "CANARY-payload" };
      }
    }
    connector.tell({ type: "shard-fail", shardId: "s", error: new ClientError("CANARY-text") });
    await until(() => eventsOf(reader).length > 0);
    expect(eventsOf(reader)).toEqual([{ type: "shard-fail", shardId: "s", error: { code: "Error" } }]);
  });

  it("has four listeners at most; a fifth is told so, and gets a place when one is free", async () => {
    const connector = toldConnector();
    await using admin = await startAdmin(connector, { port: 0 });
    const readers = await Promise.all(Array.from({ length: 4 }, () => listenTo(admin)));
    expect(await ask(admin, "/api/v1/events")).toMatchObject({
      status: 503,
      json: { error: { code: "too-many-listeners" } },
    });
    readers[2]?.leave();
    let fifth: EventReader | undefined;
    await until(async () => {
      fifth = await listenTo(admin);
      return fifth.status === 200;
    });
    connector.tell(page(7));
    await until(() => eventsOf(fifth as EventReader).length === 1);
    for (const [index, reader] of readers.entries()) {
      if (index !== 2) await until(() => eventsOf(reader).length === 1);
    }
  });

  it("cuts who is 1 MiB behind, and says how many events are missing; others miss nothing", async () => {
    const connector = toldConnector();
    // On a busy machine the slow one takes longer to read what it gets than it is given.
    const setTimer: Clock["setTimer"] = (delayMs, callback) =>
      systemClock.setTimer(delayMs === LAST_WORDS_MS ? 600_000 : delayMs, callback);
    await using admin = await startAdmin(connector, { port: 0, clock: { ...systemClock, setTimer } });
    const slow = await listenTo(admin, "/api/v1/events", { isPaused: true });
    const quick = await listenTo(admin);
    // Far more than both ends of a connection on loopback take in.
    const length = 64 * 1024;
    let sent = 0;
    while (sent * length < 40 * MAX_BEHIND_BYTES) {
      for (let n = 0; n < 8; n += 1) {
        sent += 1;
        connector.tell(page(sent, "x".repeat(length)));
      }
      await until(() => eventsOf(quick).length === sent);
    }
    slow.resume();
    await until(() => slow.isEnded());
    const received = eventsOf(slow).length - 1;
    expect(slow.messages.at(-1)).toMatchObject({ event: "events-drop", data: { count: expect.any(Number) } });
    expect(received).toBeLessThan(sent);
    expect(eventsOf(slow).slice(0, -1)).toMatchObject(
      Array.from({ length: received }, (_, n) => ({ type: "page-read", records: n + 1 })),
    );
    // Its place is free again, and the other one goes on.
    connector.tell(page(1));
    await until(() => eventsOf(quick).length === sent + 1);
    const readers = await Promise.all(Array.from({ length: 3 }, () => listenTo(admin)));
    expect(readers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it("keeps one snapshot at most for who reads slowly: the newest", async () => {
    const connector = toldConnector();
    await using admin = await startAdmin(connector, { port: 0 });
    // Each is larger than what a listener may be behind.
    connector.show({ shards: Array.from({ length: 8_000 }, (_, n) => shardOf(`shardId-${n}`)) });
    const slow = await listenTo(admin, "/api/v1/events", { isPaused: true });
    const quick = await listenTo(admin);
    await until(() => quick.messages.length >= 5);
    connector.show({ shards: [], recordsRead: 99 });
    await until(() => quick.messages.at(-1)?.data["recordsRead"] === 99);
    slow.resume();
    await until(() => slow.messages.at(-1)?.data["recordsRead"] === 99);
    expect(slow.messages.length).toBeLessThan(quick.messages.length);
    expect(slow.isEnded()).toBe(false);
  });

  it("ends at once when the server closes, and the connector keeps no iteration of it", async () => {
    const connector = toldConnector();
    const admin = await startAdmin(connector, { port: 0 });
    const readers = await Promise.all(Array.from({ length: 4 }, () => listenTo(admin)));
    await until(() => readers.every(({ messages }) => messages.length > 0));
    await admin.close();
    await until(() => readers.every((reader) => reader.isEnded()));
    expect(connector.isStopped()).toBe(false);
    connector.tell(page(1));
    await until(() => connector.listeners() === 0);
    await admin.close();
  });

  it.each([
    ["was stopped", undefined, { state: "stopped" }],
    ["failed", new Error("x"), { state: "failed", error: { code: "Error" } }],
  ])(
    "ends with a last snapshot when the connector %s; whoever comes later sees that",
    async (_how, error, last) => {
      const connector = toldConnector();
      await using admin = await startAdmin(connector, { port: 0 });
      const reader = await listenTo(admin);
      await until(() => reader.messages.length > 0);
      connector.tell(page(1));
      if (error === undefined) await connector.stop();
      else connector.fail(error);
      await until(() => reader.isEnded());
      expect(reader.messages.slice(-3)).toMatchObject([
        { event: "page-read" },
        { event: "connector-stop" },
        { event: "snapshot", data: last },
      ]);
      const late = await listenTo(admin);
      await until(() => late.isEnded());
      expect(late.messages).toMatchObject([{ event: "snapshot", data: last }]);
    },
  );
});

describe("the last errors", () => {
  it("are a hundred at most, the newest last; the same again is one, and counted", async () => {
    const connector = toldConnector();
    await using admin = await startAdmin(connector, { port: 0 });
    for (let n = 0; n < 150; n += 1)
      connector.tell({ type: "lease-lose", shardId: `shardId-${n}`, reason: "renewed by another" });
    for (let n = 0; n < 30; n += 1)
      connector.tell({
        type: "record-dead-letter",
        stream: "clicks",
        shardId: "shardId-149",
        position: { sequenceNumber: `${n}`, subSequenceNumber: 0 },
        code: "KC_RECORD_POISON",
      });
    connector.tell({ type: "lease-lose", shardId: "shardId-100", reason: "again" });
    let errors: readonly unknown[] = [];
    await until(async () => {
      errors = (await ask(admin, "/api/v1/errors")).json["errors"] as readonly unknown[];
      return JSON.stringify(errors.at(-1)).includes("shardId-100");
    });
    expect(errors).toHaveLength(100);
    expect(errors.slice(-2)).toMatchObject([
      { code: "KC_RECORD_POISON", shardId: "shardId-149", count: 30, position: { sequenceNumber: "29" } },
      { code: "KC_LEASE_LOST", shardId: "shardId-100", count: 2 },
    ]);
    expect(errors[0]).toMatchObject({ shardId: "shardId-51" });
  });
});
