import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { put, until } from "../support/fleet.js";
import { child } from "../support/kc.js";
import { requireSchema } from "../support/schemas.js";

const PACKAGES = fileURLToPath(new URL("../../../", import.meta.url));
const MAIN = join(PACKAGES, "cli/dist/main.js");

const pipeline = (application: string, more = ""): string => `version: 1
application: ${application}
source: { stream: clicks }
filter: { path: id, greaterThan: 0 }
buffer: { maxAgeMs: 300 ms }
emitter: { type: s3, bucket: "\${BUCKET:-archive}", prefix: ${application}, format: { type: ndjson }, compression: gzip }
${more}`;

describe("connectors from files", () => {
  let aws: LocalAws;
  let folder: string;
  const started: ReturnType<typeof child>[] = [];

  const start = (words: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const running = child(MAIN, words, { ...aws.env, ...env }, folder);
    started.push(running);
    return running;
  };
  const objects = (prefix: string): readonly string[] =>
    [...aws.s3.objects("archive")]
      .filter(({ key }) => key.startsWith(`${prefix}/2`))
      .flatMap(({ body }) => gunzipSync(body).toString().trim().split("\n"));

  beforeAll(async () => {
    aws = await startLocalAws({ limits: "off", s3: { buckets: ["archive"] } });
    aws.kinesis.createStream({ name: "clicks", shardCount: 2 });
    put(aws, "clicks", 50);
  });

  afterAll(async () => {
    await aws.close();
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kc-run-"));
    const scope = join(folder, "node_modules/@kinesis-connectors");
    mkdirSync(scope, { recursive: true });
    // As it would be installed beside the file.
    symlinkSync(join(PACKAGES, "s3"), join(scope, "s3"));
  });

  afterEach(async () => {
    for (const one of started.splice(0)) {
      one.kill("SIGKILL");
      await one.done;
    }
    rmSync(folder, { recursive: true });
  });

  it("are delivered, several in one process; SIGTERM ends it within its deadline, exit 0", async () => {
    writeFileSync(join(folder, "one.yaml"), pipeline("one", "admin: { port: 0 }\nstopDeadlineMs: 20 s\n"));
    writeFileSync(join(folder, "two.yaml"), pipeline("two"));
    const running = start(["run", "one.yaml", "two.yaml", "--json"]);
    await until(() => objects("one").length === 49 && objects("two").length === 49);
    const url = /"url":"([^"]+)"/.exec(running.stderr())?.[1] ?? "";

    const health = await start(["health", "--url", url, "--json"]).done;
    expect([health.code, health.stderr]).toEqual([0, ""]);
    requireSchema("health", JSON.parse(health.stdout));
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain("kinesis_connectors_records_read_total");

    running.kill("SIGTERM");
    const { code, stdout } = await running.done;
    // Past its deadline it would be another.
    expect(code).toBe(0);
    const report: unknown = JSON.parse(stdout);
    requireSchema("run", report);
    expect(report).toEqual({
      connectors: [
        { application: "one", recordsRead: 50, recordsEmitted: 49 },
        { application: "two", recordsRead: 50, recordsEmitted: 49 },
      ],
    });
    expect(
      objects("one")
        .map((line) => (JSON.parse(line) as { readonly id: number }).id)
        .toSorted((a, b) => a - b),
    ).toEqual(Array.from({ length: 49 }, (_, index) => index + 1));
    // One line each, JSON, and no record in any.
    for (const line of running.stderr().trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("level");
    expect(running.stderr()).not.toContain('"id"');
  });

  it("go on delivering when nobody reads their log any more, and stop as ever", async () => {
    aws.kinesis.createStream({ name: "unread", shardCount: 1 });
    writeFileSync(join(folder, "u.yaml"), pipeline("unread").replace("stream: clicks", "stream: unread"));
    const running = spawn(process.execPath, [MAIN, "run", "u.yaml"], {
      cwd: folder,
      env: { PATH: process.env["PATH"], ...aws.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = once(running, "exit");
    await once(running.stderr, "data");
    running.stderr.destroy();
    running.stdout.destroy();
    put(aws, "unread", 20);
    await until(() => objects("unread").length === 19);
    running.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });

  it("say so when a module of theirs waits for something that never comes", async () => {
    writeFileSync(join(folder, "waits.mjs"), "await new Promise(() => {}); export default () => true;");
    writeFileSync(
      join(folder, "w.yaml"),
      pipeline("waits").replace("{ path: id, greaterThan: 0 }", "{ module: ./waits.mjs }"),
    );
    const { code, stderr } = await start(["run", "w.yaml"]).done;
    expect([code, stderr]).toEqual([1, expect.stringContaining("something that never comes")]);
  });

  it("leave no process behind that a module of theirs would keep, where they cannot start", async () => {
    writeFileSync(join(folder, "keeps.mjs"), "setInterval(() => {}, 1000); export default () => true;");
    writeFileSync(
      join(folder, "k.yaml"),
      pipeline("keeps")
        .replace("{ path: id, greaterThan: 0 }", "{ module: ./keeps.mjs }")
        .replace("stream: clicks", "stream: clikcs"),
    );
    const { code, stderr } = await start(["run", "k.yaml"]).done;
    expect([code, stderr]).toEqual([1, expect.stringContaining("clikcs")]);
  });

  it("end by Ctrl-C with 130, and by drain with 0", async () => {
    writeFileSync(join(folder, "c.yaml"), pipeline("ctrl", "admin: { port: 0, token: { env: TOKEN } }\n"));
    const token = "t".repeat(32);
    const interrupted = start(["run", "c.yaml"], { TOKEN: token });
    await until(() => objects("ctrl").length === 49);
    interrupted.kill("SIGINT");
    expect((await interrupted.done).code).toBe(130);

    const drained = start(["run", "c.yaml"], { TOKEN: token });
    await until(() => drained.stderr().includes("admin server started"));
    const url = /"url":"([^"]+)"/.exec(drained.stderr())?.[1] ?? "";
    const refused = await start(["drain", "--url", url]).done;
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("KC_ADMIN_TOKEN")]);
    const told = await start(["drain", "--url", url, "--json"], { KC_ADMIN_TOKEN: token }).done;
    expect([told.code, told.stderr]).toEqual([0, ""]);
    requireSchema("drain", JSON.parse(told.stdout));
    expect((await drained.done).code).toBe(0);
    const gone = await start(["health", "--url", url]).done;
    expect([gone.code, gone.stderr]).toEqual([4, expect.stringContaining("does not answer")]);
    for (const running of [interrupted, drained])
      expect(running.stderr() + running.stdout()).not.toContain(token);
  });

  it("name the key of the file whose port is in use", async () => {
    const { port } = new URL(aws.endpoints.kinesis);
    writeFileSync(join(folder, "p.yaml"), pipeline("taken", `admin: { port: ${port} }\n`));
    const { code, stderr } = await start(["run", "p.yaml"]).done;
    expect([code, stderr]).toEqual([2, expect.stringContaining(`admin.port ${port} of 127.0.0.1 is in use`)]);
  });

  it("tell by its code what ended one", async () => {
    aws.kinesis.createStream({ name: "broken", shardCount: 1 });
    aws.kinesis.putRecords("broken", [{ partitionKey: "key", data: Buffer.from("no JSON") }]);
    writeFileSync(join(folder, "b.yaml"), pipeline("broken").replace("stream: clicks", "stream: broken"));
    const { code, stderr } = await start(["run", "b.yaml"]).done;
    expect(code).toBe(1);
    expect(stderr).toContain('"application":"broken","code":"KC_RECORD_POISON"');
  });

  it("are not started where any file is wrong: exit 2, each defect with its place", async () => {
    writeFileSync(join(folder, "good.yaml"), pipeline("good"));
    writeFileSync(join(folder, "bad.yaml"), pipeline("bad", "bufer: {}\n").replace("prefix:", "prefx:"));
    const { code, stderr } = await start(["run", "good.yaml", "bad.yaml"]).done;
    expect(code).toBe(2);
    expect(stderr).toMatch(/bad\.yaml:\d+:\d+ .*emitter\.prefx/);
    expect(stderr).toMatch(/bad\.yaml:\d+:\d+ .*bufer/);
    expect(objects("good")).toEqual([]);
    const twice = await start(["run", "good.yaml", "good.yaml"]).done;
    expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining("name the application good")]);
  });

  it("are checked without a call: exit 2 with a line for each defect, 0 for a good file", async () => {
    writeFileSync(join(folder, "good.yaml"), pipeline("good"));
    writeFileSync(
      join(folder, "bad.yaml"),
      pipeline("bad").replace("greaterThan", "greterThan").replace("gzip", "gzzip"),
    );
    const before = aws.journal.last();
    const good = await start(["validate", "good.yaml", "--json"]).done;
    expect([good.code, good.stderr]).toEqual([0, ""]);
    requireSchema("validate", JSON.parse(good.stdout));
    const bad = await start(["validate", "good.yaml", "bad.yaml"]).done;
    expect(bad.code).toBe(2);
    const lines = bad.stdout.trim().split("\n");
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/^bad\.yaml:\d+:\d+ /);
    const json = await start(["validate", "bad.yaml", "--json"]).done;
    requireSchema("validate", JSON.parse(json.stdout));
    expect(aws.journal.last()).toBe(before);
    const online = await start(["validate", "good.yaml", "--online"], { BUCKET: "missing-bucket" }).done;
    expect([online.code, online.stdout]).toEqual([2, expect.stringContaining("missing-bucket")]);
  });

  it("are shown as they take effect, without their secrets, and name APP for other commands", async () => {
    const secret = "s3cr3t-".repeat(6);
    writeFileSync(join(folder, "c.yaml"), pipeline("shown", "admin: { port: 0, token: { env: TOKEN } }\n"));
    const shown = await start(["config", "show", "c.yaml", "--json"], { TOKEN: secret, BUCKET: "elsewhere" })
      .done;
    expect(shown.code).toBe(0);
    requireSchema("config-show", JSON.parse(shown.stdout));
    expect(shown.stdout).toContain("elsewhere");
    expect(shown.stdout).toContain("***");
    expect(shown.stdout + shown.stderr).not.toContain(secret);
    const schema = await start(["config", "schema", "--json"]).done;
    requireSchema("config-schema", JSON.parse(schema.stdout));
    const status = await start(["status", "--config", "c.yaml"], { TOKEN: secret }).done;
    expect([status.code, status.stderr]).toEqual([1, expect.stringContaining("no lease table shown")]);
  });

  it("take variables from a file, which goes behind the environment", async () => {
    writeFileSync(join(folder, "local.env"), "BUCKET=of-the-file\n");
    writeFileSync(join(folder, "c.yaml"), pipeline("shown"));
    const words = ["config", "show", "c.yaml", "--env-file", "local.env"];
    expect((await start(words).done).stdout).toContain("of-the-file");
    expect((await start(words, { BUCKET: "of-the-environment" }).done).stdout).toContain(
      "of-the-environment",
    );
    // Node 20 takes --env-file for its own wherever it stands, and ends with 9 where there is no such file (nodejs/node#54232).
    expect([2, 9]).toContain((await start(["config", "show", "c.yaml", "--env-file", "none.env"]).done).code);
  });
});
