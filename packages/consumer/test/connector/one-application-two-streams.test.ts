import { DynamoDBClient, ScanCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { systemClock } from "@kinesis-connectors/core";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { memoryLeases, tableOfStream } from "@kinesis-connectors/leases";
import { describe, expect, it } from "vitest";

import { type Connector, startConnector } from "../../src/connector.js";
import { newLease } from "../support/leases.js";
import { type Collected, collector, numbered, optionsFor, textPipeline, until } from "./support.js";

/** A local AWS whose clock a test moves on, so that streams are made at known moments. */
async function startAws() {
  const time = { aheadMs: 0 };
  const local = await startLocalAws({
    s3: false,
    limits: "off",
    clock: { ...systemClock, now: () => systemClock.now() + time.aheadMs },
  });
  const client = new DynamoDBClient(local.clientOptions("dynamodb"));
  return {
    local,
    time,
    client,
    rows: async () =>
      (await client.send(new ScanCommand({ TableName: "archive", ConsistentRead: true }))).Items ?? [],
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await local.close();
    },
  };
}

const archive = (local: LocalAws, stream: string, collected: Collected): Promise<Connector> =>
  startConnector({ ...optionsFor(local, textPipeline(collected.emitter)), application: "archive", stream });

async function archiveAll(local: LocalAws, stream: string, count: number): Promise<void> {
  const collected = collector();
  const connector = await archive(local, stream, collected);
  await until(() => collected.all().length === count);
  await connector.stop();
  await connector.done;
}

describe("one-application-two-streams", () => {
  it.each([
    ["made within the same second", 0],
    ["made three seconds later", 3_000],
  ])(
    "the second stream, %s, is refused in one sentence, and nothing of either is touched",
    async (_when, laterMs) => {
      await using aws = await startAws();
      const { local } = aws;
      local.kinesis.createStream({ name: "orders", shardCount: 1 });
      aws.time.aheadMs = laterMs;
      local.kinesis.createStream({ name: "clicks", shardCount: 1 });
      local.kinesis.putRecords("orders", numbered(1, 30));
      local.kinesis.putRecords("clicks", numbered(1, 30));
      await archiveAll(local, "orders", 30);
      const before = await aws.rows();
      const collected = collector();
      const failed = archive(local, "clicks", collected);
      await expect(failed).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
      const { message } = await failed.then(
        () => new Error("it started"),
        (error: Error) => error,
      );
      expect(message).toContain(
        'the lease table archive of application "archive" holds the progress of stream orders',
      );
      expect(message).toContain("reads stream clicks");
      expect(message).toContain("option application");
      expect(message).not.toMatch(/delete/i);
      local.kinesis.putRecords("clicks", numbered(31, 35));
      expect(collected.all()).toEqual([]);
      expect(await aws.rows()).toEqual(before);
      expect(local.journal.entries({ operation: "GetRecords" }).length).toBeGreaterThan(0);
      // And the first stream goes on as if nothing had been.
      local.kinesis.putRecords("orders", numbered(31, 33));
      await archiveAll(local, "orders", 3);
    },
  );

  it("a stream that was deleted and created again is told apart from another one", async () => {
    await using aws = await startAws();
    const { local } = aws;
    local.kinesis.createStream({ name: "orders", shardCount: 1 });
    local.kinesis.putRecords("orders", numbered(1, 5));
    await archiveAll(local, "orders", 5);
    local.kinesis.call("DeleteStream", { StreamName: "orders" });
    aws.time.aheadMs += 60_000;
    local.kinesis.createStream({ name: "orders", shardCount: 1 });
    local.kinesis.putRecords("orders", numbered(6, 10));
    const failed = archive(local, "orders", collector());
    await expect(failed).rejects.toMatchObject({ code: "KC_STREAM_MISSING" });
    await expect(failed).rejects.toThrow(
      /stream orders is another one .* after it was deleted.*delete the lease table/,
    );
  });

  it("rows of Java workers say nothing of the stream: they are read on, and say it from the first commit on", async () => {
    await using aws = await startAws();
    const { local, client } = aws;
    local.kinesis.createStream({ name: "orders", shardCount: 1 });
    local.kinesis.createStream({ name: "clicks", shardCount: 1 });
    local.kinesis.putRecords("orders", numbered(1, 5));
    await archiveAll(local, "orders", 5);
    const [row] = await aws.rows();
    expect(row?.["kcStream"]?.S).toMatch(/^arn:aws:kinesis:[^@]+:stream\/orders@\d{13}$/);
    const { leaseKey = { S: "" } } = row ?? {};
    await client.send(
      new UpdateItemCommand({ TableName: "archive", Key: { leaseKey }, UpdateExpression: "REMOVE kcStream" }),
    );
    const connector = await archive(local, "orders", collector());
    await until(() => connector.progress().shards.length > 0);
    // Taken, and nothing committed: a worker of another stream that was started by mistake must not mark what is not its own.
    expect((await aws.rows())[0]?.["kcStream"]).toBeUndefined();
    local.kinesis.putRecords("orders", numbered(6, 7));
    while ((await aws.rows())[0]?.["kcStream"]?.S !== row?.["kcStream"]?.S) await until(() => true);
    await connector.stop();
    await expect(archive(local, "clicks", collector())).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
  });

  it.each([
    ["another region", "arn:aws:kinesis:us-east-1:000000000000:stream/orders"],
    ["another account", "arn:aws:kinesis:eu-central-1:999988887777:stream/orders"],
  ])(
    "cross-account: a stream of the same name in %s is refused with both ARNs",
    async (_where, streamArn) => {
      const shared = memoryLeases();
      const own = "arn:aws:kinesis:eu-central-1:000000000000:stream/orders";
      const of = (arn: string) =>
        tableOfStream(shared.connect(), {
          stream: { streamArn: arn, createdMs: 1 },
          application: "archive",
          tableName: "archive",
        });
      await of(own).create(newLease("shardId-000000000000"));
      const failed = of(streamArn).list();
      await expect(failed).rejects.toMatchObject({ code: "KC_LEASE_TABLE" });
      await expect(failed).rejects.toThrow(
        `holds the progress of stream orders (${own}), and this connector reads stream orders (${streamArn}): give this one another application`,
      );
    },
  );

  it("of two that start at once on an empty table, the one that comes second takes back what it had made", async () => {
    const shared = memoryLeases();
    const named = (name: string) =>
      tableOfStream(shared.connect(), {
        stream: { streamArn: `arn:aws:kinesis:eu-central-1:000000000000:stream/${name}`, createdMs: 1 },
        application: "archive",
        tableName: "archive",
      });
    const orders = named("orders");
    const clicks = named("clicks");
    expect(await clicks.create(newLease("shardId-000000000001"))).toBe(true);
    expect(await orders.create(newLease("shardId-000000000000"))).toBe(true);
    await expect(clicks.create(newLease("shardId-000000000000"))).rejects.toThrow(
      /holds the progress of stream orders/,
    );
    expect([...shared.rows.keys()]).toEqual(["shardId-000000000000"]);
    expect(await orders.list()).toHaveLength(1);
  });
});
