import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@kinesis-connectors/core";
import { leaseFrom, type LeaseTable, memoryLeases, type MemoryLeases } from "@kinesis-connectors/leases";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { dynamoDbLeaseTable } from "@kinesis-connectors/consumer";
import { startLocalAws } from "@kinesis-connectors/local";
import { describe, expect, it } from "vitest";
import { findFiles } from "../src/console/found-files.js";
import { startAdmin, startConsole } from "../src/index.js";
import { live } from "./live.js";
import { type Answered, ask, TOKEN, toldConnector, until } from "./support.js";

const SHARD = "shardId-000000000000";
const PATH = "/api/v1/connectors/clicks-to-s3";

function leasesOf(owner: string | undefined): MemoryLeases {
  const leases = memoryLeases();
  leases.rows.set(SHARD, {
    ...leaseFrom({
      leaseKey: SHARD,
      checkpoint: "TRIM_HORIZON",
      parentShardIds: [],
      hashKeyRange: { startingHashKey: "0", endingHashKey: "9" },
    }),
    owner,
    protocolOwner: owner,
  });
  return leases;
}

const consoleOf = (table: LeaseTable, more: Partial<Parameters<typeof startConsole>[1]> = {}) =>
  startConsole(new Map([["clicks-to-s3", { table, failoverTimeMs: 1_000 }]]), {
    token: TOKEN,
    port: 0,
    ...more,
  });

const state = async (server: { readonly url: string }): Promise<Answered["json"]> =>
  (await ask(server.url, `${PATH}/console`, { token: TOKEN })).json;

describe("the console of a fleet", () => {
  it("shows the rows of a lease table without a worker, and says who may do what", async () => {
    await using server = await consoleOf(leasesOf(undefined).connect());
    expect((await ask(server.url, "/api/v1/connectors", { token: TOKEN })).json).toMatchObject({
      connectors: [{ name: "clicks-to-s3" }],
    });
    expect(await state(server)).toMatchObject({
      application: "clicks-to-s3",
      access: "read-only",
      trouble: null,
      processes: [],
      fleet: {
        failoverTimeMs: 1_000,
        workers: [],
        shards: [{ shardId: SHARD, state: "unowned", hashKeyRange: { endingHashKey: "9" } }],
      },
    });
  });

  it("takes its token for everything below /api, and changes only where that was allowed", async () => {
    const leases = leasesOf(undefined);
    await using reading = await consoleOf(leases.connect());
    for (const path of ["/api/v1/status", `${PATH}/console`])
      expect(await ask(reading.url, path)).toMatchObject({
        status: 401,
        json: { error: { message: expect.stringContaining("open the address that was printed") } },
      });
    expect((await ask(reading.url, `${PATH}/console`, { token: `${TOKEN}x` })).status).toBe(401);
    const pause = { method: "POST", token: TOKEN } as const;
    expect(await ask(reading.url, `${PATH}/pause`, pause)).toMatchObject({ status: 403 });
    expect(leases.rows.get(SHARD)?.pausedMs).toBeUndefined();
    await using changing = await consoleOf(leases.connect(), { allowChanges: true, by: "ops@host-c" });
    expect(await state(changing)).toMatchObject({ access: "allowed" });
    expect(await ask(changing.url, `${PATH}/pause`, { method: "POST" })).toMatchObject({ status: 401 });
    expect(await ask(changing.url, `${PATH}/pause`, pause)).toMatchObject({ status: 202 });
    expect(leases.rows.get(SHARD)).toMatchObject({ pausedBy: "ops@host-c" });
  });

  it("tells a page that is not installed from one that is not built", async () => {
    const missing = await findFiles(() => Promise.reject(new Error("ERR_MODULE_NOT_FOUND")));
    expect(missing.problem).toMatch(/is not installed: npm install/);
    const consoleFolder = mkdtempSync(join(tmpdir(), "kc-console-"));
    try {
      for (const folder of [consoleFolder, join(consoleFolder, "none")]) {
        const { problem } = await findFiles(() => Promise.resolve({ consoleFolder: folder }));
        expect(problem).toMatch(/is installed and not built: node packages/);
      }
      writeFileSync(join(consoleFolder, "index.html"), "<!doctype html>");
      const { files, problem } = await findFiles(() => Promise.resolve({ consoleFolder }));
      expect([problem, [...files.keys()]]).toEqual([undefined, ["/index.html"]]);
    } finally {
      rmSync(consoleFolder, { recursive: true });
    }
  });

  it("refuses pages of other origins and names that are not its own", async () => {
    await using server = await consoleOf(leasesOf(undefined).connect(), { allowChanges: true });
    const post = (headers: Record<string, string>) =>
      ask(server.url, `${PATH}/pause`, { method: "POST", token: TOKEN, headers });
    expect((await post({ origin: "https://elsewhere.example" })).status).toBe(403);
    expect((await post({ host: "elsewhere.example" })).status).toBe(403);
  });

  it("needs a token, and a long one where it is reached from other machines", async () => {
    const table = leasesOf(undefined).connect();
    await expect(consoleOf(table, { token: "" })).rejects.toMatchObject({ code: "KC_OPTION_INVALID" });
    await expect(consoleOf(table, { host: "0.0.0.0", token: "short" })).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
    });
  });

  it("tells a worker that renews from one that does not any more", async () => {
    const leases = leasesOf("host-a:1");
    await using server = await consoleOf(leases.connect());
    const renewing = async (): Promise<unknown> =>
      ((await state(server)) as { readonly fleet: { readonly workers: readonly { isRenewing: unknown }[] } })
        .fleet.workers[0]?.isRenewing;
    expect(await renewing()).toBe(null);
    const renew = setInterval(() => {
      const row = leases.rows.get(SHARD);
      if (row !== undefined) leases.rows.set(SHARD, { ...row, counter: row.counter + 1 });
    }, 50);
    await until(async () => (await renewing()) === true);
    clearInterval(renew);
    await until(async () => (await renewing()) === false);
  });

  it("however many look, the table is scanned once in a while", async () => {
    let scans = 0;
    const table = leasesOf("host-a:1").connect(({ operation }) => {
      scans += operation === "list" ? 1 : 0;
      return undefined;
    });
    await using server = await consoleOf(table);
    await Promise.all(Array.from({ length: 20 }, () => state(server)));
    expect(scans).toBeLessThanOrEqual(2);
  });

  it("a reset keeps the rows before, and only where it is carried out", async () => {
    const leases = leasesOf(undefined);
    const row = leases.rows.get(SHARD);
    if (row === undefined) throw new Error("there is a row");
    leases.rows.set(SHARD, {
      ...row,
      checkpoint: { sequenceNumber: "49", subSequenceNumber: 0 },
      pausedMs: 1,
    });
    const kept: unknown[] = [];
    await using server = await startConsole(
      new Map([
        [
          "clicks-to-s3",
          {
            table: leases.connect(),
            failoverTimeMs: 1_000,
            keepRows: async () => `leases-${kept.push(leases.rows.get(SHARD)?.checkpoint)}.json`,
          },
        ],
      ]),
      { token: TOKEN, port: 0, allowChanges: true },
    );
    const reset = (body: object) =>
      ask(server.url, `${PATH}/reset`, { method: "POST", token: TOKEN, body: { to: "horizon", ...body } });
    expect((await reset({ shardIds: [SHARD] })).json).toMatchObject({ executed: false });
    expect(kept).toEqual([]);
    expect((await reset({ shardIds: [SHARD], execute: true })).json).toMatchObject({
      executed: true,
      backupFile: "leases-1.json",
    });
    expect(kept).toEqual([{ sequenceNumber: "49", subSequenceNumber: 0 }]);
    expect(leases.rows.get(SHARD)?.checkpoint).toBe("TRIM_HORIZON");
    expect(await reset({ shardIds: [], execute: true })).toMatchObject({ status: 400 });
    expect(await reset({ shardIds: ["shardId-000000000009"] })).toMatchObject({ status: 400 });
  });

  it("names the right that is missing, and quotes nothing of what AWS said", async () => {
    await using aws = await startLocalAws({ limits: "off" });
    const client = new DynamoDBClient(aws.clientOptions("dynamodb"));
    const given = { client, clock: systemClock, random: systemRandom, logger: silentLogger };
    aws.faults.add({
      server: "dynamodb",
      operation: "Scan",
      times: "always",
      effect: { kind: "error", status: 400, code: "AccessDeniedException", message: "canary-of-the-text" },
    });
    await using server = await consoleOf(dynamoDbLeaseTable({ tableName: "clicks-to-s3", ...given }));
    const seen = await state(server);
    expect(seen).toMatchObject({ fleet: null, trouble: { kind: "no-rights", action: "dynamodb:Scan" } });
    expect(JSON.stringify(seen)).not.toContain("canary");
    client.destroy();
  });
});

describe("the console of a process", () => {
  it("shows its leases and itself, and the console of a fleet asks it for that", async () => {
    await using parts = await live();
    const connector = await parts.start();
    const config = { emitter: { type: "s3", secretAccessKey: "canary-secret" } };
    await using admin = await startAdmin(connector, {
      port: 0,
      token: TOKEN,
      steering: { table: parts.table },
      config,
    });
    parts.put(1, 10);
    await until(() => connector.progress().totals.recordsEmitted === 10);
    const own = await state(admin);
    expect(own).toMatchObject({
      access: "allowed",
      fleet: { stream: "clicks", workers: [{ owner: connector.ownerId, kind: "ours", shards: 2 }] },
      processes: [
        { url: null, problem: null, snapshot: { state: "running", totals: { recordsEmitted: 10 } } },
      ],
    });
    expect(JSON.stringify(own)).not.toContain("canary");
    await using server = await consoleOf(parts.table, {
      processes: [{ url: admin.url, token: TOKEN }, { url: admin.url }, { url: "http://127.0.0.1:9" }],
    });
    expect(await state(server)).toMatchObject({
      processes: [
        { url: admin.url, problem: null, snapshot: { ownerId: connector.ownerId } },
        { url: admin.url, problem: expect.stringContaining("KC_ADMIN_TOKEN"), snapshot: null },
        { url: "http://127.0.0.1:9", problem: expect.stringContaining("does not answer") },
      ],
    });
  });

  it("without a lease table shows its own shards, and says what it was not given", async () => {
    await using admin = await startAdmin(toldConnector(), { port: 0 });
    const { name } = (
      (await ask(admin, "/api/v1/connectors")).json as never as {
        readonly connectors: readonly [{ readonly name: string }];
      }
    ).connectors[0];
    expect((await ask(admin, `/api/v1/connectors/${name}/console`)).json).toMatchObject({
      access: "not-offered",
      fleet: null,
      trouble: { kind: "not-configured" },
      processes: [{ snapshot: { state: "running" } }],
    });
  });
});
