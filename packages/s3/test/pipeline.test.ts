import { failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { bytes, definePipeline, json, text } from "@kinesis-connectors/core";
import { gzip, ndjson, raw, replayDeadLetters, s3DeadLetters, s3Emitter } from "@kinesis-connectors/s3";
import { BUCKET, linesIn, type LocalS3, startS3 } from "./support/local-s3.js";
import { Shard } from "./support/run-shard.js";
import { bytesOf, record } from "./support/support.js";

interface Click {
  readonly page: string;
}

const clickRecords = (count: number) =>
  Array.from({ length: count }, (_, index) => record(index, bytesOf(`{"page":"/${index}"}`)));

function archive(s3: LocalS3, buffer: { maxRecords?: number; maxAgeMs?: number }, prefix = "archive") {
  return definePipeline({
    transformer: json<Click>().original(),
    buffer,
    emitter: s3Emitter<Uint8Array>({
      ...s3.connection,
      bucket: BUCKET,
      prefix,
      format: ndjson(),
      compression: gzip(),
    }),
    deadLetters: s3DeadLetters({ ...s3.connection, bucket: BUCKET, prefix: "dead" }),
    retry: { baseDelayMs: 1, maxDelayMs: 2 },
  });
}

const archived = (s3: LocalS3): string[] =>
  s3
    .objects()
    .filter(({ key }) => !key.startsWith("dead/"))
    .flatMap(linesIn);

const pages = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `{"page":"/${index}"}`);

describe("a shard through the engine into S3", () => {
  it("lands every record once and in order", async () => {
    await using s3 = await startS3();
    const shard = new Shard(clickRecords(1000));
    expect(await shard.run(archive(s3, { maxRecords: 300 }))).toMatchObject({ type: "shard-end" });
    expect(archived(s3)).toEqual(pages(1000));
    expect(s3.objects()).toHaveLength(4);
  });

  it("F25 a batch that was written but not committed is found by the next owner and not written again", async () => {
    await using s3 = await startS3();
    const shard = new Shard(clickRecords(10));
    const crash = () => {
      throw new Error("crash");
    };
    await failureFrom(shard.run(archive(s3, { maxRecords: 5 }), { interrupt: crash }));
    expect(shard.pending).toBeDefined();
    await shard.run(archive(s3, { maxRecords: 3 }, "moved"));
    expect(archived(s3).sort()).toEqual(pages(10).sort());
    expect(s3.calls().filter((call) => call === "PutObject 412")).toEqual([]);
    expect(s3.objects().filter(({ key }) => key.startsWith("archive/"))).toHaveLength(1);
  });

  it("F25 a batch whose write failed for good is completed by the next owner at the recorded key, with its own bytes", async () => {
    await using s3 = await startS3();
    const shard = new Shard(clickRecords(10));
    s3.aws.faults.add({
      operation: "PutObject",
      effect: { kind: "error", status: 403, code: "AccessDenied" },
    });
    await failureFrom(shard.run(archive(s3, { maxRecords: 5 })));
    expect(s3.objects()).toEqual([]);
    await shard.run(archive(s3, { maxRecords: 2 }, "moved"));
    expect(archived(s3).sort()).toEqual(pages(10).sort());
    expect(s3.objects()[0]?.key).toMatch(/^archive\//);
  });

  it("F53 F54 F55 records that cannot be lines become dead letters, once, and come back byte by byte", async () => {
    await using s3 = await startS3();
    const poison = [bytesOf("not json"), Uint8Array.of(0xff, 0x00), bytesOf(""), bytesOf("two\nlines")];
    const records = clickRecords(12);
    for (const [index, data] of poison.entries()) records[index * 3 + 1] = record(index * 3 + 1, data);
    // bytes() decodes anything, so that the format is what refuses.
    const pipeline = definePipeline({
      transformer: bytes(),
      emitter: s3Emitter<Uint8Array>({
        ...s3.connection,
        bucket: BUCKET,
        prefix: "archive",
        format: ndjson(),
      }),
      deadLetters: s3DeadLetters({ ...s3.connection, bucket: BUCKET, prefix: "dead" }),
    });
    const shard = new Shard(records);
    await shard.run(pipeline);
    const letters = [];
    for await (const letter of replayDeadLetters({ ...s3.connection, bucket: BUCKET, prefix: "dead" }))
      letters.push(letter);
    // Bytes of one line are lines whatever they hold; empty and several lines are not.
    expect(letters.map(({ data }) => Buffer.from(data).toString())).toEqual(["", "two\nlines"]);
    expect(letters.every(({ errorCode }) => errorCode === "KC_RECORD_POISON")).toBe(true);
    expect(archived(s3)).toHaveLength(10);
    const object = s3.objects().find(({ key }) => key.startsWith("archive/"));
    expect(object?.metadata["kc-record-count"]).toBe("10");
    expect(shard.pending).toBeUndefined();
  });

  it("F68 a silent shard still flushes by age", async () => {
    await using s3 = await startS3();
    const stop = new AbortController();
    const shard = new Shard(clickRecords(3), false);
    const running = shard.run(archive(s3, { maxAgeMs: 20 }), { stop: stop.signal });
    while (shard.checkpoint === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(archived(s3)).toEqual(pages(3));
    stop.abort();
    expect(await running).toEqual({ type: "stopped" });
  });
});

describe("types", () => {
  it("let ndjson() take any output and raw() only bytes and texts", () => {
    const options = { bucket: BUCKET, region: "us-east-1" };
    definePipeline({ transformer: json<Click>(), emitter: s3Emitter({ ...options, format: ndjson() }) });
    definePipeline({ transformer: text(), emitter: s3Emitter({ ...options, format: raw() }) });
    definePipeline({ transformer: bytes(), emitter: s3Emitter<Uint8Array>({ ...options, format: raw() }) });
    definePipeline({
      // @ts-expect-error a click is neither bytes nor a text
      transformer: json<Click>(),
      emitter: s3Emitter({ ...options, format: raw() }),
    });
    // @ts-expect-error raw() cannot write clicks
    const wrong = s3Emitter<Click>({ ...options, format: raw() });
    expect(wrong.capabilities).toEqual({ duplicates: "none", ordering: "shard" });
  });
});
