import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { child } from "../support/kc.js";
import { requireSchema } from "../support/schemas.js";

const PACKAGES = fileURLToPath(new URL("../../../", import.meta.url));
const MAIN = join(PACKAGES, "cli/dist/main.js");

/** What a run says, as far as these tests look at it. */
interface Found {
  readonly recordsPerCpuSecond: number;
  readonly shardsPerCore: { readonly atWriteLimit: number };
  readonly memory: { readonly recordsPerBatch: number };
  readonly costs: readonly { readonly part: string }[];
  readonly waits: { readonly msPerRecord: number } | null;
  readonly tried: object;
  readonly destination: { readonly isMeasured: boolean; readonly refused: readonly string[] };
}

describe("an estimate", () => {
  let folder: string;
  let real: Server;
  let asked: string[];

  const place = (): string => `127.0.0.1:${(real.address() as AddressInfo).port}`;
  const estimate = (module: string, ...words: readonly string[]) =>
    child(
      MAIN,
      ["estimate", "--module", module, "--input", "orders.ndjson", "--max-time", "5s", ...words],
      {
        AWS_ENDPOINT_URL: `http://${place()}`,
        AWS_ACCESS_KEY_ID: "real",
        AWS_SECRET_ACCESS_KEY: "real",
        REAL: place(),
      },
      folder,
    ).done;
  const found = (stdout: string): Found => {
    const value: unknown = JSON.parse(stdout);
    requireSchema("estimate", value);
    return value as Found;
  };

  beforeAll(async () => {
    asked = [];
    real = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      setTimeout(() => response.end("1.1"), 4);
    });
    await new Promise<void>((resolve) => real.listen(0, "127.0.0.1", resolve));
    folder = mkdtempSync(join(tmpdir(), "kc-estimate-"));
    const scope = join(folder, "node_modules/@kinesis-connectors");
    mkdirSync(scope, { recursive: true });
    for (const name of ["core", "s3"]) symlinkSync(join(PACKAGES, name), join(scope, name));
    const line = (n: number): string =>
      `${JSON.stringify({ id: n, status: n % 4 === 0 ? "open" : "paid" })}\n`;
    writeFileSync(join(folder, "orders.ndjson"), Array.from({ length: 400 }, (_, n) => line(n)).join(""));
  });

  afterAll(async () => {
    real.closeAllConnections();
    await new Promise((resolve) => real.close(resolve));
    rmSync(folder, { recursive: true });
  });

  it("runs a pipeline with its emitter, and asks neither what the environment names nor anybody else", async () => {
    writeFileSync(
      join(folder, "archive.mjs"),
      `import { definePipeline, json } from "@kinesis-connectors/core";
       import { gzip, ndjson, s3Emitter } from "@kinesis-connectors/s3";
       export default () => definePipeline({
         transformer: json().to(({ id }) => ({ id })),
         filter: ({ status }) => status === "paid",
         buffer: { maxRecords: 1000 },
         emitter: s3Emitter({ bucket: "orders", format: ndjson(), compression: gzip() }),
       });`,
    );
    const { code, stdout, stderr } = await estimate("archive.mjs", "--json");
    expect([code, stderr]).toEqual([0, expect.stringContaining("nothing is sent anywhere")]);
    const estimated = found(stdout);
    expect(estimated).toMatchObject({
      waits: null,
      tried: { failed: 0, error: null },
      destination: { isMeasured: true, error: null, refused: [] },
    });
    expect(estimated.costs.map(({ part }) => part)).toEqual(
      expect.arrayContaining(["read", "decode", "transform", "encode", "destination"]),
    );
    expect(estimated.memory.recordsPerBatch).toBeGreaterThan(0);
    expect(estimated.recordsPerCpuSecond).toBeGreaterThan(0);
    expect(estimated.shardsPerCore.atWriteLimit).toBeGreaterThan(0);
    expect(asked).toEqual([]);
  });

  it("refuses an emitter's own endpoint, lets a transformer ask whom --allow names, and counts what fails", async () => {
    writeFileSync(
      join(folder, "enriched.mjs"),
      `import { definePipeline } from "@kinesis-connectors/core";
       import { ndjson, s3Emitter } from "@kinesis-connectors/s3";
       export default definePipeline({
         transformer: {
           toModel: async ({ data }) => {
             const order = JSON.parse(Buffer.from(data).toString());
             if (order.id % 10 === 0) throw new RangeError("no such order");
             const rate = await (await fetch("http://" + process.env.REAL + "/rate")).text();
             return { ...order, rate };
           },
           fromModel: (order) => order,
         },
         buffer: { maxRecords: 5 },
         emitter: s3Emitter({ bucket: "orders", endpoint: "http://localhost:9", format: ndjson() }),
       });`,
    );
    const refused = await estimate("enriched.mjs");
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain("--allow HOST:PORT");
    expect(asked).toEqual([]);

    const { code, stdout } = await estimate("enriched.mjs", "--allow", place(), "--json");
    expect(code).toBe(0);
    const { waits, tried, destination } = found(stdout);
    expect(waits?.msPerRecord).toBeGreaterThan(1);
    expect(tried).toMatchObject({ error: "RangeError" });
    expect(destination).toEqual({ isMeasured: false, error: "ECONNREFUSED", refused: ["localhost:9"] });
    expect(new Set(asked)).toEqual(new Set(["GET /rate"]));
  });

  it("says what is wrong with a module, exit 2", async () => {
    writeFileSync(join(folder, "none.mjs"), "export const pipeline = {};");
    const { code, stderr } = await estimate("none.mjs");
    expect([code, stderr]).toEqual([2, expect.stringContaining("definePipeline")]);
  });
});
