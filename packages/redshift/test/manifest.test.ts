import { batchOf, batchOfEntries, contextOf, deliver, entryOf } from "@kinesis-connectors/testkit";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Emitter } from "@kinesis-connectors/core";
import {
  jsonAuto,
  redshiftManifestEmitter,
  type RedshiftManifestEmitterOptions,
  s3ManifestEmitter,
} from "@kinesis-connectors/redshift";
import { gzip, ndjson } from "@kinesis-connectors/s3";
import { type LocalRedshift, startRedshift } from "./local-redshift.js";

let redshift: LocalRedshift;
const open: Emitter<string>[] = [];
beforeAll(async () => {
  redshift = await startRedshift();
});
afterAll(async () => {
  for (const emitter of open) await emitter.close?.();
  await redshift[Symbol.asyncDispose]();
});

let table = "";
let tables = 0;
beforeEach(async () => {
  tables += 1;
  table = `manifest_${tables}`;
  await redshift.query(`CREATE TABLE ${table} (id INTEGER NOT NULL, name VARCHAR(10))`);
});

function loaderOf(changes: Partial<RedshiftManifestEmitterOptions> = {}): Emitter<string> {
  const emitter = redshiftManifestEmitter({
    ...redshift.options,
    table,
    format: jsonAuto(),
    buckets: ["staging"],
    ...changes,
  });
  open.push(emitter);
  return emitter;
}

async function putObject(key: string, lines: readonly object[]): Promise<string> {
  const body = gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const response = await fetch(`${redshift.aws.endpoints.s3}/staging/${key}`, {
    method: "PUT",
    body: new Uint8Array(body),
  });
  expect(response.status).toBe(200);
  return `s3://staging/${key}`;
}

const putMany = (name: string, count: number): Promise<string[]> =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      putObject(`${name}/${index}.gz`, [{ id: index * 2 }, { id: index * 2 + 1 }]),
    ),
  );

const idsIn = async (): Promise<number[]> =>
  (await redshift.query(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => Number(id));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("redshiftManifestEmitter", () => {
  it("loads many objects in one transaction, each once however often it is named", async () => {
    const urls = await putMany("many", 12);
    const emitter = loaderOf();
    expect(await deliver(emitter, batchOf([...urls, ...urls]))).toEqual({ failed: [] });
    expect(await deliver(emitter, batchOf(urls))).toEqual({ failed: [] });
    expect(await idsIn()).toEqual(upTo(24));
    const ledger = await redshift.query(`SELECT loader FROM kc_ledger WHERE target = '${table}'`);
    expect(ledger).toHaveLength(12);
    expect(new Set(ledger.map(({ loader }) => loader)).size).toBe(1);
  });

  it.each([2, 3])("F63 %i loaders of overlapping objects load each of them once", async (loaders) => {
    const urls = await putMany(`overlap-${loaders}`, 12);
    await Promise.all(
      Array.from({ length: loaders }, async (_, index) => {
        const own = urls.filter((_url, at) => at % 2 === 0 || at % loaders === index);
        expect(await deliver(loaderOf(), batchOf(own))).toEqual({ failed: [] });
      }),
    );
    await deliver(loaderOf(), batchOf(urls));
    expect(await idsIn()).toEqual(upTo(24));
  });

  it("F64 an object with a bad row is a dead letter with line and column, and the others load", async () => {
    const urls = await putMany("bad", 6);
    const bad = await putObject("bad/x.gz", [
      { id: 100 },
      { id: "secret" },
      { id: 101, name: "far too long for it" },
    ]);
    const entries = [...urls.slice(0, 3), bad, ...urls.slice(3)].map((url, index) => entryOf(index, url));
    const { failed } = await deliver(loaderOf(), batchOfEntries(entries));
    expect(failed.map(({ entry, action }) => [entry.output, action])).toEqual([[bad, "dead-letter"]]);
    expect(failed[0]?.error.message).toMatch(/line \d of s3:\/\/staging\/bad\/x\.gz, column \w+: /);
    expect(failed[0]?.error.message).not.toContain("secret");
    expect(await idsIn()).toEqual(upTo(12));
  });

  it("F63 a missing object fails the load it is in, is found, and keeps no other from loading", async () => {
    const urls = await putMany("missing", 5);
    const entries = [...urls, "s3://staging/missing/none.gz"].map((url, index) => entryOf(index, url));
    const { failed } = await deliver(loaderOf(), batchOfEntries(entries));
    expect(failed.map(({ entry, action }) => [entry.output, action])).toEqual([
      ["s3://staging/missing/none.gz", "retry"],
    ]);
    expect(await idsIn()).toEqual(upTo(10));
  });

  it("S02 refuses names that are no objects of the named buckets", async () => {
    const names = [
      "x'; DROP TABLE users; --",
      "s3://staging/x'; DROP TABLE users; --",
      's3://staging/a"b',
      "s3://staging/a\\b",
      "s3://staging/a\nb",
      "s3://elsewhere/a",
      "s3://staging/",
      "https://staging/a",
      "",
      `s3://staging/${"k".repeat(1025)}`,
    ];
    const entries = names.map((name, index) => entryOf(index, name));
    const { failed } = await deliver(loaderOf(), batchOfEntries(entries));
    expect(failed.map(({ entry, action }) => [entry.output, action])).toEqual(
      names.map((name) => [name, "dead-letter"]),
    );
    expect(failed.every(({ error }) => error.message.startsWith("the record does not name"))).toBe(true);
  });

  it("takes names with blanks and letters of any script, which never come into SQL", async () => {
    const url = await putObject("a b/é-日本;--.gz", [{ id: 1 }]);
    expect(await deliver(loaderOf(), batchOf([url]))).toEqual({ failed: [] });
    expect(await idsIn()).toEqual([1]);
  });
});

describe("s3ManifestEmitter", () => {
  it("makes each object known once it is there, and stage two loads it once, told twice", async () => {
    const told: string[] = [];
    const emitter = s3ManifestEmitter<object>({
      ...redshift.options.staging,
      prefix: createHash("sha256").update(table).digest("hex").slice(0, 8),
      format: ndjson(),
      compression: gzip(),
      to: {
        capabilities: { duplicates: "possible", ordering: "none" },
        emit: ({ entries }) => {
          told.push(...entries.map(({ output }) => output));
          return Promise.resolve({ failed: [] });
        },
      },
    });
    const batch = batchOf<object>([{ id: 0 }, { id: 1 }]);
    await deliver(emitter, batch);
    await deliver(emitter, batch, { inherited: true });
    await emitter.close?.();
    expect(told).toHaveLength(2);
    expect(new Set(told).size).toBe(1);
    expect(told[0]).toMatch(/^s3:\/\/staging\/.*\.ndjson\.gz$/);
    await deliver(loaderOf(), batchOf(told), contextOf(undefined));
    expect(await idsIn()).toEqual([0, 1]);
  });
});
