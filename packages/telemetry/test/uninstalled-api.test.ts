import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const index = fileURLToPath(new URL("../src/index.ts", import.meta.url));

/** A program in a folder of its own, where OpenTelemetry's API is not installed: bundled, as a container or a function has it. */
const PROGRAM = `
import { emf, healthOf, metricsTally, openTelemetry, prometheusText, traced } from ${JSON.stringify(index)};
const metrics = metricsTally({ application: "a" });
metrics.observe({ type: "connector-start", application: "a", stream: "s", ownerId: "w:u" });
if (!prometheusText(metrics).includes("kinesis_connectors_up")) throw new Error("no metrics");
emf(metrics, { names: "kcl", write: () => {} }).close();
const said = [];
for (const call of [() => openTelemetry(metrics), () => traced({ capabilities: {}, emit: async () => ({ failed: [] }) })]) {
  try { call(); said.push("nothing"); } catch (error) { said.push(error.code + " " + error.message); }
}
console.log(JSON.stringify(said));
`;

describe("where @opentelemetry/api is not installed", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "telemetry-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  for (const format of ["esm", "cjs"] as const)
    it(`everything else works without a warning, and what needs it says so in one error (bundle, ${format})`, async () => {
      const source = join(folder, `program.${format}.ts`);
      const outfile = join(folder, `program.${format === "esm" ? "mjs" : "cjs"}`);
      await writeFile(source, PROGRAM);
      await build({
        entryPoints: [source],
        outfile,
        bundle: true,
        platform: "node",
        format,
        target: "node20",
        conditions: ["@kinesis-connectors/source"],
        logLevel: "error",
        // A bundle in CommonJS has no import.meta.url, and the bundler says so.
        logOverride: { "empty-import-meta": "silent" },
      });
      const { stdout, stderr } = await run(process.execPath, [outfile], {
        cwd: folder,
        // The package manager's own commands set it, to folders where everything is installed.
        env: { ...process.env, NODE_PATH: "" },
      });
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toEqual([
        "KC_OPTION_INVALID openTelemetry() needs the package @opentelemetry/api, version 1.9 or newer, which is not installed: npm install @opentelemetry/api, or leave openTelemetry() out",
        "KC_OPTION_INVALID traced() needs the package @opentelemetry/api, version 1.9 or newer, which is not installed: npm install @opentelemetry/api, or leave traced() out",
      ]);
    });

  it("no code of OpenTelemetry and none of the AWS SDK is in the bundle, which stays below 45 kB", async () => {
    const { metafile, outputFiles } = await build({
      entryPoints: [index],
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      platform: "node",
      format: "esm",
      target: "node20",
      conditions: ["@kinesis-connectors/source"],
    });
    expect(
      Object.keys(metafile.inputs).filter((path) => /opentelemetry\/|@aws-sdk|consumer\/src/.test(path)),
    ).toEqual([]);
    expect(outputFiles[0]?.contents.length).toBeLessThan(45_000);
  });
});
