import { batchOf, contextOf, deliver, failureFrom, planOf } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { definePipeline, json, KinesisConnectorError } from "@kinesis-connectors/core";
import {
  type Compression,
  gzip,
  ndjson,
  type ObjectFormat,
  s3Emitter,
  type S3Plan,
  timePartition,
} from "@kinesis-connectors/s3";
import { type Click, clicks, emitterOn, landed, pipelineOn, upTo } from "../support/clicks.js";
import { BUCKET, startS3 } from "../support/local-s3.js";
import { arrayBuffersAfterCollection } from "../support/memory.js";
import { Shard } from "../support/run-shard.js";
import { bytesOf, record } from "../support/support.js";

describe("many partitions", () => {
  it("S04 a flood of 100,000 of them goes to the dead letters by policy, and a batch has the first ones only", async () => {
    await using s3 = await startS3();
    const shard = new Shard(clicks(100_000), true, 10_000);
    await shard.run(
      pipelineOn(s3, { partition: ({ n }) => ({ n }), maxPartitions: 10, onPartitionFlood: "dead-letter" }),
    );
    const letters = s3.objects().filter(({ key }) => key.startsWith("dead/"));
    const deadLettered = letters.reduce((sum, { metadata }) => sum + Number(metadata["kc-record-count"]), 0);
    expect(landed(s3).length + deadLettered).toBe(100_000);
    const flushes = shard.events.filter((event) => event.type === "buffer-flush");
    expect(flushes.length).toBeGreaterThan(5);
    // A batch ends when so many dead letters wait for it, and holds no more than its partitions beside them.
    for (const { records } of flushes) expect(records).toBeLessThanOrEqual(10);
    expect(landed(s3)).toHaveLength(flushes.length * 10);
  });

  it("land in batches of at most maxPartitions objects", async () => {
    await using s3 = await startS3();
    const shard = new Shard(clicks(2000));
    await shard.run(pipelineOn(s3, { partition: ({ n }) => ({ n }), maxPartitions: 200 }));
    expect(landed(s3)).toEqual(upTo(2000));
    const flushes = shard.events.filter((event) => event.type === "buffer-flush");
    expect(flushes.map((event) => event.records)).toEqual(Array(10).fill(200));
  });

  it("10,000 of them in one batch keep no more in memory than their records and a little", async () => {
    await using s3 = await startS3();
    const text = "x".repeat(500);
    const before = await arrayBuffersAfterCollection();
    let compressed = 0;
    let heldBytes = 0;
    const counting: Compression = {
      ...gzip(),
      compress: async (bytes) => {
        compressed += 1;
        if (compressed === 10_000) heldBytes = (await arrayBuffersAfterCollection()) - before;
        return gzip().compress(bytes);
      },
    };
    const emitter = s3Emitter<{ readonly n: number; readonly text: string }>({
      ...s3.connection,
      bucket: BUCKET,
      format: ndjson(),
      compression: counting,
      partition: ({ n }) => ({ n }),
      maxPartitions: 10_000,
    });
    const batch = batchOf(upTo(10_000).map((n) => ({ n, text })));
    const plan = planOf(emitter, batch);
    expect(plan.places).toHaveLength(10_000);
    // All objects are packed before the first one goes; this one fails at once.
    s3.aws.faults.add({
      operation: "PutObject",
      times: "always",
      effect: { kind: "error", status: 400, code: "InvalidRequest" },
    });
    await failureFrom(emitter.emit(batch, contextOf(plan)));
    expect(heldBytes).toBeGreaterThan(0);
    expect(heldBytes).toBeLessThan(32 * 1024 * 1024);
    await emitter.close?.();
  });
});

describe("a format that encodes whole objects", () => {
  /** Rows as one JSON array; refuses negative numbers; odd and even rows may not meet. */
  const rows: ObjectFormat<Click> = {
    extension: ".json",
    contentType: "application/json",
    groupOf: ({ n }) => (n % 2 === 0 ? "even" : "odd"),
    encodeObject: (outputs) => {
      const refused = outputs.flatMap(({ n }, index) =>
        n < 0
          ? [{ index, error: new KinesisConnectorError("KC_RECORD_POISON", "the column n is negative") }]
          : [],
      );
      return Promise.resolve(
        refused.length > 0 ? { refused } : { bytes: bytesOf(JSON.stringify(outputs.map(({ n }) => n))) },
      );
    },
  };

  it("is given the outputs of an object at once, and groups that may not meet are objects of their own", async () => {
    await using s3 = await startS3();
    const emitter = emitterOn(s3, { format: rows });
    await deliver(emitter, batchOf(upTo(6).map((n) => ({ n, country: "AT" }))));
    expect(s3.objects().map(({ key, body }) => [key.replace(/.*\d{14}/, ""), body.toString()])).toEqual([
      [".json", "[0,2,4]"],
      ["_2.json", "[1,3,5]"],
    ]);
    await emitter.close?.();
  });

  it("names the rows that it refuses, and nothing is written", async () => {
    await using s3 = await startS3();
    const emitter = emitterOn(s3, { format: rows });
    const batch = batchOf([1, -2, 3, -4, 6].map((n) => ({ n, country: "AT" })));
    const { failed } = await deliver(emitter, batch);
    expect(failed.map(({ entry, action }) => [entry.output.n, action])).toEqual([
      [-2, "dead-letter"],
      [-4, "dead-letter"],
    ]);
    expect(s3.calls()).toEqual([]);
    await emitter.close?.();
  });

  it("compresses by itself: a compression beside it fails at once", () => {
    expect(() => s3Emitter({ bucket: BUCKET, format: rows, compression: gzip() })).toThrow(
      /set it on the format/,
    );
  });
});

describe("the types of a partitioned pipeline", () => {
  it("join transformer, partition and format end to end", async () => {
    await using s3 = await startS3();
    const time = timePartition({ by: (output: { readonly at: string }) => output.at });
    const emitter = s3Emitter<{ readonly at: string; readonly country?: string }>({
      ...s3.connection,
      bucket: BUCKET,
      format: ndjson(),
      partition: (output, arrived) => ({ ...time(output, arrived), country: output.country ?? "" }),
    });
    const pipeline = definePipeline<{ readonly at: string }, { readonly at: string }, S3Plan>({
      transformer: json<{ readonly at: string }>(),
      emitter,
    });
    await new Shard([record(0, bytesOf('{"at":"2026-03-29T07:00:00Z"}'))]).run(pipeline);
    expect(s3.objects()[0]?.key).toMatch(/^date=2026-03-29\/hour=07\/country=__HIVE_DEFAULT_PARTITION__\//);

    const wrongField = (): unknown =>
      s3Emitter<Click>({
        bucket: BUCKET,
        format: ndjson(),
        // @ts-expect-error -- clicks have no city
        partition: ({ city }) => ({ city: String(city) }),
      });
    const missingValue = (): unknown =>
      s3Emitter<{ readonly country?: string }>({
        bucket: BUCKET,
        format: ndjson(),
        // @ts-expect-error -- a value that may be missing must be written out
        partition: ({ country }) => ({ country }),
      });
    expect([wrongField, missingValue].every((make) => typeof make === "function")).toBe(true);
  });
});
