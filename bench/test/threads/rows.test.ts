import { describe, expect, it } from "vitest";
// Built, because what runs in a thread is loaded by Node itself.
import { runRowProcess } from "../../dist/processes.js";
import { startCannedServer } from "../../src/servers/canned-server.js";
import type { Measured } from "../../src/rows/meter.js";
import { summarize } from "../../src/report/summary.js";
import { targetsOf } from "../../src/report/targets.js";
import { rowName } from "../../src/rows/variant.js";
import { allRows } from "../../src/variants/all.js";

const SHORTEST = JSON.stringify({ warmUpMs: 0, windowMs: 1 });

describe("rows on threads", () => {
  it(
    "measure the heavy work, with lines that are right, and hold two threads against one by wall time",
    { timeout: 120_000 },
    async () => {
      const server = await startCannedServer();
      const servers = JSON.stringify({ endpoints: server.endpoints });
      const rows = allRows().filter(({ variant }) => variant.needsAllCores === true);
      expect(rows).toHaveLength(4);
      const results = [];
      for (const row of rows) {
        const measured = (await runRowProcess([rowName(row), servers, SHORTEST], [])) as Measured;
        expect(measured.records).toBeGreaterThan(0);
        results.push({ row, rounds: [measured], isEqual: undefined });
      }
      await server.close();
      const summary = summarize(results);
      const rate = (name: string): number => summary.find((row) => row.name === name)?.perWallSecond ?? 0;
      const target = targetsOf(summary).find(({ text }) => text.startsWith("heavy documents on 2 threads"));
      expect(target?.reached).toBe(rate("threads-2") / rate("threads-1"));
    },
  );
});
