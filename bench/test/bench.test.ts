import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CannedServer, startCannedServer } from "../src/servers/canned-server.js";
import { SET_NAMES } from "../src/data/data-sets.js";
import { plot } from "../src/report/plot.js";
import { checkRow, measureRow } from "../src/rows/run-row.js";
import { summarize } from "../src/report/summary.js";
import { table } from "../src/report/table.js";
import { targetsOf } from "../src/report/targets.js";
import { type Row, rowName } from "../src/rows/variant.js";
import { allRows } from "../src/variants/all.js";

// Over TLS a client has to trust the certificate before its process starts: `npm run bench` does that.
const rows = allRows().filter(({ transport, variant }) => transport !== "tls" && variant.needsS3 !== true);
const SHORTEST = { warmUpMs: 0, windowMs: 1 };

let server: CannedServer;

beforeAll(async () => {
  server = await startCannedServer();
});

afterAll(() => server.close());

const servers = () => ({ endpoints: server.endpoints, s3: undefined });

describe("the rows", () => {
  it("have names of their own, and every set has some", () => {
    const names = allRows().map(rowName);
    expect(new Set(names).size).toBe(names.length);
    for (const set of SET_NAMES) expect(names.some((name) => name.includes(`/${set}/`))).toBe(true);
  });

  it.each(
    rows
      .filter(({ variant }) => variant.expected !== undefined)
      .map((row): [string, Row] => [rowName(row), row]),
  )("%s: the bytes that pass are those of the set", async (_name, row) => {
    expect(await checkRow(row, servers())).toBe(true);
  });

  it("a row whose bytes are wrong is found out", async () => {
    const row = rows.find(({ variant }) => variant.name === "pass-through");
    if (row === undefined) throw new Error("there is no such row");
    const wrong = { ...row, variant: { ...row.variant, expected: () => Buffer.alloc(1000, "x") } };
    expect(await checkRow(wrong, servers())).toBe(false);
  });
});

describe("the shortest run", () => {
  it("measures rows of each kind and holds them against each other", async () => {
    const wanted = ["raw-socket", "floor-parse", "sdk-default", "read", "pass-through", "filter"];
    const short = rows.filter(({ variant, set }) => set === "200b" && wanted.includes(variant.name));
    expect(short).toHaveLength(wanted.length);
    const results = [];
    for (const row of short)
      results.push({ row, rounds: [await measureRow(row, servers(), SHORTEST)], isEqual: true });
    const summary = summarize(results);
    for (const row of summary) {
      expect(row.perCpuSecond.median).toBeGreaterThan(0);
      expect(row.peakRssMb).toBeGreaterThan(0);
    }
    const read = summary.find(({ name }) => name === "read");
    expect(read?.toRaw).toBeGreaterThan(0);
    expect(read?.toFloor).toBeGreaterThan(0);
    expect(read?.toSdk).toBeGreaterThan(0);
    const targets = targetsOf(summary);
    expect(targets.find(({ text }) => text.startsWith("read, by the SDK"))?.reached).toBe(read?.toSdk);
    const printed = table(summary, targets);
    for (const { label } of summary) expect(printed).toContain(label);
    const svg = plot(summary, "a < b");
    expect(svg.match(/<rect /g)).toHaveLength(summary.length + 1);
    expect(svg).toContain("a &lt; b");
  });
});
