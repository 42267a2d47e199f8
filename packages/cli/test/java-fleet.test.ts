import {
  type AttributeValue,
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { operationsSince, WRITES } from "./support/fleet.js";
import { flagsTo, kc, kcJson, useLocal } from "./support/kc.js";
import { requireSchema } from "./support/schemas.js";

type Row = Readonly<Record<string, AttributeValue>>;

const SEQUENCE = "49671234567890123456789012345678901234567890123456789762";
const HALF = 2n ** 127n;

/** A row as KCL 2.7.3 writes it: amazon-kinesis-client `DynamoDBLeaseSerializer.getDynamoRecord`, after a take and a checkpoint. */
function kcl2Row(shard: number, more: Row): Row {
  return {
    leaseKey: { S: `shardId-${String(shard).padStart(12, "0")}` },
    leaseCounter: { N: "4711" },
    ownerSwitchesSinceCheckpoint: { N: "0" },
    checkpoint: { S: SEQUENCE },
    checkpointSubSequenceNumber: { N: "2" },
    startingHashKey: { S: shard === 0 ? "0" : String(HALF) },
    endingHashKey: { S: String(shard === 0 ? HALF - 1n : 2n * HALF - 1n) },
    ...more,
  };
}

const KCL_2: readonly Row[] = [
  kcl2Row(0, { leaseOwner: { S: "ip-10-0-0-1.ec2.internal:1f1e3c4a-0000-4000-8000-000000000001" } }),
  kcl2Row(1, {
    leaseOwner: { S: "ip-10-0-0-2.ec2.internal:2f1e3c4a-0000-4000-8000-000000000002" },
    // prepareCheckpoint(applicationState): bytes that only the application can read.
    pendingCheckpoint: { S: SEQUENCE },
    pendingCheckpointSubSequenceNumber: { N: "0" },
    pendingCheckpointState: { B: Buffer.from("state") },
  }),
  kcl2Row(2, {
    checkpoint: { S: "SHARD_END" },
    checkpointSubSequenceNumber: { N: "0" },
    leaseOwner: { S: "ip-10-0-0-1.ec2.internal:1f1e3c4a-0000-4000-8000-000000000001" },
    childShardIds: { SS: ["shardId-000000000000", "shardId-000000000001"] },
    startingHashKey: { S: "0" },
  }),
];

/** Rows of KCL 3.5 in its single-table format: leases with `entityType`, one in a handoff, and the rows it keeps among them. */
const KCL_3: readonly Row[] = [
  kcl2Row(0, {
    leaseOwner: { S: "worker-a" },
    throughputKBps: { N: "12.345678" },
    entityType: { S: "LEASE" },
  }),
  kcl2Row(1, {
    leaseOwner: { S: "worker-b" },
    checkpointOwner: { S: "worker-a" },
    throughputKBps: { N: "0.5" },
    entityType: { S: "LEASE" },
  }),
  {
    leaseKey: { S: "Leader" },
    ownerName: { S: "worker-a" },
    leaseDuration: { S: "120000" },
    recordVersionNumber: { S: "6a1c5a0e-0000-4000-8000-000000000003" },
    entityType: { S: "LEADER" },
  },
  {
    leaseKey: { S: "Migration3.0" },
    cv: { S: "CLIENT_VERSION_3X" },
    mb: { S: "worker-a" },
    mts: { N: "1760000000000" },
    h: { L: [] },
    entityType: { S: "CLIENT_VERSION_MIGRATION" },
  },
  {
    leaseKey: { S: "worker-a" },
    lut: { N: "1760000000" },
    sts: { M: { C: { L: [{ N: "12.5" }] } } },
    opr: { M: { C: { L: [{ N: "80" }] } } },
    sup: { N: "1" },
    slu: { N: "1760000000" },
    entityType: { S: "WORKER_METRIC_STATS" },
  },
];

describe("a fleet of the Java KCL", () => {
  let aws: LocalAws;
  let to: readonly string[];
  let restore: () => void;

  beforeAll(async () => {
    aws = await startLocalAws({ limits: "off" });
    restore = useLocal(aws);
    to = flagsTo(aws);
    const client = new DynamoDBClient(aws.clientOptions("dynamodb"));
    for (const [table, rows] of Object.entries({ "java-2": KCL_2, "java-3": KCL_3 })) {
      await client.send(
        new CreateTableCommand({
          TableName: table,
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: [{ AttributeName: "leaseKey", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "leaseKey", KeyType: "HASH" }],
        }),
      );
      await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName: table });
      for (const row of rows) await client.send(new PutItemCommand({ TableName: table, Item: { ...row } }));
    }
    client.destroy();
  });

  afterAll(async () => {
    restore();
    await aws.close();
  });

  it("of version 2.7 is shown with its owners marked kcl, and nothing is written", async () => {
    const before = aws.journal.last();
    const report = await kcJson(["status", "java-2", ...to]);
    requireSchema("status", report);
    expect(report).toMatchObject({
      workers: 2,
      fleetMode: null,
      deliveredAgoMs: null,
      foreign: [],
      shards: [
        {
          shardId: "shardId-000000000000",
          state: "reading",
          ownerKind: "kcl",
          subSequenceNumber: 2,
          pending: null,
        },
        { shardId: "shardId-000000000001", state: "reading", ownerKind: "kcl", pending: { records: null } },
        { shardId: "shardId-000000000002", state: "ended", checkpoint: "SHARD_END" },
      ],
    });
    const table = await kc(["status", "java-2", ...to]);
    expect(table.stdout).toMatch(
      /^0 +reading +ip-10-0-0-1\.ec2\.internal:1f1e \(kcl\) +- +\.\.\.789762 \(\.2\)/m,
    );
    for (const words of [
      ["shards"],
      ["leases"],
      ["leases", "--raw"],
      ["lag"],
      ["workers", "--failover-time", "30ms"],
    ])
      expect((await kc([...words, "java-2", ...to])).code).toBe(0);
    const operations = operationsSince(aws, before);
    expect(operations.filter((operation) => WRITES.includes(operation))).toEqual([]);
    expect(operations).toContain("Scan");
  });

  it("of version 3.5 is shown with its mode, its handoff and what is no lease", async () => {
    const before = aws.journal.last();
    const report = await kcJson(["status", "java-3", ...to]);
    requireSchema("status", report);
    expect(report).toMatchObject({
      fleetMode: "CLIENT_VERSION_3X",
      shards: [
        { state: "reading", owner: "worker-a", ownerKind: "kcl", nextOwner: null },
        { state: "handoff", owner: "worker-a", ownerKind: "kcl", nextOwner: "worker-b" },
      ],
      foreign: [
        { key: "Leader", kind: "leader lock of KCL 3" },
        { key: "Migration3.0", kind: "mode of a KCL 3 fleet" },
        { key: "worker-a", kind: "metrics of a KCL 3 worker" },
      ],
    });
    const { stdout } = await kc(["leases", "java-3", ...to]);
    expect(stdout).toMatch(/^shardId-000000000000 +kcl 3 +worker-a +4711/m);
    expect(stdout).toMatch(/^shardId-000000000001 +kcl 3 handoff +worker-b/m);
    expect(stdout).toContain("not a lease of ours: Migration3.0 (mode of a KCL 3 fleet)");
    const raw = await kc(["leases", "java-3", "--raw", ...to]);
    expect(raw.stdout.trim().split("\n")).toHaveLength(5);
    expect(operationsSince(aws, before).filter((operation) => WRITES.includes(operation))).toEqual([]);
  });

  it("has no figure of what was delivered: --check and --max do not take that for health", async () => {
    for (const words of [
      ["status", "--check"],
      ["lag", "--max", "5m"],
    ]) {
      const { code, stderr } = await kc([...words, "java-3", ...to]);
      expect([code, stderr]).toEqual([4, expect.stringContaining("--ask-stream")]);
    }
  });
});
