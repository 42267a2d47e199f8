import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CannedServer, startCannedServer } from "../src/servers/canned-server.js";
import { SET_NAMES } from "../src/data/data-sets.js";
import { renewed } from "../src/report/documents.js";
import { plot } from "../src/report/plot.js";
import type { Run } from "../src/report/run.js";
import { checkRow, measureRow } from "../src/rows/run-row.js";
import { summarize } from "../src/report/summary.js";
import { table } from "../src/report/table.js";
import { pairsOf, targetsOf } from "../src/report/targets.js";
import { type ListedRow, rowName } from "../src/rows/variant.js";
import { allRows } from "../src/variants/all.js";

const all = allRows();
// Over TLS a client has to trust the certificate before its process starts: `npm run bench` does that.
const rows = all.filter(({ transport, variant }) => transport !== "tls" && typeof variant.run === "function");
const AT_ONCE = { warmUpCpuMs: 0, windowCpuMs: 1 };

let server: CannedServer;

beforeAll(async () => {
  server = await startCannedServer();
});

afterAll(() => server.close());

function rowOf(name: string): ListedRow {
  const row = all.find((candidate) => rowName(candidate) === name);
  if (row === undefined) throw new Error(`there is no row ${name}`);
  return row;
}

describe("the rows", () => {
  it("have names of their own, and every set has some", () => {
    const names = all.map(rowName);
    expect(new Set(names).size).toBe(names.length);
    for (const set of SET_NAMES)
      expect(set === "idle-64" || names.some((name) => name.includes(`/${set}/`))).toBe(true);
  });

  it("that targets and columns speak of are there, but for columns of sets that a row has no other one in", () => {
    const names = new Set(all.map(rowName));
    const targets = pairsOf([]);
    expect(targets.length).toBeGreaterThan(20);
    for (const [of, by] of targets) expect([of, by].filter((name) => !names.has(name))).toEqual([]);
    const variants = new Set(all.map(({ variant }) => variant.name));
    const others = pairsOf(all).map(([, by]) => by.split("/")[0] ?? "");
    for (const variant of others.filter((name) => name !== "undefined")) expect(variants).toContain(variant);
  });

  it.each(
    rows
      // Those of peers and limits are checked by each run of the bench.
      .filter(({ variant }) => variant.expected !== undefined && variant.kind === "ours")
      .map((row): [string, ListedRow] => [rowName(row), row]),
  )("%s: the bytes that pass are those of the set", async (_name, row) => {
    expect(await checkRow(row, server.endpoints)).toBe(true);
  });

  it("a row whose bytes are wrong is found out", async () => {
    const row = rowOf("pass-through/varied/clear");
    const wrong = { ...row, variant: { ...row.variant, expected: () => Buffer.alloc(1000, "x") } };
    expect(await checkRow(wrong, server.endpoints)).toBe(false);
  });
});

describe("the shortest run", () => {
  it("measures rows of each kind and holds them against each other", async () => {
    const names = [
      "floor-parse/uniform/memory",
      "sdk-as-installed/uniform/clear",
      "read/uniform/clear",
      "read-parse/uniform/clear",
      "raw-socket/aggregated/clear",
      "sdk/aggregated/clear",
      "read/aggregated/clear",
      "put-object/uniform/clear",
      "partitions-1/varied-one-shard/clear",
    ];
    const results = [];
    for (const row of names.map(rowOf)) {
      const measured = await measureRow(row, server.endpoints, AT_ONCE);
      results.push({ row, rounds: [{ ...measured, round: 1 }], isEqual: true });
    }
    const summary = summarize(results);
    for (const row of summary) {
      expect(row.perCpuSecond.median).toBeGreaterThan(0);
      expect(row.peakRssMb.median).toBeGreaterThan(0);
    }
    const aggregated = summary.find(({ name, set }) => name === "read" && set === "aggregated");
    expect(aggregated?.toRaw?.median).toBeGreaterThan(0);
    expect(aggregated?.toSdk?.median).toBeGreaterThan(0);
    expect(summary.find(({ name }) => name === "read-parse")?.toFloor?.median).toBeGreaterThan(0);
    const targets = targetsOf(results);
    const reached = targets.find(({ text }) => text.startsWith("aggregates"))?.reached;
    expect(reached).toEqual(aggregated?.toSdk);
    const printed = table(summary, targets);
    for (const { label } of summary) expect(printed).toContain(label);
    const svg = plot(summary, "a < b");
    expect(svg.match(/<rect /g)).toHaveLength(summary.length + 1);
    expect(svg).toContain("a &lt; b");
  });
});

describe("documents", () => {
  it.each(["../../docs/performance.md", "../../docs/capacity.md", "../README.md"])(
    "%s says what the kept run came to",
    (path) => {
      const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const run = JSON.parse(read("../../docs/performance.json")) as Run;
      expect(read(path)).toContain("<!-- made of the run: ");
      expect(renewed(read(path), run)).toBe(read(path));
    },
  );
});
