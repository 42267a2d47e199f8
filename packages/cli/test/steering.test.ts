import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import type { Connector } from "@kinesis-connectors/consumer";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectorOn, FAILOVER_TIME_MS, put, until } from "./support/fleet.js";
import { flagsTo, kc, kcJson, useLocal } from "./support/kc.js";
import { requireSchema } from "./support/schemas.js";

interface Shown {
  readonly shards: readonly {
    readonly shardId: string;
    readonly checkpoint: string;
    readonly state: string;
  }[];
}

const FAILOVER = ["--failover-time", `${FAILOVER_TIME_MS}ms`];

describe("steering a fleet", () => {
  let aws: LocalAws;
  let to: readonly string[];
  let restore: () => void;
  let connector: Connector;
  let folder: string;
  const kept: string[] = [];

  const checkpoints = async (): Promise<readonly string[]> => {
    const { shards } = (await kcJson(["checkpoint", "show", "app", ...to])) as unknown as Shown;
    return shards.map(({ checkpoint }) => checkpoint);
  };
  const updates = (after: number) =>
    aws.journal
      .entries({ after, server: "dynamodb" })
      .filter(({ operation }) => operation !== "Scan" && operation !== "GetItem");

  beforeAll(async () => {
    aws = await startLocalAws({ limits: "off" });
    restore = useLocal(aws);
    to = flagsTo(aws);
    folder = mkdtempSync(join(tmpdir(), "kc-steering-"));
    aws.kinesis.createStream({ name: "orders", shardCount: 2 });
    put(aws, "orders", 40);
    connector = await connectorOn(aws, "app", "orders", kept);
    await until(() => connector.progress().recordsEmitted >= 40);
  });

  afterAll(async () => {
    await connector.stop();
    restore();
    await aws.close();
    rmSync(folder, { recursive: true });
  });

  it("refuses a reset under a worker that lives: exit 3, and nothing is written by it", async () => {
    const before = await checkpoints();
    const { code, stdout, stderr } = await kc(
      ["checkpoint", "reset", "app", "--to", "horizon", "--execute", ...FAILOVER, ...to],
      { cwd: folder },
    );
    expect(code).toBe(3);
    expect(stdout).toMatch(/^app: 2 of 2 shards would go back; nothing has been changed$/m);
    expect(stdout).toMatch(
      /^0 +\.\.\.\d{6} \(\.0\) +TRIM_HORIZON +- +refused: it is owned by \S+ and not paused$/m,
    );
    expect(stderr).toContain("run first: kinesis-connectors pause app");
    expect(await checkpoints()).toEqual(before);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("pauses: owners finish and hold their shards, and status says by whom", async () => {
    const paused = await kcJson(["pause", "app", ...FAILOVER, ...to]);
    requireSchema("pause", paused);
    expect(paused).toMatchObject({ isDone: true, shards: [{ state: "done" }, { state: "done" }] });
    const report = await kcJson(["status", "app", ...to]);
    requireSchema("status", report);
    expect(report).toMatchObject({
      paused: 2,
      shards: [{ state: "paused" }, { state: "paused" }],
      attention: [],
    });
    expect((await kc(["status", "app", "--check", ...to])).code).toBe(0);
    expect((await kc(["status", "app", ...to])).stdout).toMatch(
      /^0 +paused .* paused by \S+@\S+ \d+ s ago$/m,
    );
    put(aws, "orders", 4);
    expect(kept).toHaveLength(40);
  });

  it("shows the plan and changes nothing; with --execute it keeps the rows and resets", async () => {
    const stood = await checkpoints();
    const reset = ["checkpoint", "reset", "app", "--to", "horizon", ...FAILOVER, ...to];
    const before = aws.journal.last();
    const plan = await kcJson(reset, { cwd: folder });
    requireSchema("checkpoint-reset", plan);
    expect(plan).toMatchObject({ isRefused: false, isExecuted: false, backupFile: null });
    // The connector renews its leases meanwhile.
    expect(updates(before).every(({ operation }) => operation === "UpdateItem")).toBe(true);
    expect(await checkpoints()).toEqual(stood);

    const done = await kcJson([...reset, "--execute"], { cwd: folder });
    requireSchema("checkpoint-reset", done);
    expect(done).toMatchObject({ isExecuted: true, shards: [{ outcome: "reset" }, { outcome: "reset" }] });
    expect(await checkpoints()).toEqual(["TRIM_HORIZON", "TRIM_HORIZON"]);
    const again = await kc(reset, { cwd: folder });
    expect(again.stdout).toMatch(
      /^app: 0 of 2 shards would go back, 2 already there and left alone; nothing/m,
    );
    expect(again.stdout).toMatch(/^0 +TRIM_HORIZON +TRIM_HORIZON +- +already there$/m);
    const [file = ""] = readdirSync(folder);
    expect(file).toMatch(/^leases-app-\d{4}-\d\d-\d\dT[\d-]+Z\.json$/);
    expect(JSON.parse(readFileSync(join(folder, file), "utf8"))).toMatchObject({ application: "app" });

    const restored = await kcJson(["leases", "restore", file, "--execute", ...FAILOVER, ...to], {
      cwd: folder,
    });
    requireSchema("leases-restore", restored);
    expect(await checkpoints()).toEqual(stood);
    // Where it was, by --to FILE: nothing but another word for it.
    expect(
      (await kc(["checkpoint", "reset", "app", "--to", file, ...FAILOVER, ...to], { cwd: folder })).code,
    ).toBe(0);
  });

  it("resumes: records that came meanwhile are read, and none of before again", async () => {
    const resumed = await kcJson(["resume", "app", ...to]);
    requireSchema("resume", resumed);
    expect(resumed).toMatchObject({ shards: [{}, {}] });
    await until(() => kept.length >= 44);
    expect(kept).toHaveLength(44);
    expect((await kc(["resume", "app", ...to])).stdout).toBe("nothing was paused\n");
  });

  it("keeps all rows in a file, and overwrites none", async () => {
    const backup = ["leases", "backup", "app", "--out", "rows.json", ...to];
    const done = await kcJson(backup, { cwd: folder });
    requireSchema("leases-backup", done);
    expect(done).toMatchObject({ rows: 2 });
    const again = await kc(backup, { cwd: folder });
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("EEXIST")]);
    const printed = await kc(["leases", "backup", "app", "--out", "-", ...to]);
    expect(JSON.parse(printed.stdout)).toMatchObject({ application: "app", v: 1 });
  });

  it("goes back to rows of another application only where that is said", async () => {
    const kept = await kc(["leases", "backup", "app", "--out", "-", ...to]);
    writeFileSync(
      join(folder, "other.json"),
      kept.stdout.replace('"application":"app"', '"application":"other"'),
    );
    writeFileSync(
      join(folder, "app.yaml"),
      "version: 1\napplication: app\nsource: { stream: orders }\nemitter: { type: s3 }\n",
    );
    const restoring = ["leases", "restore", "other.json", ...FAILOVER, ...to];
    const meant = await kc([...restoring, "--config", "app.yaml"], { cwd: folder });
    expect([meant.code, meant.stderr]).toEqual([
      2,
      expect.stringContaining("other.json holds the rows of other, and --config is about app"),
    ]);
    const said = await kc(restoring.toSpliced(3, 0, "app"), { cwd: folder });
    expect([said.code, said.stderr]).toEqual([3, expect.stringContaining("holds the rows of other: app")]);
  });

  it("takes a word for a word, whatever lies in the folder, and no folder for a file", async () => {
    const words = (target: string) => ["checkpoint", "reset", "app", "--to", target, ...FAILOVER, ...to];
    writeFileSync(join(folder, "horizon"), "not rows");
    mkdirSync(join(folder, "some-folder"));
    expect((await kc(words("horizon"), { cwd: folder })).stdout).toContain("TRIM_HORIZON");
    const file = await kc(words("./horizon"), { cwd: folder });
    expect([file.code, file.stderr]).toEqual([2, expect.stringContaining("backup is no JSON")]);
    const directory = await kc(words("some-folder"), { cwd: folder });
    expect([directory.code, directory.stderr]).toEqual([2, expect.stringContaining("EISDIR")]);
  });

  it("says what is wrong with a target before anything is read", async () => {
    for (const target of [
      "2099-01-01T00:00Z",
      "nowhere",
      "49671234567890123456789012345678901234567890123456789762",
    ]) {
      const { code } = await kc(["checkpoint", "reset", "app", "--to", target, ...to]);
      expect([target, code]).toEqual([target, 2]);
    }
    expect((await kc(["leases", "restore", "no-such-file", ...to])).code).toBe(2);
    expect((await kc(["checkpoint", "reset", "app", ...to])).code).toBe(2);
  });

  it("names a shard that there is none of by the flag that named it", async () => {
    const { code, stderr } = await kc(["pause", "app", "--shard", "77", "--no-wait", ...to]);
    expect(code).toBe(2);
    expect(stderr).toContain('--shard names "shardId-000000000077"');
  });

  it("shows no console of an application that has no lease table", async () => {
    const { code, stdout, stderr } = await kc(["console", "no-such-app", "--port", "0", ...to]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("there is no lease table no-such-app");
  });

  it("refuses to pause what a Java worker owns, and writes nothing", async () => {
    const client = new DynamoDBClient(aws.clientOptions("dynamodb"));
    await client.send(
      new CreateTableCommand({
        TableName: "java",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "leaseKey", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "leaseKey", KeyType: "HASH" }],
      }),
    );
    await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName: "java" });
    await client.send(
      new PutItemCommand({
        TableName: "java",
        Item: {
          leaseKey: { S: "shardId-000000000000" },
          leaseOwner: { S: "java-worker" },
          leaseCounter: { N: "7" },
          ownerSwitchesSinceCheckpoint: { N: "0" },
          checkpoint: { S: "TRIM_HORIZON" },
          checkpointSubSequenceNumber: { N: "0" },
        },
      }),
    );
    client.destroy();
    const before = aws.journal.last();
    for (const words of [["pause"], ["checkpoint", "reset", "--to", "latest", "--execute"]]) {
      const { code, stdout, stderr } = await kc([...words, "java", ...FAILOVER, ...to], { cwd: folder });
      expect(code).toBe(3);
      expect(stdout + stderr).toContain("java-worker, which writes no kcOwner");
    }
    const written = updates(before).filter(({ parameters }) => JSON.stringify(parameters).includes("java"));
    expect(written).toEqual([]);
  });
});
