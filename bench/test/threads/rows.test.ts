import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
// Built, because what runs in a thread is loaded by Node itself.
import { runRowProcess } from "../../dist/processes.js";
import { startCannedServer } from "../../src/servers/canned-server.js";
import type { Measured } from "../../src/rows/meter.js";
import { summarize } from "../../src/report/summary.js";
import { targetsOf } from "../../src/report/targets.js";
import { rowName } from "../../src/rows/variant.js";
import { allRows } from "../../src/variants/all.js";

const SHORTEST = JSON.stringify({ warmUpCpuMs: 0, windowCpuMs: 1 });

describe("rows on threads", () => {
  it("measure the heavy work, with lines that are right, and hold two threads against one by wall time", async () => {
    const server = await startCannedServer();
    const endpoints = JSON.stringify(server.endpoints);
    const rows = allRows().filter(({ variant }) => variant.needsAllCores === true);
    expect(rows).toHaveLength(4);
    const results = [];
    for (const row of rows) {
      const measured = (await runRowProcess([row.module, rowName(row), endpoints, SHORTEST], [])) as Measured;
      expect(measured.records).toBeGreaterThan(0);
      results.push({ row, rounds: [{ ...measured, round: 1 }], isEqual: undefined });
    }
    await server.close();
    const summary = summarize(results);
    const rate = (name: string): number =>
      summary.find((row) => row.name === name)?.perWallSecond.median ?? 0;
    const target = targetsOf(results).find(({ text }) => text.startsWith("heavy documents on two threads"));
    expect(target?.reached?.median).toBe(rate("threads-2") / rate("threads-1"));
  });
});

describe("the command", () => {
  it("prints one line of JSON with --json, and its steps elsewhere", () => {
    const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
    const given = [main, "--quick", "--json", "--only", "shape-look"];
    const { status, stdout, stderr } = spawnSync(process.execPath, given, { encoding: "utf8" });
    expect(stderr).toContain("round 1: shape-look/uniform/memory");
    expect(status).toBe(0);
    expect(stdout.split("\n")).toHaveLength(2);
    expect(JSON.parse(stdout)).toMatchObject({ rows: [{ name: "shape-look", rounds: 1 }], cold: [] });
  });
});
