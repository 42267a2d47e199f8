import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  type DeadLetter,
  definePipeline,
  type Emitter,
  json,
  systemClock,
  systemRandom,
  silentLogger,
} from "@kinesis-connectors/core";
import { readRecordsCbor } from "@kinesis-connectors/wire";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recordsOf } from "../src/estimate/input/records-of.js";
import { type AnyPipeline, loadPipeline } from "../src/estimate/measure/load-pipeline.js";
import { shareOut } from "../src/estimate/measure/profile.js";
import { probe } from "../src/estimate/measure/probe.js";
import type { Described, StageFigures } from "../src/estimate/measure/protocol.js";
import { placeOf } from "../src/estimate/measure/refused.js";
import { busyShardsOf, idleShardsBeside, pageOf } from "../src/estimate/measure/shape.js";
import { upTo } from "../src/estimate/measure/stages.js";
import { estimateOf } from "../src/estimate/report/figures.js";
import { linesOf } from "../src/estimate/report/text.js";
import { said, walled } from "../src/estimate/runs.js";
import { kinesisAnswers } from "../src/estimate/server/kinesis-answers.js";
import { streamName } from "../src/estimate/server/pages.js";
import { kc } from "./support/kc.js";

const texts = (records: readonly { readonly data: Buffer }[]): readonly string[] =>
  records.map(({ data }) => data.toString());

describe("records for an estimate", () => {
  let folder: string;
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "kc-estimate-"));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it("are lines, an answer of get-records, or an archive; gunzipped by name", async () => {
    const lines = await recordsOf(file("a.txt", "one\r\n\ntwo"), "lines");
    expect([texts(lines.records), lines.dataBytes, lines.isCut]).toEqual([["one", "two"], 6, false]);
    expect(texts((await recordsOf(file("a.gz", gzipSync("x\ny\n")), "lines")).records)).toEqual(["x", "y"]);
    const Data = Buffer.from("one").toString("base64");
    const answer = JSON.stringify({ Records: [{ Data, PartitionKey: "p" }] }, undefined, 2);
    expect((await recordsOf(file("a.json", answer), "json-records")).records).toEqual([
      { data: Buffer.from("one"), partitionKey: "p" },
    ]);
    const archive = `${JSON.stringify({ sequenceNumber: "1", partitionKey: "q", data: Data })}\n`.repeat(2);
    expect(texts((await recordsOf(file("b.json", archive), "records")).records)).toEqual(["one", "one"]);
  });

  it("are refused, exit 2, where there are none, or a line is none; no message holds a record", async () => {
    const module = file("p.mjs", "export default {}");
    const refused = async (...words: readonly string[]) => {
      const { code, stderr } = await kc(["estimate", ...words]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused("--module", module, "--input", join(folder, "none"))).toContain("ENOENT");
    expect(await refused("--module", module, "--input", file("empty", "\n\n"))).toContain("no record");
    expect(await refused("--module", module, "--input", file("bad.gz", "no gzip"))).toContain(
      "cannot be read",
    );
    const endless = file("endless", Buffer.alloc(49 * 1024 * 1024, "x"));
    expect(await refused("--module", module, "--input", endless)).toContain("first line does not end within");
    const secret = await refused("--module", module, "--input", file("s", "secret\n"), "--format", "records");
    expect(secret).toContain("line 1 is no JSON of a record");
    expect(secret).not.toContain("secret");
    expect(await refused("--input", file("x", "x\n"))).toContain("--module");
    expect(await refused("--module", "gone.mjs", "--input", file("x", "x\n"))).toContain("there is no file");
    expect(await refused("--module", module, "--input", file("x", "x"), "--max-time", "1s")).toContain("5s");
  });
});

describe("modules that cannot be measured", () => {
  let folder: string;
  const module = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const programs = { "never.mjs": "for (;;);", "exits.mjs": "process.exit(3)" } as const;
  const saidBy = (name: keyof typeof programs, limitMs: number) => {
    const child = fork(module(name, programs[name]), [], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    return said(child, "the pipeline", new AbortController().signal, limitMs);
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "kc-estimate-"));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it("are ended where they never end, and told with the status that they ended with", async () => {
    await expect(saidBy("never.mjs", 200.5)).rejects.toThrow("said nothing for 1 s");
    await expect(saidBy("exits.mjs", 60_000)).rejects.toThrow("ended before it was measured (exit 3)");
  });

  it("say where packages are looked for", async () => {
    const lost = module("lost.mjs", 'import "@kinesis-connectors/core-of-nobody"; export default {};');
    await expect(loadPipeline({ module: lost })).rejects.toThrow("from the folder of the module upwards");
  });
});

it("pages are real answers of GetRecords whose sequence numbers rise, page after page", () => {
  const records = ["a", "bb", "ccc"].map((text) => ({ partitionKey: text, data: Buffer.from(text) }));
  const answer = kinesisAnswers(records);
  const stream = streamName({ shards: 2, perPage: 4 });
  const ask = (shard: number) => {
    const body = Buffer.from(`${stream}:shardId-00000000000${shard}`);
    const page = readRecordsCbor(Buffer.from(answer({ operation: "GetRecords", body })));
    return { records: page.Records ?? [], next: page.NextShardIterator };
  };
  const [first, second, other] = [ask(0), ask(0), ask(1)];
  expect(first.records.map(({ Data: data }) => Buffer.from(data).toString())).toEqual([
    "a",
    "bb",
    "ccc",
    "a",
  ]);
  expect(other.records.map(({ PartitionKey }) => PartitionKey)).toEqual(["bb", "ccc", "a", "bb"]);
  const numbers = [...first.records, ...second.records].map(({ SequenceNumber }) => BigInt(SequenceNumber));
  expect(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0n))).toBe(true);
  expect(first.next).toBe(`${stream}:shardId-000000000000`);
});

it("an emitter for which no server stands in is never asked to emit, open or close, in any stage", async () => {
  const calls: string[] = [];
  const own = <Output>(): Emitter<Output> => ({
    capabilities: { duplicates: "possible", ordering: "none" },
    emit: () => {
      calls.push("emit");
      return Promise.resolve({ failed: [] });
    },
    open: async () => void calls.push("open"),
    close: async () => void calls.push("close"),
  });
  const pipeline = definePipeline({
    transformer: json(),
    emitter: own<unknown>(),
    deadLetters: own<DeadLetter>(),
  }) as AnyPipeline;
  for (const stage of ["idle", "read", "decode", "transform", "encode", "whole"] as const) {
    const part = upTo(stage, pipeline, () => undefined);
    for (const one of [part.emitter, part.deadLetters]) {
      const context = { plan: undefined, attempt: 1, inherited: false, signal: new AbortController().signal };
      const seams = { logger: silentLogger, clock: systemClock, random: systemRandom };
      await one?.emit({} as never, { ...context, ...seams });
      await one?.open?.({ signal: context.signal, logger: silentLogger });
      await one?.close?.();
    }
  }
  expect(calls).toEqual([]);
});

it("the measured process has no credentials, no proxy, and no service of AWS but the stand-in", () => {
  const env = walled(
    {
      AWS_PROFILE: "prod",
      AWS_SESSION_TOKEN: "t",
      AWS_ENDPOINT_URL_SQS: "https://x",
      https_proxy: "y",
      OWN: "1",
    },
    "http://127.0.0.1:1",
    "127.0.0.1:1",
  );
  expect(env).toMatchObject({
    OWN: "1",
    AWS_ENDPOINT_URL: "http://127.0.0.1:1",
    AWS_ACCESS_KEY_ID: "estimate",
  });
  for (const name of ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_SQS", "https_proxy"])
    expect(env).not.toHaveProperty(name);
});

it("every form of Socket.connect names its place", () => {
  expect(placeOf([{ port: 443, host: "Kinesis.amazonaws.com", path: "/x" }])).toBe(
    "kinesis.amazonaws.com:443",
  );
  expect(placeOf([[{ port: "80", host: "h" }, undefined]])).toBe("h:80");
  expect(placeOf([5432, "db"])).toBe("db:5432");
  expect(placeOf([5432])).toBe("localhost:5432");
  expect(placeOf([{ path: "/var/run/docker.sock" }])).toBe("/var/run/docker.sock");
  expect(placeOf(["/tmp/s.PGSQL"])).toBe("/tmp/s.PGSQL");
});

it("a pipeline is tried record by record: what fails by its name alone, and what waits by its waits", async () => {
  const emitter = {
    capabilities: { duplicates: "possible", ordering: "none" },
    emit: async () => ({ failed: [] }),
  } as const;
  const waiting = definePipeline({
    transformer: {
      toModel: async (record) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (record.partitionKey === "bad") throw new RangeError("holds the record");
        return record.partitionKey;
      },
      fromModel: (model) => model,
    },
    filter: (model) => model !== "dropped",
    emitter,
    transformConcurrency: 3,
  }) as AnyPipeline;
  const records = ["a", "bad", "dropped"].map((partitionKey) => ({ partitionKey, data: Buffer.from("{}") }));
  const found = await probe(waiting, records, 60_000);
  expect(found).toMatchObject({ records: 3, failed: 1, kept: 1, error: "RangeError", concurrency: 3 });
  expect(found.waitMs).toBeGreaterThan(1);
  const atOnce: AnyPipeline = definePipeline<unknown, unknown, unknown, unknown>({
    transformer: json(),
    emitter,
  });
  expect((await probe(atOnce, records, 60_000)).waitMs).toBe(0);
});

it("a pipeline that waits is measured on as many shards as keep a core at work, and its polls on as many idle ones", () => {
  const probed = { records: 10, failed: 0, error: undefined, kept: 10 };
  const shapeOf = (waitMs: number, cpuMs: number, concurrency: number) => {
    const shards = busyShardsOf({ ...probed, waitMs, cpuMs, concurrency });
    const perPage = pageOf({ ...probed, waitMs, cpuMs, concurrency });
    return { shards, perPage, idle: idleShardsBeside(shards) };
  };
  expect(shapeOf(0, 0.01, 1)).toEqual({ shards: 4, perPage: 10_000, idle: 64 });
  expect(shapeOf(5, 0.5, 1)).toEqual({ shards: 30, perPage: 50, idle: 30 });
  expect(shapeOf(500, 0.25, 1)).toEqual({ shards: 64, perPage: 1, idle: 64 });
  // Records that wait together leave no core idle.
  expect(shapeOf(5, 0.25, 100)).toEqual({ shards: 4, perPage: 1_000, idle: 64 });
});

it("samples of a profile go to the code that they were in, and those of built-in functions to their caller", () => {
  const frame = (id: number, functionName: string, url: string, children: number[] = []) => ({
    id,
    callFrame: { functionName, url, scriptId: "0", lineNumber: 11, columnNumber: 0 },
    children,
  });
  const nodes = [
    frame(1, "(root)", "", [2, 3, 5, 6]),
    frame(2, "(idle)", ""),
    frame(3, "enrich", "file:///home/me/pipeline.mjs", [4]),
    frame(4, "replaceAll", ""),
    frame(5, "(garbage collector)", ""),
    frame(6, "writeSync", "node:zlib"),
  ];
  const { shares, functions } = shareOut({ nodes, startTime: 0, endTime: 1, samples: [2, 2, 3, 4, 5, 6] });
  expect(shares).toEqual({
    own: 0.5,
    garbage: 0.25,
    compression: 0.25,
    engine: 0,
    destination: 0,
    requests: 0,
  });
  expect(functions).toEqual([{ name: "enrich (pipeline.mjs:12)", share: 0.5 }]);
});

it("the figures follow from the stages: rates, shards of a core, memory, costs, and what to change first", () => {
  const stage = (cpuMs: number, more: Partial<StageFigures> = {}): StageFigures => ({
    records: 1_000_000,
    dataBytes: 1e9,
    polls: 100,
    batches: 10,
    deadLetters: 0,
    cpuMs,
    otherThreadsMs: 0,
    wallMs: 1,
    shards: 4,
    perPage: 10_000,
    startRssBytes: 50e6,
    peakRssBytes: 300e6,
    flushes: { bytes: 10 },
    recordsPerBatch: 1_000,
    bytesPerBatch: 1e6,
    maxReadAheadBytes: 100e6,
    ...more,
  });
  const described: Described = {
    probe: { records: 10, failed: 1, error: "SyntaxError", kept: 9, waitMs: 4, cpuMs: 0.02, concurrency: 2 },
    hasWriter: true,
    isStoodIn: true,
    stopsAtPoison: true,
  };
  const input = { records: [{ partitionKey: "", data: Buffer.alloc(1000) }], dataBytes: 1_000, isCut: false };
  const idle = stage(200, { records: 0, polls: 1_000, peakRssBytes: 100e6 });
  const stages = {
    idle,
    read: stage(520),
    decode: stage(3_020),
    transform: stage(3_520),
    encode: stage(6_020, { otherThreadsMs: 2_000 }),
    whole: stage(6_520),
  };
  const found = estimateOf(input, {
    stages,
    described,
    profile: undefined,
    emitError: undefined,
    refused: [],
  });
  // The limit of 100 MB lets it come to 290, and it came to more. A poll is 0.2 ms; the whole is 6.5 µs a record, so a full shard is 6.7 ms a second.
  expect(found).toMatchObject({
    recordsPerCpuSecond: 154_000,
    megabytesPerCpuSecond: 154,
    cpuMsPerPoll: 0.2,
    shardsPerCore: { atWriteLimit: 149, catchingUp: 72.3 },
    memory: { idleBytes: 100e6, perShardBytes: 50e6, mostBytes: 300e6 },
    waits: { msPerRecord: 4, recordsPerSecond: 500, transformConcurrency: 2 },
  });
  expect(found.costs.map(({ part, microsecondsPerRecord }) => [part, microsecondsPerRecord])).toEqual([
    ["read", 0.5],
    ["decode", 2.5],
    ["transform", 0.5],
    ["encode", 0.5],
    ["compress", 2],
    ["destination", 0.5],
  ]);
  expect(found.advice.map((text) => text.split(/[ :]/)[0])).toEqual(["1", "the", "decode", "past"]);
  expect(found.advice[0]).toContain("would stop at the first");
  expect(found.advice[1]).toContain("transformConcurrency to 4");
  const dropped = { ...described, probe: { ...described.probe, failed: 0, kept: 0, waitMs: 0 } };
  const none = { stages, described: dropped, profile: undefined, emitError: undefined, refused: [] };
  expect(estimateOf(input, none).advice[0]).toContain("keeps none");
  expect(linesOf(found, "orders.ndjson").join("\n")).toContain("149, each with 1,000 records");
});
