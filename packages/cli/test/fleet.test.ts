import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectorOn, FAILOVER_TIME_MS, operationsSince, put, until, WRITES } from "./support/fleet.js";
import { flagsTo, kc, kcJson, useLocal } from "./support/kc.js";
import { requireSchema } from "./support/schemas.js";

interface Status {
  readonly stream: string;
  readonly shards: readonly {
    readonly shardId: string;
    readonly state: string;
    readonly checkpoint: string;
    readonly deliveredAgoMs: number | null;
  }[];
}

describe("a fleet of which no worker runs", () => {
  let aws: LocalAws;
  let to: readonly string[];
  let restore: () => void;

  beforeAll(async () => {
    aws = await startLocalAws({ limits: "off" });
    restore = useLocal(aws);
    to = flagsTo(aws);
    aws.kinesis.createStream({ name: "clicks", shardCount: 4 });
    const kept: string[] = [];
    put(aws, "clicks", 200);
    const connector = await connectorOn(aws, "click-archive", "clicks", kept);
    await until(() => connector.progress().recordsEmitted >= 200);
    await until(async () => {
      const { shards } = (await kcJson(["status", "click-archive", ...to])) as unknown as Status;
      return shards.every(({ deliveredAgoMs }) => deliveredAgoMs !== null);
    });
    await connector.stop();
  });

  afterAll(async () => {
    restore();
    await aws.close();
  });

  it("shows every shard, its checkpoint and when it delivered, and asks Kinesis nothing", async () => {
    const before = aws.journal.last();
    const report = await kcJson(["status", "click-archive", ...to]);
    requireSchema("status", report);
    const { shards, stream } = report as unknown as Status;
    expect(stream).toBe("clicks");
    expect(shards.map(({ shardId }) => shardId)).toEqual(
      [0, 1, 2, 3].map((number) => `shardId-00000000000${number}`),
    );
    for (const shard of shards) {
      expect(shard.state).toBe("unowned");
      expect(shard.checkpoint).toMatch(/^\d{56}$/);
    }
    const operations = operationsSince(aws, before);
    expect(operations).not.toContain("GetRecords");
    expect(operations.filter((operation) => WRITES.includes(operation))).toEqual([]);
    expect(operations.toSorted()).toEqual(["GetItem", "GetItem", "Scan"]);
    expect((report as unknown as { cost: { readUnits: number } }).cost.readUnits).toBeGreaterThan(0);
  });

  it("prints a table for people, with what it cost", async () => {
    const { code, stdout } = await kc(["status", "click-archive", ...to]);
    expect(code).toBe(0);
    const [head, titles, first] = stdout.split("\n");
    expect(head).toMatch(/^click-archive {2}stream clicks {2}4 shards, 0 workers/);
    expect(titles).toMatch(/^SHARD +STATE +OWNER +DELIVERED +CHECKPOINT +PENDING +CHILDREN$/);
    expect(first).toMatch(/^0 +unowned +- +\S.* \.\.\.\d{6} \(\.0\) +- +- +nobody owns it/);
    expect(stdout).toMatch(
      /lease table: 4 rows, 1 Scan, 2 GetItem \([\d.]+ read units?\)\. Kinesis was not asked\.\n$/,
    );
  });

  it("cuts the table to the terminal, and shows stamps on request", async () => {
    const { stdout } = await kc(["status", "click-archive", "--utc", ...to], { columns: 60 });
    const table = stdout.split("\n").slice(1, 6);
    for (const line of table) expect(line.length).toBeLessThanOrEqual(60);
    expect((await kc(["status", "click-archive", "--utc", ...to])).stdout).toMatch(/\d{4}-\d\d-\d\dT/);
  });

  it("colours nothing under NO_COLOR", async () => {
    const given = { columns: 200 };
    const coloured = await kc(["status", "click-archive", ...to], given);
    expect(coloured.stdout).toContain("\u001B[33m");
    const plain = await kc(["status", "click-archive", ...to], { ...given, env: { NO_COLOR: "1" } });
    expect(plain.stdout).not.toContain("\u001B[");
  });

  it("finds the lease tables by itself", async () => {
    const report = await kcJson(["status", ...to]);
    requireSchema("status", report);
    expect(report).toMatchObject({ applications: [{ application: "click-archive" }] });
  });

  it("is unhealthy without an owner: exit 4", async () => {
    const { code, stderr } = await kc(["status", "click-archive", "--check", ...to]);
    expect(code).toBe(4);
    expect(stderr).toContain("nobody owns it");
    const json = await kc(["status", "click-archive", "--check", "--json", ...to]);
    expect(json.code).toBe(4);
    requireSchema("error", JSON.parse(json.stderr));
    requireSchema("status", JSON.parse(json.stdout));
  });

  it("asks Kinesis for the distance when it is told to: one read for each shard", async () => {
    const before = aws.journal.last();
    const report = await kcJson(["status", "click-archive", "--ask-stream", ...to]);
    requireSchema("status", report);
    const reads = operationsSince(aws, before).filter((operation) => operation === "GetRecords");
    expect(reads).toHaveLength(4);
    const { shards } = report as unknown as { readonly shards: readonly { readonly behindMs: number }[] };
    expect(shards.map(({ behindMs }) => behindMs)).toEqual([0, 0, 0, 0]);
  });

  it("lag lists the figures, largest first, and is unhealthy above --max", async () => {
    const report = await kcJson(["lag", "click-archive", ...to]);
    requireSchema("lag", report);
    const { shards } = report as unknown as Status;
    const ages = shards.map(({ deliveredAgoMs }) => deliveredAgoMs ?? Infinity);
    expect(ages).toEqual(ages.toSorted((a, b) => b - a));
    expect((await kc(["lag", "click-archive", "--max", "1h", ...to])).code).toBe(0);
    const { code, stderr } = await kc(["lag", "click-archive", "--max", "1ms", ...to]);
    expect(code).toBe(4);
    expect(stderr).toMatch(/above 0 s: shard \d with/);
  });

  it("shards shows the sizes, and leases the rows as they are", async () => {
    const shards = await kcJson(["shards", "click-archive", ...to]);
    requireSchema("shards", shards);
    expect(shards).toMatchObject({
      shards: [{ share: 0.25 }, { share: 0.25 }, { share: 0.25 }, { share: 0.25 }],
    });
    const leases = await kcJson(["leases", "click-archive", ...to]);
    requireSchema("leases-list", leases);
    expect(leases).toMatchObject({ leases: [{ writer: "ours" }, {}, {}, {}] });
    const raw = await kc(["leases", "list", "click-archive", "--raw", ...to]);
    const rows = raw.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows).toHaveLength(4);
    expect(rows[0]).toHaveProperty("leaseCounter.N");
    requireSchema("leases-list", await kcJson(["leases", "click-archive", "--raw", ...to]));
  });

  it("says of a table that is missing where it looked, and creates nothing", async () => {
    const before = aws.journal.last();
    const { code, stderr } = await kc(["status", "no-such-app", "--json", ...to]);
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "KC_NOT_FOUND" } });
    expect(stderr).toContain("no lease table no-such-app in eu-central-1");
    expect(operationsSince(aws, before)).not.toContain("CreateTable");
    expect((await kc(["status", ...to])).stdout).not.toContain("no-such-app");
  });

  it("takes no other table for one of leases, and no name that no table can have", async () => {
    const client = new DynamoDBClient(aws.clientOptions("dynamodb"));
    await client.send(
      new CreateTableCommand({
        TableName: "users",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      }),
    );
    await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName: "users" });
    client.destroy();
    for (const words of [["status"], ["leases"], ["pause"], ["checkpoint", "reset", "--to", "horizon"]]) {
      const { code, stderr } = await kc([...words, "users", ...to]);
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining("users is no lease table: its key is id, and that of one is leaseKey"),
      ]);
    }
    const before = aws.journal.last();
    for (const name of ["a/b", "we ird", "x"]) {
      const { code, stderr } = await kc(["status", name, ...to]);
      expect([code, stderr]).toEqual([2, expect.stringContaining("no lease table can be called")]);
    }
    expect(aws.journal.last()).toEqual(before);
  });

  it("tells living workers from those that have gone", async () => {
    aws.kinesis.createStream({ name: "orders", shardCount: 2 });
    const connector = await connectorOn(aws, "orders-app", "orders");
    await until(() => connector.progress().shards.length === 2);
    const words = ["workers", "orders-app", "--failover-time", `${FAILOVER_TIME_MS}ms`, ...to];
    const living = await kcJson(words);
    requireSchema("workers", living);
    expect(living).toMatchObject({
      workers: [{ kind: "ours", shards: 2, isRenewing: true }],
      openShards: 2,
      unownedShards: 0,
    });
    expect((await kc(["status", "orders-app", "--check", ...to])).code).toBe(0);
    await connector.stop();
    const gone = await kcJson([...words.slice(0, 2), "--failover-time", "300ms", ...to]);
    expect(gone).toMatchObject({ workers: [], unownedShards: 2 });
  });
});
