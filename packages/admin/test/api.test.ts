import { createAggregator } from "@kinesis-connectors/wire";
import { describe, expect, it } from "vitest";
import { startAdmin } from "../src/index.js";
import { APPLICATION, live, STREAM } from "./live.js";
import { ask, TOKEN, until } from "./support.js";

describe("what a running connector shows", () => {
  it("status, shards, leases, errors and metrics are those of the run", async () => {
    await using parts = await live();
    const connector = await parts.start();
    await using admin = await startAdmin(connector, {
      port: 0,
      metrics: parts.metrics,
      steering: { table: parts.table },
    });
    parts.put(1, 60);
    // Filtered, and poison.
    parts.put(-5, -1);
    parts.aws.kinesis.putRecords(STREAM, [{ partitionKey: "a", data: "no JSON: secret-payload" }]);
    await until(() => {
      const { recordsEmitted, recordsFiltered, deadLetters } = connector.progress().totals;
      return recordsEmitted === 60 && recordsFiltered === 5 && deadLetters === 1;
    });

    const status = await ask(admin, "/api/v1/status");
    expect(status.json).toMatchObject({
      connector: APPLICATION,
      application: APPLICATION,
      stream: STREAM,
      ownerId: connector.ownerId,
      state: "running",
      health: { status: "ok" },
      failoverTimeMs: 30_000,
      totals: { recordsRead: 66, recordsEmitted: 60, recordsFiltered: 5, deadLetters: 1 },
      shards: { reading: 2 },
    });
    const shards = await ask(admin, "/api/v1/shards");
    expect(shards.json).toMatchObject({
      shards: [
        { shardId: "shardId-000000000000", state: "reading", recordsRead: expect.any(Number) },
        { shardId: "shardId-000000000001", state: "reading" },
      ],
    });
    const one = await ask(admin, "/api/v1/shards/shardId-000000000001");
    expect(one.json).toMatchObject({
      shardId: "shardId-000000000001",
      shard: { state: "reading" },
      lease: { owner: connector.ownerId, checkpoint: { sequenceNumber: expect.stringMatching(/^\d+$/) } },
    });
    const leases = await ask(admin, "/api/v1/leases");
    expect(leases.json).toMatchObject({
      leases: [
        { leaseKey: "shardId-000000000000", owner: connector.ownerId },
        { leaseKey: "shardId-000000000001", owner: connector.ownerId },
      ],
    });
    const errors = await ask(admin, "/api/v1/errors");
    expect(errors.json).toMatchObject({
      errors: [
        {
          type: "record-dead-letter",
          code: "KC_RECORD_POISON",
          count: 1,
          position: { subSequenceNumber: 0 },
        },
      ],
    });
    const metrics = await ask(admin, "/metrics");
    expect(metrics.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    const sum = (name: string): number =>
      [...metrics.text.matchAll(new RegExp(`^kinesis_connectors_${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))]
        .map(([, value]) => Number(value))
        .reduce((a, b) => a + b, 0);
    expect(sum("records_read_total")).toBe(66);
    expect(sum("records_emitted_total")).toBe(60);
    expect(sum("records_filtered_total")).toBe(5);
    expect(sum("records_dead_lettered_total")).toBe(1);
    // S06
    for (const { text } of [status, shards, one, leases, errors, metrics])
      expect(text).not.toContain("secret-payload");
  });

  it("a connector that has been stopped is shown as it was, and is not ready", async () => {
    await using parts = await live({ shards: 1 });
    const connector = await parts.start();
    await using admin = await startAdmin(connector, { port: 0, token: TOKEN });
    parts.put(1, 10);
    await until(() => parts.landed().length === 10);
    expect(await ask(admin, "/api/v1/drain", { method: "POST", token: TOKEN })).toMatchObject({
      status: 202,
      json: { desired: "stopped" },
    });
    await connector.done;
    await until(async () => (await ask(admin, "/readyz")).status === 503);
    expect((await ask(admin, "/readyz")).json).toMatchObject({ reasons: [{ rule: "stopped" }] });
    expect(await ask(admin, "/livez")).toMatchObject({ status: 200 });
    expect((await ask(admin, "/api/v1/status", { token: TOKEN })).json).toMatchObject({
      state: "stopped",
      totals: { recordsEmitted: 10 },
    });
  });
});

describe("peek", () => {
  const options = { port: 0, token: TOKEN } as const;

  it("is not there unless payload is allowed", async () => {
    await using parts = await live({ shards: 1 });
    const connector = await parts.start();
    await using admin = await startAdmin(connector, { ...options, kinesis: parts.kinesis });
    parts.put(1, 3);
    const answer = await ask(admin, "/api/v1/shards/shardId-000000000000/peek", { token: TOKEN });
    expect(answer).toMatchObject({ status: 404, json: { error: { code: "not-found" } } });
    await using allowed = await startAdmin(connector, { ...options, allowPayload: true });
    expect(await ask(allowed, "/api/v1/shards/shardId-000000000000/peek")).toMatchObject({ status: 401 });
    expect(await ask(allowed, "/api/v1/shards/shardId-000000000000/peek", { token: TOKEN })).toMatchObject({
      status: 501,
      json: { error: { message: expect.stringContaining("kinesis") } },
    });
  });

  it("shows what the shard is read from next, aggregates taken apart, once a second", async () => {
    await using parts = await live({ shards: 1 });
    const connector = await parts.start();
    await using admin = await startAdmin(connector, {
      ...options,
      allowPayload: true,
      kinesis: parts.kinesis,
      steering: { table: parts.table },
    });
    parts.put(1, 5);
    await until(() => parts.landed().length === 5);
    await connector.stop();
    const aggregator = createAggregator();
    for (const n of [6, 7, 8]) {
      const data = new TextEncoder().encode(JSON.stringify({ n }));
      aggregator.add({ partitionKey: `key-${n}`, data });
    }
    const aggregated = aggregator.flush();
    parts.aws.kinesis.putRecords(STREAM, [
      { partitionKey: "a", data: aggregated?.data ?? "" },
      { partitionKey: "b", data: Buffer.from([0xff, 0xfe]) },
      { partitionKey: "c", data: "last" },
    ]);
    const path = "/api/v1/shards/shardId-000000000000/peek";
    const first = await ask(admin, `${path}?count=4`, { token: TOKEN });
    expect(first.json).toMatchObject({
      shardId: "shardId-000000000000",
      after: { sequenceNumber: expect.any(String) },
      records: [
        { partitionKey: "key-6", subSequenceNumber: 0, text: '{"n":6}' },
        { partitionKey: "key-7", subSequenceNumber: 1, text: '{"n":7}' },
        { partitionKey: "key-8", subSequenceNumber: 2, text: '{"n":8}' },
        { partitionKey: "b", subSequenceNumber: 0, base64: "//4=" },
      ],
    });
    const again = await ask(admin, path, { token: TOKEN });
    expect([200, 429]).toContain(again.status);
    const many = await Promise.all(Array.from({ length: 5 }, () => ask(admin, path, { token: TOKEN })));
    expect(many.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    for (const count of ["0", "101", "x", "1.5"])
      expect(await ask(admin, `${path}?count=${count}`, { token: TOKEN })).toMatchObject({ status: 400 });
    expect(await ask(admin, "/api/v1/shards/shardId-000000000009/peek", { token: TOKEN })).toMatchObject({
      status: 404,
    });
  });
});
