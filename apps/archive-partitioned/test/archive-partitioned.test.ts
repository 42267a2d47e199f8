import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clicksOfADay } from "../src/clicks.js";
import { CLICKS_BY_COUNTRY, query, tableOf } from "../src/query.js";
import { run } from "../src/run.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "archive-partitioned-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("clicks archived as Parquet", () => {
  it("are all in the folder of their hour and country, once, and DuckDB counts them by country", async () => {
    const clicks = [...clicksOfADay(8_000, 3)];
    const result = await run({ records: 8_000, shards: 2, seed: 3, folder });
    expect(result).toMatchObject({ rows: 8_000, lost: 0, duplicated: 0, misplaced: 0, partitions: 20 });
    expect(await readdir(join(folder, "clicks"))).toEqual(["date=2026-01-01"]);
    const found = await query(folder, CLICKS_BY_COUNTRY);
    const counts: Record<string, number> = {};
    for (const { country } of clicks) counts[country] = (counts[country] ?? 0) + 1;
    expect(Object.fromEntries(found.map(({ country, clicks: count }) => [country, Number(count)]))).toEqual(
      counts,
    );
  });
});

describe("a table", () => {
  it("has numbers to the right and texts to the left", () => {
    const rows = [
      { country: "AT", clicks: "5", note: null },
      { country: "Österreich", clicks: "1234567", note: ["x"] },
    ];
    expect(tableOf(rows)).toBe(
      [
        "country      clicks  note",
        "----------  -------  -----",
        "AT                5",
        'Österreich  1234567  ["x"]',
      ].join("\n"),
    );
  });

  it("without rows is an empty one", () => {
    expect(tableOf([])).toBe("\n");
  });
});
