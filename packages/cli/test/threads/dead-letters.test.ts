import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startConnector } from "@kinesis-connectors/consumer";
import { definePipeline, json } from "@kinesis-connectors/core";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { s3DeadLetters } from "@kinesis-connectors/s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/fleet.js";
import { flagsTo, kc, kcJson, useLocal } from "../support/kc.js";
import { requireSchema } from "../support/schemas.js";

const BAD = ["not json 0", "not json 1", "not json 2", "not json 3"];

describe("dead letters", () => {
  let aws: LocalAws;
  let folder: string;
  let restore: () => void;
  let words: (verb: string, ...more: readonly string[]) => readonly string[];

  const records = (stream: string) =>
    [...aws.kinesis.records(stream)].map(({ partitionKey, data }) => [partitionKey, data.toString()]);

  beforeAll(async () => {
    aws = await startLocalAws({ limits: "off", s3: { buckets: ["letters"] } });
    restore = useLocal(aws);
    folder = mkdtempSync(join(tmpdir(), "kc-letters-"));
    words = (verb, ...more) => [
      "dead-letters",
      verb,
      "--bucket",
      "letters",
      "--prefix",
      "dead",
      ...flagsTo(aws),
      ...more,
    ];
    for (const name of ["orders", "again"]) aws.kinesis.createStream({ name, shardCount: 1 });
    aws.kinesis.putRecords(
      "orders",
      [...BAD, '{"id":1}'].map((text, index) => ({ partitionKey: `key-${index}`, data: Buffer.from(text) })),
    );
    const { region, credentials } = aws.clientOptions("kinesis");
    const connector = await startConnector({
      application: "orders-app",
      stream: "orders",
      region,
      credentials,
      endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
      pipeline: definePipeline({
        transformer: json(),
        emitter: {
          capabilities: { duplicates: "possible", ordering: "shard" },
          emit: () => Promise.resolve({ failed: [] }),
        },
        deadLetters: s3DeadLetters({ bucket: "letters", prefix: "dead" }),
        buffer: { maxAgeMs: 100 },
      }),
    });
    await until(() => connector.progress().deadLetters === BAD.length);
    await connector.stop();
  });

  afterAll(async () => {
    restore();
    await aws.close();
    rmSync(folder, { recursive: true });
  });

  it("are listed by object and code, without a record, and shown with it", async () => {
    const list = await kcJson(words("list"));
    requireSchema("dead-letters-list", list);
    expect(list).toMatchObject({ records: 4, objects: [{ records: 4, codes: { KC_RECORD_POISON: 4 } }] });
    const table = await kc(words("list"));
    expect(table.stdout).toContain("4 records in 1 objects of letters");
    expect(table.stdout).not.toContain("not json");
    const shown = await kcJson(words("show", "--limit", "2"));
    requireSchema("dead-letters-show", shown);
    expect(shown).toMatchObject({ letters: [{ data: "not json 0" }, { data: "not json 1" }] });
    expect(await kcJson(words("list", "--code", "KC_EMIT_FAILED"))).toMatchObject({ records: 0 });
    expect(await kcJson(words("list", "--since", "2099-01-01"))).toMatchObject({ records: 0 });
    expect((await kc(["dead-letters", "list"])).code).toBe(2);
  });

  it("go back into a stream only with --execute, each once however often it is run, keys and bytes as they were", async () => {
    const redrive = words("redrive", "--to", "stream", "--stream", "again");
    const plan = await kcJson(redrive, { cwd: folder });
    requireSchema("dead-letters-redrive", plan);
    expect(plan).toMatchObject({ isExecuted: false, put: 0, streams: [{ stream: "again", toPut: 4 }] });
    expect(records("again")).toEqual([]);
    const done = await kcJson([...redrive, "--execute"], { cwd: folder });
    requireSchema("dead-letters-redrive", done);
    expect(done).toMatchObject({ put: 4 });
    const wanted = BAD.map((text, index) => [`key-${index}`, text]);
    expect(records("again")).toEqual(wanted);
    const again = await kcJson([...redrive, "--execute"], { cwd: folder });
    expect(again).toMatchObject({ put: 0, streams: [{ toPut: 0, alreadyPut: 4 }] });
    expect(records("again")).toEqual(wanted);
    expect(readFileSync(join(folder, "redrive-letters-dead.journal"), "utf8")).not.toContain("not json");
  });

  it("that a run was cut off at are put again, and said so", async () => {
    const file = join(folder, "redrive-letters-dead.journal");
    const [head = "", begin = "", ...rest] = readFileSync(file, "utf8").trim().split("\n");
    expect(rest).toHaveLength(7);
    // As a process leaves it that was killed in the middle of a line, behind the first batch's beginning.
    const cut = join(folder, "cut.journal");
    writeFileSync(cut, `${[head, begin].join("\n")}\n`);
    appendFileSync(cut, '["begin","ord');
    const redrive = words("redrive", "--to", "stream", "--stream", "again", "--journal", cut);
    expect(await kcJson(redrive, { cwd: folder })).toMatchObject({ streams: [{ toPut: 4, inDoubt: 1 }] });
    // What the next run writes does not become a part of the line that was cut off.
    expect(await kcJson([...redrive, "--execute"], { cwd: folder })).toMatchObject({ put: 4 });
    const lines = readFileSync(cut, "utf8").split("\n").slice(3);
    expect(lines.filter((line) => line !== "").map((line) => (JSON.parse(line) as string[])[0])).toEqual([
      ...Array<string>(4).fill("begin"),
      ...Array<string>(4).fill("done"),
    ]);
    const other = await kc(words("redrive", "--to", "stream", "--journal", cut), { cwd: folder });
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("that go to again")]);
  });

  it("are put in spite of throttling, each once", async () => {
    aws.kinesis.createStream({ name: "throttled", shardCount: 1 });
    aws.faults.add({
      operation: "PutRecords",
      effect: { kind: "partial-failure", indexes: [1, 3] },
    });
    const redrive = words(
      "redrive",
      "--to",
      "stream",
      "--stream",
      "throttled",
      "--journal",
      "t.journal",
      "--execute",
    );
    expect(await kcJson(redrive, { cwd: folder })).toMatchObject({ put: 4 });
    expect(records("throttled").toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1))).toEqual(
      BAD.map((text, index) => [`key-${index}`, text]),
    );
  });
});
