import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSource } from "@kinesis-connectors/config";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kc, kcJson } from "./support/kc.js";
import { requireSchema } from "./support/schemas.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kc-init-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("init", () => {
  it.each(["s3", "kinesis", "opensearch"])(
    "writes a project for %s whose file is right",
    async (destination) => {
      const words = [
        "init",
        "my-app",
        "--destination",
        destination,
        "--stream",
        "orders",
        "--place",
        "there",
      ];
      const report = await kcJson(words, { cwd: folder });
      requireSchema("init", report);
      expect(report).toMatchObject({
        commands: ["cd my-app", "npm install", "npm run local", "npm run dev"],
      });
      const at = join(folder, "my-app");
      const source = await loadSource(join(at, "pipeline.yaml"), {
        env: { OPENSEARCH_URL: "http://127.0.0.1:1" },
      });
      expect(source).toMatchObject({ application: "my-app", stream: "orders" });
      const manifest = JSON.parse(readFileSync(join(at, "package.json"), "utf8")) as {
        readonly dependencies: Readonly<Record<string, string>>;
        readonly scripts: Readonly<Record<string, string>>;
      };
      expect(Object.keys(manifest.dependencies)).toEqual([
        "@kinesis-connectors/cli",
        `@kinesis-connectors/${destination}`,
      ]);
      expect(manifest.scripts["local"]).toContain("--stream orders --shards 2");
      expect(readFileSync(join(at, "README.md"), "utf8")).toContain("npm run local");
    },
  );

  it("writes a module of TypeScript on request", async () => {
    expect((await kc(["init", "--ts", "--yes"], { cwd: folder })).code).toBe(0);
    expect(existsSync(join(folder, "src/main.ts"))).toBe(true);
    expect(existsSync(join(folder, "pipeline.yaml"))).toBe(false);
    expect(readFileSync(join(folder, "src/main.ts"), "utf8")).toContain('from "@kinesis-connectors/s3"');
  });

  it.each(["123", "true", "1e5", ".hidden", "_private", "My.App-2"])(
    "writes files that are right for an application that is called %s",
    async (name) => {
      for (const more of [[], ["--destination", "opensearch", "--place", "2026"]]) {
        const words = ["init", name + more.length, "--application", name, "--stream", "007", ...more];
        expect((await kc(words, { cwd: folder })).code).toBe(0);
        const at = join(folder, name + more.length);
        const source = await loadSource(join(at, "pipeline.yaml"), {
          env: { OPENSEARCH_URL: "http://127.0.0.1:1" },
        });
        expect(source).toMatchObject({ application: name, stream: "007" });
        const named = more.length > 0 ? { emitter: { index: "2026" } } : {};
        expect(source.redacted).toMatchObject(named);
        const manifest = JSON.parse(readFileSync(join(at, "package.json"), "utf8")) as {
          readonly name: string;
        };
        expect(manifest.name).toMatch(/^[a-z0-9][a-z0-9._-]*$/);
      }
    },
  );

  it("names a bucket that S3 takes, whatever the stream is called, and refuses other names of places", async () => {
    const local = (at: string): string | undefined => {
      const { scripts } = JSON.parse(readFileSync(join(folder, at, "package.json"), "utf8")) as {
        readonly scripts: { readonly local: string };
      };
      return /--bucket (\S+)/.exec(scripts.local)?.[1];
    };
    for (const [stream, bucket] of [
      ["my_Clicks.v2", "my-clicks-v2-archive"],
      ["x".repeat(100), `${"x".repeat(55)}-archive`],
    ] as const) {
      expect((await kc(["init", bucket, "--stream", stream], { cwd: folder })).code).toBe(0);
      expect(local(bucket)).toBe(bucket);
    }
    for (const words of [
      ["--place", "Not_A.Bucket"],
      ["--application", "a1"],
      ["--destination", "opensearch", "--place", "_index"],
      ["--stream=-x"],
    ]) {
      const { code, stderr } = await kc(["init", "none", ...words], { cwd: folder });
      expect([words, code, stderr]).toEqual([words, 2, expect.stringContaining(" takes ")]);
    }
    expect(existsSync(join(folder, "none"))).toBe(false);
  });

  it("overwrites nothing, and takes no name that would break a file", async () => {
    writeFileSync(join(folder, "package.json"), "{}");
    const taken = await kc(["init", "--yes"], { cwd: folder });
    expect([taken.code, taken.stderr]).toEqual([3, expect.stringContaining("package.json is there already")]);
    expect(readdirSync(folder)).toEqual(["package.json"]);
    const odd = await kc(["init", "new", "--stream", "a: {b}"], { cwd: folder });
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining("--stream takes letters")]);
  });
});

describe("config from-properties", () => {
  const JAVA = [
    "appName = click-archive",
    "kinesisInputStream = clicks",
    "s3Bucket = archive",
    "regionName = eu-central-1",
  ].join("\n");

  it("turns a file of the Java connectors into YAML, and says what became of the rest", async () => {
    writeFileSync(join(folder, "S3Sample.properties"), `${JAVA}\ncreateS3Bucket = true\n`);
    const words = ["config", "from-properties", "S3Sample.properties"];
    const printed = await kc(words, { cwd: folder });
    expect(printed.code).toBe(0);
    expect(printed.stdout).toContain("application: click-archive");
    expect(printed.stderr).toContain("createS3Bucket");
    const report = await kcJson([...words, "--out", "made"], { cwd: folder });
    requireSchema("config-from-properties", report);
    const [file = ""] = readdirSync(join(folder, "made"));
    expect(await loadSource(join(folder, "made", file))).toMatchObject({
      application: "click-archive",
      stream: "clicks",
    });
    // As java.util.Properties writes them: Latin-1, whatever it looks like in an editor.
    writeFileSync(
      join(folder, "latin1.properties"),
      Buffer.from(`${JAVA}\nredshiftDataDelimiter=\u00a7\nworkerID=Zürich\n`, "latin1"),
    );
    const latin = await kc(["config", "from-properties", "latin1.properties"], { cwd: folder });
    expect(latin.stdout).toContain('workerId: "Zürich"');
    expect((await kc([...words, "--out", "made"], { cwd: folder })).code).toBe(1);
    expect((await kc(["config", "from-properties", "none"], { cwd: folder })).code).toBe(2);
  });
});
