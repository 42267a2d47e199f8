import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { memoryLeases } from "@kinesis-connectors/leases";
import { expect, test } from "vitest";

import { startConnector } from "../../src/connector.js";
import { collector, numbered, optionsFor, startAws, STREAM, textPipeline, until } from "./support.js";

const LEASES = { failoverTimeMs: 4_000, mode: "3x", bootstrapJitterMs: 0 } as const;

test("two connectors with leases.mode 3x: one leads, both read, the leader stops, and the other one leads and reads everything", async () => {
  await using local = await startAws({ shards: 4 });
  const collected = collector();
  const options = { ...optionsFor(local, textPipeline(collected.emitter)), leases: LEASES };
  local.kinesis.putRecords(STREAM, numbered(1, 400));
  const first = await startConnector(options);
  await until(() => collected.all().length >= 400);
  expect(first.progress()).toMatchObject({
    fleetMode: "CLIENT_VERSION_3X",
    fleetRole: "follower",
    isLeader: true,
    unattendedShards: 0,
  });

  await using second = await startConnector(options);
  const reading = (connector: typeof second): number =>
    connector.progress().shards.filter(({ state }) => state === "reading").length;
  await until(() => reading(first) === 2 && reading(second) === 2);
  expect(second.progress()).toMatchObject({ fleetRole: "follower", isLeader: false });
  local.kinesis.putRecords(STREAM, numbered(401, 800));
  await until(() => collected.all().length >= 800);

  const client = new DynamoDBClient(local.clientOptions("dynamodb"));
  const rows = async () =>
    (await client.send(new ScanCommand({ TableName: options.application }))).Items ?? [];
  await expect
    .poll(async () => (await rows()).some((row) => Number(row["throughputKBps"]?.N ?? 0) > 0))
    .toBe(true);
  expect(new Set((await rows()).map((row) => row["entityType"]?.S))).toEqual(
    new Set([undefined, "LEADER", "CLIENT_VERSION_MIGRATION", "WORKER_METRIC_STATS"]),
  );
  client.destroy();

  await first.stop();
  await until(() => reading(second) === 4 && second.progress().isLeader);
  local.kinesis.putRecords(STREAM, numbered(801, 1_000));
  await until(() => collected.all().length >= 1_000);
  await second.stop();
  expect(new Set(collected.all()).size).toBe(1_000);
});

test("leases.mode 3x is refused with a table that has no rows of a fleet, before anything is read", async () => {
  await using local = await startAws();
  const { fleet: _fleet, ...table } = memoryLeases().connect();
  const options = { ...optionsFor(local, textPipeline(collector().emitter)), leaseTable: table };
  await expect(startConnector({ ...options, leases: { mode: "3x" } })).rejects.toMatchObject({
    code: "KC_OPTION_INVALID",
    message: expect.stringContaining("leases.mode"),
  });
});

test("another leases.mode is refused by name", async () => {
  await using local = await startAws();
  const options = optionsFor(local, textPipeline(collector().emitter));
  const leases: object = { mode: "4x" };
  await expect(startConnector({ ...options, leases })).rejects.toThrow(
    'leases.mode must be "auto", "2x" or "3x"',
  );
});
