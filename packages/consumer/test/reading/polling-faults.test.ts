import { describe, expect, it } from "vitest";

import { createKinesisClient } from "../../src/kinesis/clients/kinesis-clients.js";
import { KinesisCallError } from "../../src/kinesis/kinesis-api.js";
import { kinesisLater } from "../../src/kinesis/sdk-kinesis.js";
import { silentLogger } from "@kinesis-connectors/core";
import { type ReadingFixture, readOn, startReading, STREAM } from "./support.js";

const throttled = {
  kind: "error",
  status: 400,
  code: "ProvisionedThroughputExceededException",
} as const;

const retries = (fixture: ReadingFixture) => fixture.events.filter((event) => event.type === "read-retry");

describe("failures while polling", () => {
  it("F01 throttled GetRecords: backs off with jitter and keeps the iterator", async () => {
    await using fixture = await startReading();
    fixture.put("a", "b");
    fixture.local.faults.add({ operation: "GetRecords", times: 4, effect: throttled });
    const startMs = fixture.time.now();
    const { texts: seen } = await readOn(fixture, fixture.open({ type: "trim-horizon" }));
    expect(seen).toEqual(["a", "b"]);
    expect(fixture.calls("GetShardIterator")).toBe(1);
    // Half of 250, 500, 1,000 and 2,000 ms: the random of these tests is always the middle.
    expect(retries(fixture).map((event) => event.delayMs)).toEqual([125, 250, 500, 1_000]);
    expect(retries(fixture).every((event) => event.kind === "throttled")).toBe(true);
    expect(fixture.time.now() - startMs).toBeGreaterThanOrEqual(1_875);
  });

  it("K41 a first read that fails makes no storm of calls", async () => {
    await using fixture = await startReading();
    fixture.local.faults.add({ operation: "GetRecords", times: 30, effect: throttled });
    const startMs = fixture.time.now();
    await fixture.next(fixture.open({ type: "trim-horizon" }));
    const seconds = (fixture.time.now() - startMs) / 1_000;
    expect(fixture.calls("GetRecords") / seconds).toBeLessThan(1);
  });

  it("F10 an iterator that expired in a stall goes on after the last record read, not after the checkpoint", async () => {
    await using fixture = await startReading();
    fixture.put("a", "b");
    const reader = fixture.open({ type: "trim-horizon" });
    await readOn(fixture, reader);
    fixture.time.skip(301_000);
    fixture.put("c");
    const { texts: seen } = await readOn(fixture, reader);
    expect(seen).toEqual(["c"]);
    expect(fixture.events.filter((event) => event.type === "iterator-renew")).toHaveLength(1);
  });

  it("an iterator that the service calls invalid is replaced the same way", async () => {
    await using fixture = await startReading();
    fixture.put("a", "b");
    fixture.time.skip(1_000);
    fixture.local.faults.add({
      operation: "GetRecords",
      nth: 2,
      effect: { kind: "error", status: 400, code: "InvalidArgumentException" },
    });
    const { texts: seen } = await readOn(
      fixture,
      fixture.open({ type: "trim-horizon" }, { maxRecordsPerRead: 1 }),
    );
    expect(seen).toEqual(["a", "b"]);
    expect(fixture.calls("GetShardIterator")).toBe(2);
  });

  it("F14 a refused read ends the reader with a named error and its cure, never in silence", async () => {
    await using fixture = await startReading();
    fixture.local.faults.add({
      operation: "GetRecords",
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
    });
    const failed = fixture.next(fixture.open({ type: "trim-horizon" }));
    await expect(failed).rejects.toMatchObject({ code: "KC_READ_REFUSED" });
    await expect(failed).rejects.toThrow(/Allow kinesis:GetRecords/);
  });

  const answering = (code: string, times: number | "always") =>
    ({ operation: "GetRecords", times, effect: { kind: "error", status: 400, code } }) as const;

  it.each(["ExpiredTokenException", "ExpiredToken"])(
    "F40 a session that is over (%s) is waited for once reading has worked, told, and gone on with",
    async (code) => {
      await using fixture = await startReading();
      fixture.put("a");
      const reader = fixture.open({ type: "trim-horizon" });
      expect((await readOn(fixture, reader)).texts).toEqual(["a"]);
      const startMs = fixture.time.now();
      fixture.local.faults.add(answering(code, 30));
      fixture.put("b");
      expect((await readOn(fixture, reader)).texts).toEqual(["b"]);
      expect(fixture.time.now() - startMs).toBeGreaterThan(90_000);
      expect(retries(fixture).map((event) => event.kind)).toEqual(Array(30).fill("no-credentials"));
    },
  );

  it("F40 a session that nobody renews stops the shard with its cure", async () => {
    await using fixture = await startReading();
    const { endpoint, region, credentials } = fixture.local.clientOptions("kinesis");
    const api = kinesisLater(
      createKinesisClient({ endpoint, region, credentials }, silentLogger),
      { StreamName: STREAM },
      { ownsClient: true, fixedCredentials: true },
    );
    const reader = fixture.open({ type: "trim-horizon" }, {}, { api });
    await fixture.time.drive(reader.next(new AbortController().signal), 20);
    fixture.local.faults.add(answering("ExpiredTokenException", "always"));
    const failed = fixture.time.drive(reader.next(new AbortController().signal), 20);
    await expect(failed).rejects.toMatchObject({ code: "KC_READ_REFUSED" });
    await expect(failed).rejects.toThrow(/Check the credentials/);
    api.close();
  });

  it.each(["UnrecognizedClientException", "InvalidSignatureException"])(
    "a wrong key (%s) stops the shard at once, also after reading has worked",
    async (code) => {
      await using fixture = await startReading();
      const reader = fixture.open({ type: "trim-horizon" });
      await readOn(fixture, reader);
      fixture.local.faults.add(answering(code, "always"));
      const startMs = fixture.time.now();
      await expect(fixture.next(reader)).rejects.toMatchObject({ code: "KC_READ_REFUSED" });
      expect(fixture.time.now() - startMs).toBeLessThan(5_000);
    },
  );

  it("rights that are denied for a moment are waited for once they were there; for good, they stop the shard", async () => {
    await using fixture = await startReading();
    const reader = fixture.open({ type: "trim-horizon" });
    await readOn(fixture, reader);
    fixture.local.faults.add(answering("AccessDeniedException", 10));
    fixture.put("a");
    expect((await readOn(fixture, reader)).texts).toEqual(["a"]);
    expect(retries(fixture).map((event) => event.kind)).toEqual(Array(10).fill("access-denied"));
    fixture.local.faults.add(answering("AccessDeniedException", "always"));
    const startMs = fixture.time.now();
    const failed = fixture.next(reader);
    await expect(failed).rejects.toMatchObject({ code: "KC_READ_REFUSED" });
    await expect(failed).rejects.toThrow(/Allow kinesis:GetRecords/);
    expect((fixture.time.now() - startMs) / 60_000).toBeGreaterThan(5);
    expect((fixture.time.now() - startMs) / 60_000).toBeLessThan(6);
  });

  it("F38 a partition from Kinesis is waited out: cut connections, 500 and 503", async () => {
    await using fixture = await startReading();
    fixture.put("a", "b");
    const { faults } = fixture.local;
    faults.add({ operation: "GetShardIterator", effect: { kind: "reset", at: "before-headers" } });
    faults.add({ operation: "GetRecords", effect: { kind: "reset", at: "inside-body" } });
    faults.add({
      operation: "GetRecords",
      nth: 2,
      effect: { kind: "error", status: 500, code: "InternalFailureException" },
    });
    faults.add({
      operation: "GetRecords",
      nth: 3,
      effect: { kind: "error", status: 503, code: "ServiceUnavailable" },
    });
    const { texts: seen } = await readOn(fixture, fixture.open({ type: "trim-horizon" }));
    expect(seen).toEqual(["a", "b"]);
    expect(retries(fixture).map((event) => event.kind)).toEqual(Array(4).fill("transient"));
  });

  it("F39 a name that does not resolve for ten minutes is waited out, looked at again every 10 s at least", async () => {
    await using fixture = await startReading();
    fixture.put("a");
    const nowhere = kinesisLater(
      createKinesisClient(
        {
          endpoint: "http://kinesis.no-such-name.invalid",
          region: "eu-central-1",
          credentials: { accessKeyId: "a", secretAccessKey: "b" },
        },
        silentLogger,
      ),
      { StreamName: STREAM },
      { ownsClient: true },
    );
    const unresolved: unknown = await nowhere.getRecords("iterator", 1).catch((thrown: unknown) => thrown);
    nowhere.close();
    expect(unresolved).toMatchObject({ kind: "transient" });
    const backAtMs = fixture.time.now() + 600_000;
    const reader = fixture.open(
      { type: "trim-horizon" },
      {},
      {
        api: {
          ...fixture.api,
          getRecords: (iterator, limit, signal) =>
            fixture.time.now() < backAtMs
              ? Promise.reject(new KinesisCallError("GetRecords", "transient", "getaddrinfo ENOTFOUND"))
              : fixture.api.getRecords(iterator, limit, signal),
        },
      },
    );
    expect((await readOn(fixture, reader)).texts).toEqual(["a"]);
    expect(Math.max(...retries(fixture).map((event) => event.delayMs))).toBeLessThanOrEqual(10_000);
    expect(fixture.time.now()).toBeLessThan(backAtMs + 12_000);
  });

  it("a failure that is no call's is not swallowed", async () => {
    await using fixture = await startReading();
    const reader = fixture.open(
      { type: "trim-horizon" },
      {},
      {
        api: { ...fixture.api, getRecords: () => Promise.reject(new RangeError("a mistake of ours")) },
      },
    );
    await expect(fixture.next(reader)).rejects.toThrow("a mistake of ours");
  });
});
