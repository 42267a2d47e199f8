import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type MemoryLeases, memoryLeases, type NewLease } from "@kinesis-connectors/leases";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { kc, kcJson } from "./support/kc.js";
import { requireSchema } from "./support/schemas.js";

const URL = "redis://:s3cr3t-of-leases@cache.internal:6379/0";
const PACKAGE = "node_modules/@kinesis-connectors/leases-redis";

let cwd: string;
let leases: MemoryLeases;
let asked: object[] = [];

const lease = (leaseKey: string): NewLease => ({
  leaseKey,
  checkpoint: "TRIM_HORIZON",
  parentShardIds: [],
  hashKeyRange: { startingHashKey: "0", endingHashKey: "1" },
  stream: { streamArn: "arn:aws:kinesis:eu-west-1:1:stream/clicks", createdMs: 1 },
});

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "kc-lease-store-"));
  const files = {
    [`${PACKAGE}/package.json`]:
      '{ "name": "@kinesis-connectors/leases-redis", "type": "module", "exports": "./index.js" }',
    [`${PACKAGE}/index.js`]:
      "export const redisLeaseTable = (options) => globalThis.kcTestCliLeases(options);",
    "pipeline.yaml": `version: 1
application: clicks
source: { stream: clicks, region: eu-west-1 }
emitter: { type: s3 }
leaseTable: { url: { env: LEASES_URL }, table: ours }
`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  Object.assign(globalThis, {
    kcTestCliLeases: (options: object) => {
      asked.push(options);
      return leases.connect();
    },
  });
});

afterAll(() => rmSync(cwd, { recursive: true, force: true }));

beforeEach(async () => {
  asked = [];
  leases = memoryLeases();
  const table = leases.connect();
  for (const key of ["shardId-000000000000", "shardId-000000000001"]) await table.create(lease(key));
});

describe("commands on leases in another store than DynamoDB", () => {
  const to = ["--lease-table", URL];

  it("status lists them, by the URL or by the file, and shows no password", async () => {
    const report = await kcJson(["status", "clicks", ...to], { cwd });
    requireSchema("status", report);
    expect(report).toMatchObject({ stream: "clicks", leaseTable: "redis://cache.internal:6379/0" });
    expect((report as { shards: readonly unknown[] }).shards).toHaveLength(2);
    const { code, stdout, stderr } = await kc(["status", "clicks", ...to], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/lease table: 2 rows, 1 query\. Kinesis was not asked\./);
    expect(stdout + stderr + JSON.stringify(report)).not.toContain("s3cr3t");
    const ofFile = await kcJson(["status", "--config", "pipeline.yaml"], { cwd, env: { LEASES_URL: URL } });
    expect(ofFile).toMatchObject({ leaseTable: "redis://cache.internal:6379/0 ours" });
    expect(asked).toMatchObject([
      { application: "clicks", connection: URL },
      { application: "clicks", connection: URL },
      { application: "clicks", connection: URL, key: "ours" },
    ]);
  });

  it("pause, reset and resume steer them", async () => {
    expect((await kc(["pause", "clicks", ...to], { cwd })).code).toBe(0);
    expect([...leases.rows.values()].every(({ pausedMs }) => pausedMs !== undefined)).toBe(true);
    const reset = ["checkpoint", "reset", "clicks", ...to, "--to", "latest", "--execute"];
    const printed = await kc(reset, { cwd });
    expect(printed.stdout + printed.stderr).not.toContain("s3cr3t");
    expect(printed.code).toBe(0);
    expect([...leases.rows.values()].map(({ checkpoint }) => checkpoint)).toEqual(["LATEST", "LATEST"]);
    expect((await kc(["resume", "clicks", ...to], { cwd })).code).toBe(0);
    expect([...leases.rows.values()].some(({ pausedMs }) => pausedMs !== undefined)).toBe(false);
  });

  it("says which package is missing, and of which stores there are", async () => {
    const missing = await kc(["status", "clicks", "--lease-table", "mysql://u:s3cr3t@h/d"], { cwd });
    expect(missing.code).not.toBe(0);
    expect(missing.stderr).toContain("npm install @kinesis-connectors/leases-mysql");
    const unknown = await kc(["status", "clicks", "--lease-table", "etcd://u:s3cr3t@h/d"], { cwd });
    expect(unknown.stderr).toContain("postgres://");
    expect(missing.stderr + unknown.stderr).not.toContain("s3cr3t");
  });
});
