import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfig } from "@kinesis-connectors/config";
import { startConnector } from "@kinesis-connectors/consumer";
import { type LocalAws, startLocalAws, systemClock } from "@kinesis-connectors/local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/fleet.js";
import { flagsTo, kc, kcJson, useLocal } from "../support/kc.js";
import { requireSchema } from "../support/schemas.js";

const PACKAGES = fileURLToPath(new URL("../../../", import.meta.url));
const MINUTE_MS = 60_000;
const COUNT = 40;

const pipeline = (application: string, prefix: string, more = ""): string => `version: 1
application: ${application}
source: { stream: clicks }
buffer: { maxRecords: 7, maxAgeMs: 300 ms }
emitter: { type: s3, bucket: archive, prefix: ${prefix}, format: { type: ndjson } }
deadLetters: { type: s3, bucket: archive, prefix: ${prefix}-dead }
${more}`;

describe("what comes again", () => {
  let aws: LocalAws;
  let folder: string;
  let restore: () => void;
  let startMs: number;

  const inArchive = (prefix: string): readonly number[] =>
    [...aws.s3.objects("archive")]
      .filter(({ key }) => key.startsWith(`${prefix}/2`))
      .flatMap(({ body }) => body.toString().trim().split("\n"))
      .map((line) => (JSON.parse(line) as { readonly n: number }).n)
      .toSorted((a, b) => a - b);
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return name;
  };
  const at = (n: number): string => new Date(startMs + n * 10_000).toISOString();

  beforeAll(async () => {
    let aheadMs = -48 * 60 * MINUTE_MS;
    const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
    aws = await startLocalAws({
      limits: "off",
      clock,
      s3: { buckets: ["archive"] },
      opensearch: false,
      redshift: false,
    });
    restore = useLocal(aws);
    folder = mkdtempSync(join(tmpdir(), "kc-replay-"));
    const scope = join(folder, "node_modules/@kinesis-connectors");
    mkdirSync(scope, { recursive: true });
    // As it would be installed beside the file.
    symlinkSync(join(PACKAGES, "s3"), join(scope, "s3"));
    aws.kinesis.createStream({ name: "old", shardCount: 1 });
    aws.kinesis.putRecords("old", [{ partitionKey: "a", data: '{"n":1}' }]);
    aheadMs = -30 * MINUTE_MS;
    aws.kinesis.putRecords("old", [{ partitionKey: "a", data: '{"n":2}' }]);
    aws.kinesis.createStream({ name: "clicks", shardCount: 2 });
    startMs = Math.ceil(clock.now());
    for (let n = 0; n < COUNT; n += 1) {
      aheadMs = startMs + n * 10_000 - systemClock.now();
      const data = n % 10 === 3 ? `{"n":${n}` : `{"n":${n}}`;
      aws.kinesis.putRecords("clicks", [{ partitionKey: `key-${n}`, data }]);
    }
    aheadMs = 0;
    const { options } = await loadConfig(join(folder, file("live.yaml", pipeline("clicks-live", "live"))));
    const connector = await startConnector(options);
    await until(() => connector.progress().recordsRead === COUNT);
    await connector.stop();
  });

  afterAll(async () => {
    restore();
    await aws.close();
    rmSync(folder, { recursive: true });
  });

  const GOOD = Array.from({ length: COUNT }, (_, n) => n).filter((n) => n % 10 !== 3);

  it("replay runs exactly what arrived from one time to another, into another prefix, and does nothing the second time", async () => {
    const words = [
      "replay",
      "--config",
      file("again.yaml", pipeline("clicks-live", "again")),
      ...flagsTo(aws),
    ];
    const range = ["--from", at(10), "--to", at(30), "--as", "clicks-again"];
    const done = await kcJson([...words, ...range], { cwd: folder });
    requireSchema("replay", done);
    expect(done).toMatchObject({
      isComplete: true,
      recordsRead: 20,
      recordsEmitted: 18,
      deadLetters: 2,
    });
    expect(inArchive("again")).toEqual(GOOD.filter((n) => n >= 10 && n < 30));
    expect(await kcJson([...words, ...range], { cwd: folder })).toMatchObject({
      isComplete: true,
      recordsRead: 0,
    });
    expect(inArchive("again")).toHaveLength(18);
    const status = await kcJson(["status", "clicks-again", ...flagsTo(aws)], { cwd: folder });
    expect(status).toMatchObject({ application: "clicks-again" });
  });

  it("replay is refused with exit 3 where live records would be twice, and says where it would write", async () => {
    const before = inArchive("live");
    expect(before).toEqual(GOOD);
    const words = [
      "replay",
      "--config",
      "live.yaml",
      "--from",
      at(0),
      "--to",
      at(9),
      "--as",
      "twice",
      ...flagsTo(aws),
    ];
    const refused = await kc(words, { cwd: folder });
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain("into s3 archive/live");
    expect(refused.stderr).toContain("give --into other where it is one");
    expect(refused.stderr).not.toContain("into:");
    expect(inArchive("live")).toEqual(before);
  });

  it("replay of a time that the stream no longer keeps is refused, and takes what is left where that is said", async () => {
    const config = file(
      "kept.yaml",
      pipeline("clicks-live", "kept").replace("stream: clicks", "stream: old"),
    );
    const words = ["replay", "--config", config, "--from", "47h", "--to", "10m", "--as", "kept"].concat(
      flagsTo(aws),
    );
    const refused = await kc(words, { cwd: folder });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('stream "old" keeps what arrived since');
    expect(await kcJson([...words, "--on-retention-gap", "continue"], { cwd: folder })).toMatchObject({
      isComplete: true,
      recordsRead: 1,
    });
    expect(inArchive("kept")).toEqual([2]);
  });

  it("replay of an archive without objects, or of a stream that there is not, says so", async () => {
    const config = file(
      "none.yaml",
      pipeline("clicks-live", "none").replace("stream: clicks", "stream: clikcs"),
    );
    const words = ["replay", "--config", config, "--as", "nothing", ...flagsTo(aws)];
    const archive = await kc([...words, "--archive", "archive/nothing", "--endpoint-s3", aws.endpoints.s3], {
      cwd: folder,
    });
    expect(archive.code).toBe(1);
    expect(archive.stderr).toContain("there are no archived objects of the range below archive/nothing");
    const stream = await kc([...words, "--from", "5m", "--to", "1m"], { cwd: folder });
    expect(stream.code).not.toBe(0);
    expect(stream.stderr).toContain("clikcs");
  });

  it("redrive where nothing lies says so, and which flag to look at", async () => {
    const words = ["dead-letters", "redrive", "--to", "pipeline", "--config", "live.yaml", ...flagsTo(aws)];
    for (const more of [[], ["--execute"]]) {
      const { code, stdout } = await kc([...words, "--prefix", "none", ...more], { cwd: folder });
      expect(code).toBe(0);
      expect(stdout).toBe("there are no such dead letters below archive/none: check --prefix\n");
    }
  });

  it("replay of a bucket that is not there names the flag that names it, and so does redrive", async () => {
    const config = file("bucket.yaml", pipeline("clicks-live", "bucket"));
    const endpoint = ["--endpoint-s3", aws.endpoints.s3, ...flagsTo(aws)];
    const archive = await kc(
      ["replay", "--config", config, "--as", "no-bucket", "--archive", "nobucket/x", ...endpoint],
      { cwd: folder },
    );
    expect(archive.code).toBe(1);
    expect(archive.stderr).toContain("there is no such bucket: correct its name (the one of --archive)");
    const letters = await kc(["dead-letters", "list", "--bucket", "nobucket", ...endpoint], { cwd: folder });
    expect(letters.code).toBe(1);
    expect(letters.stderr).toContain("there is no such bucket: correct its name (--bucket)");
  });

  it("replay says at its start until when it waits, where --to is less than five minutes ago", async () => {
    const stop = new AbortController();
    const words = ["replay", "--config", file("wait.yaml", pipeline("clicks-live", "wait"))];
    const times = ["--from", at(10), "--to", new Date(Date.now() - MINUTE_MS).toISOString()];
    const notes: string[] = [];
    const onNote = (text: string): void => {
      notes.push(text);
      if (text.includes("waited for")) stop.abort();
    };
    const given = { cwd: folder, signal: stop.signal, onNote };
    expect((await kc([...words, ...times, "--as", "clicks-wait", ...flagsTo(aws)], given)).code).toBe(130);
    expect(notes.join("")).toMatch(
      /--to is less than five minutes ago: shards that go on are waited for until \S+Z \(4 min\), five minutes past it/,
    );
  });

  it("replay under a name that was used with other times is wrong use, and names flags", async () => {
    const words = ["replay", "--config", file("used.yaml", pipeline("clicks-live", "used")), ...flagsTo(aws)];
    const used = [...words, "--as", "clicks-used"];
    expect((await kc([...used, "--from", at(10), "--to", at(20)], { cwd: folder })).code).toBe(0);
    for (const [times, cure] of [
      [["--from", at(10), "--to", at(21)], "give this one another name by --as, or take the same --to"],
      [["--from", at(11), "--to", at(20)], "give this range another name by --as"],
    ] as const) {
      const { code, stderr } = await kc([...used, ...times], { cwd: folder });
      expect([code, stderr]).toEqual([2, expect.stringContaining(cure)]);
      expect(stderr).not.toMatch(/application \(option|\buntil\b/);
    }
  });

  it("says what to give for a flag that is missing", async () => {
    const { code, stderr } = await kc(["replay", "--config", "live.yaml", "--from", "5m", "--to", "1m"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--as NAME is missing: names the replay")]);
    const redrive = await kc(["dead-letters", "redrive", "--to"]);
    expect(redrive.stderr).toContain("--to stream|pipeline is missing: where they go");
    const instead = await kc(["checkpoint", "reset", "--to", "--execute"]);
    expect(instead.stderr).toContain("and --execute stands in its place");
  });

  it.each([
    ["no file", ["--as", "x"]],
    ["no times", ["--config", "live.yaml", "--as", "x"]],
    [
      "the live connector's own name",
      ["--config", "live.yaml", "--as", "clicks-live", "--from", "5m", "--to", "1m"],
    ],
    ["times that lie backwards", ["--config", "live.yaml", "--as", "x", "--from", "1m", "--to", "5m"]],
    ["no time between them", ["--config", "live.yaml", "--as", "x", "--from", "5m", "--to", "5m"]],
    [
      "a beginning in the future",
      [
        "--config",
        "again.yaml",
        "--as",
        "future",
        "--from",
        "2100-01-01T00:00:00Z",
        "--to",
        "2100-01-02T00:00:00Z",
      ],
    ],
    [
      "another application's file",
      ["other", "--config", "live.yaml", "--as", "x", "--from", "5m", "--to", "1m"],
    ],
  ])("replay with %s ends with exit 2", async (_, words) => {
    expect((await kc(["replay", ...words, ...flagsTo(aws)], { cwd: folder })).code).toBe(2);
  });

  it("redrive --to pipeline runs dead letters through the file's pipeline once: what fails again stays, and goes the next time", async () => {
    const redrive = (config: string) =>
      ["dead-letters", "redrive", "--to", "pipeline", "--config", config].concat(
        ["--bucket", "archive", "--prefix", "live-dead", "--journal", "one.journal"],
        flagsTo(aws),
      );
    const objects = (): number =>
      [...aws.s3.objects("archive")].filter(({ key }) => key.includes(".dead.")).length;
    const before = objects();
    const plan = await kcJson(redrive("live.yaml"), { cwd: folder });
    requireSchema("dead-letters-redrive", plan);
    expect(plan).toMatchObject({ isExecuted: false, toRun: 4, written: 0 });
    const failing = await kc([...redrive("live.yaml"), "--execute"], { cwd: folder });
    expect(failing.code).toBe(1);
    expect(failing.stdout).toContain(
      "0 dead letters written into s3 archive/live, 4 failed once more and stay",
    );
    expect(failing.stdout).toContain("failed once more: 4 KC_RECORD_POISON");
    expect(failing.stdout).toContain("dead-letters show --bucket archive --prefix live-dead");
    expect(failing.stdout).not.toContain("delete");
    expect(failing.stderr).toContain("record-dead-letter");
    expect(failing.stdout + failing.stderr).not.toContain('{"n"');
    const failingAgain = await kc([...redrive("live.yaml"), "--execute", "--json"], { cwd: folder });
    expect(failingAgain.code).toBe(1);
    const report: unknown = JSON.parse(failingAgain.stdout);
    requireSchema("dead-letters-redrive", report);
    expect(report).toMatchObject({ toRun: 4, written: 0, left: 4, failed: { KC_RECORD_POISON: 4 } });
    // Mended: what is no JSON is kept as it is.
    const mended = file(
      "mended.yaml",
      pipeline("clicks-live", "mended", "transform: { decode: text }").replace("ndjson", "raw"),
    );
    const done = await kcJson([...redrive(mended), "--execute"], { cwd: folder });
    requireSchema("dead-letters-redrive", done);
    expect(done).toMatchObject({ toRun: 4, written: 4, left: 0, alreadyDone: 0 });
    const again = await kcJson([...redrive(mended), "--execute"], { cwd: folder });
    expect(again).toMatchObject({ toRun: 0, written: 0, alreadyDone: 4 });
    const landed = [...aws.s3.objects("archive")].filter(({ key }) => key.startsWith("mended/2"));
    expect(landed.flatMap(({ body }) => body.toString().trim().split("\n")).toSorted()).toEqual(
      ['{"n":13', '{"n":23', '{"n":3', '{"n":33'].toSorted(),
    );
    expect(objects()).toBe(before);
    const list = ["dead-letters", "list", "--bucket", "archive", "--prefix", "live-dead", ...flagsTo(aws)];
    const journal = ["--journal", "one.journal"];
    const told = await kcJson([...list, ...journal], { cwd: folder });
    requireSchema("dead-letters-list", told);
    expect(told).toMatchObject({ records: 4, redriven: 4 });
    expect((await kc([...list, ...journal], { cwd: folder })).stdout).toContain("4 of them were redriven");
    expect(await kcJson(list, { cwd: folder })).toMatchObject({ records: 4, redriven: 0, journal: null });
  });
});
