import { join } from "node:path";
import { type LeaseTable, memoryLeases } from "@kinesis-connectors/leases";
import { afterEach, describe, expect, it } from "vitest";
import { leaseTableAt, loadSource } from "../src/index.js";
import { fileOf, folderOf, load, problemsOf } from "./support/load.js";

/** What the factory of the stand-in for a package is called with; it gives this table. */
const calls: object[] = [];
const table: LeaseTable = memoryLeases().connect();
Object.assign(globalThis, {
  kcTestLeaseTable: (options: object) => {
    calls.push(options);
    return table;
  },
});

afterEach(() => {
  calls.length = 0;
});

const packageOf = (name: string, factory: string): Readonly<Record<string, string>> => ({
  [`node_modules/@kinesis-connectors/${name}/package.json`]: `{ "name": "@kinesis-connectors/${name}", "type": "module", "exports": "./index.js" }`,
  [`node_modules/@kinesis-connectors/${name}/index.js`]: `export const ${factory} = globalThis.kcTestLeaseTable;`,
});

const INSTALLED = {
  ...packageOf("postgres", "postgresLeaseTable"),
  ...packageOf("leases-mysql", "mysqlLeaseTable"),
  ...packageOf("leases-redis", "redisLeaseTable"),
};

const SECRET = "s3cr3t-of-leases";

const fileWith = (leaseTable: string): string => `version: 1
application: of-a-test
source: { stream: in, region: eu-central-1 }
emitter: { type: s3, bucket: clicks, region: eu-central-1, format: { type: ndjson } }
leaseTable: ${leaseTable}
`;

describe("leaseTable of a file", () => {
  it.each([
    ["postgres://u@h/d", { table: "ops.leases" }],
    ["postgresql://u@h/d", { table: "ops.leases" }],
    ["mysql://u@h/d", { table: "ops.leases" }],
    ["mariadb://u@h/d", { table: "ops.leases" }],
    ["redis://h/0", { key: "ops.leases" }],
    ["rediss://h/0", { key: "ops.leases" }],
  ])("at %s is of the package of that store, as it is installed beside the file", async (url, named) => {
    const folder = folderOf(INSTALLED);
    const place = { url, table: "ops.leases", application: "clicks" };
    expect(await leaseTableAt(place, join(folder, "pipeline.yaml"))).toBe(table);
    expect(calls).toEqual([{ application: "clicks", connection: url, ...named }]);
  });

  it("is refused by its place in the file where its package is missing, or its URL is of no store", async () => {
    expect(await problemsOf(fileWith("{ url: redis://localhost }"))).toEqual([
      expect.stringMatching(
        /^5:\d+ leaseTable\.url needs the package @kinesis-connectors\/leases-redis.*npm install/,
      ),
    ]);
    expect(await problemsOf(fileWith("{ url: etcd://localhost }"))).toEqual([
      expect.stringMatching(/^5:\d+ leaseTable\.url must be a URL of PostgreSQL/),
    ]);
    expect(await problemsOf(fileWith("{ uri: redis://localhost }"))).toEqual(
      expect.arrayContaining([expect.stringContaining("leaseTable")]),
    );
  });

  it("tells the connector's table, and shows no password", async () => {
    const text = fileWith("{ url: { env: LEASES_URL } }");
    const env = { LEASES_URL: `redis://:${SECRET}@localhost:6379/0` };
    const source = await loadSource(fileOf(text), { env });
    expect(source.leaseTable).toBeUndefined();
    expect(source.leaseStore?.url).toBe(env.LEASES_URL);
    expect(JSON.stringify(source.redacted)).not.toContain(SECRET);
    const plain = await loadSource(fileOf(fileWith(`{ url: "${env.LEASES_URL}" }`)), { env: {} });
    expect(JSON.stringify(plain.redacted)).not.toContain(SECRET);
    const problems = await problemsOf(fileWith(`{ url: "${env.LEASES_URL}" }`));
    expect(problems).toHaveLength(1);
    expect(problems.join("\n")).not.toContain(SECRET);
  });

  it("by its name alone is one of DynamoDB", async () => {
    const { options } = await load(fileWith("of-another-name"));
    expect(options.leaseTable).toBe("of-another-name");
  });
});
