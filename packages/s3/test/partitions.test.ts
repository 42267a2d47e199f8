import { batchOf, contextOf, deliver, failureFrom, planOf } from "@kinesis-connectors/testkit";
import { getEventListeners } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import {
  definePipeline,
  hasCode,
  json,
  KinesisConnectorError,
  type KinesisRecord,
  type Pipeline,
} from "@kinesis-connectors/core";
import {
  type Compression,
  gzip,
  ndjson,
  type ObjectFormat,
  s3DeadLetters,
  s3Emitter,
  type S3EmitterOptions,
  type S3Plan,
  timePartition,
} from "@kinesis-connectors/s3";
import { BUCKET, linesIn, type LocalS3, startS3 } from "./local-s3.js";
import { Shard } from "./run-shard.js";
import { ARRIVAL_MS, bytesOf, record } from "./support.js";

setFlagsFromString("--expose-gc");

/** Bytes of buffers that are still held by something. */
function arrayBuffersAfterCollection(): number {
  runInNewContext("gc()");
  return process.memoryUsage().arrayBuffers;
}

interface Click {
  readonly n: number;
  readonly country: string;
}

const COUNTRIES = ["AT", "CH", "DE", ""] as const;
const click = (n: number): Click => ({ n, country: COUNTRIES[n % COUNTRIES.length] ?? "" });
const clicks = (count: number): KinesisRecord[] =>
  Array.from({ length: count }, (_, n) => record(n, bytesOf(JSON.stringify(click(n)))));
const byCountry = ({ country }: Click) => ({ country });

function emitterOn(s3: LocalS3, options: Partial<S3EmitterOptions<Click>> = {}) {
  return s3Emitter<Click>({
    ...s3.connection,
    bucket: BUCKET,
    prefix: "clicks",
    format: ndjson(),
    partition: byCountry,
    ...options,
  });
}

function pipelineOn(
  s3: LocalS3,
  options: Partial<S3EmitterOptions<Click>> = {},
): Pipeline<Click, Click, S3Plan, S3Plan> {
  return definePipeline<Click, Click, S3Plan, S3Plan>({
    transformer: json<Click>(),
    emitter: emitterOn(s3, options),
    deadLetters: s3DeadLetters({ ...s3.connection, bucket: BUCKET, prefix: "dead" }),
    retry: { baseDelayMs: 1, maxDelayMs: 2, maxRequestAttempts: 2 },
  });
}

/** What landed: the numbers of all records below a prefix, sorted. */
function landed(s3: LocalS3): number[] {
  const numbers = s3
    .objects()
    .filter(({ key }) => key.startsWith("clicks/") && !key.includes("/_plans/"))
    .flatMap((object) => linesIn(object).map((line) => (JSON.parse(line) as Click).n));
  return numbers.sort((one, other) => one - other);
}

/** The plan of the batch that was left behind. */
function pendingPlan({ pending }: Shard): S3Plan {
  if (pending?.plan === undefined) throw new Error("no batch was left behind");
  // What the emitter's plan returned, through JSON.
  return pending.plan as S3Plan;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe("a partitioned batch", () => {
  it("is one object per partition, each in the order of the shard", async () => {
    await using s3 = await startS3();
    const emitter = emitterOn(s3, { compression: gzip() });
    await deliver(emitter, batchOf(upTo(8).map(click)));
    const range = "shardId-000000000003-49600000000000-49600000000007";
    expect(Object.fromEntries(s3.objects().map((object) => [object.key, linesIn(object)]))).toEqual({
      [`clicks/country=AT/${range}.ndjson.gz`]: [click(0), click(4)].map((one) => JSON.stringify(one)),
      [`clicks/country=CH/${range}.ndjson.gz`]: [click(1), click(5)].map((one) => JSON.stringify(one)),
      [`clicks/country=DE/${range}.ndjson.gz`]: [click(2), click(6)].map((one) => JSON.stringify(one)),
      [`clicks/country=__HIVE_DEFAULT_PARTITION__/${range}.ndjson.gz`]: [click(3), click(7)].map((one) =>
        JSON.stringify(one),
      ),
    });
    expect(s3.objects().map(({ metadata }) => metadata["kc-record-count"])).toEqual(["2", "2", "2", "2"]);
    await emitter.close?.();
  });

  it("has many objects under way and listens to the shard's signal once: Node warns of a leak from eleven on", async () => {
    await using s3 = await startS3();
    const emitter = emitterOn(s3, { partition: ({ n }) => ({ n: `${n}` }) });
    const batch = batchOf(upTo(32).map(click));
    const plan = planOf(emitter, batch);
    const { signal } = new AbortController();
    const listen = signal.addEventListener.bind(signal);
    let most = 0;
    signal.addEventListener = (...given: Parameters<AbortSignal["addEventListener"]>): void => {
      listen(...given);
      most = Math.max(most, getEventListeners(signal, "abort").length);
    };
    await emitter.emit(batch, contextOf(plan, { signal }));
    expect(await emitter.isPlaced?.(batch, contextOf(plan, { signal }))).toBe(true);
    expect(s3.objects()).toHaveLength(32);
    expect(most).toBe(1);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    await emitter.close?.();
  });

  it("can have its folders by time and by field, plain", async () => {
    await using s3 = await startS3();
    const time = timePartition<Click>({ zone: "Asia/Tokyo" });
    const emitter = emitterOn(s3, {
      partitionStyle: "plain",
      partition: (output, arrived) => ({ ...time(output, arrived), country: output.country }),
    });
    await deliver(emitter, batchOf([click(0)]));
    expect(ARRIVAL_MS).toBe(Date.UTC(2026, 2, 29, 0, 59, 59));
    expect(s3.objects()[0]?.key).toMatch(
      /^clicks\/2026-03-29\/09\/AT\/shardId-000000000003-\d+-\d+\.ndjson$/,
    );
    await emitter.close?.();
  });

  it("emitted twice leaves its objects as they were, and a repeated try does not look at those it wrote itself", async () => {
    await using s3 = await startS3();
    s3.aws.faults.add({
      operation: "PutObject",
      nth: 3,
      times: 3,
      effect: { kind: "error", status: 503, code: "SlowDown" },
    });
    const emitter = emitterOn(s3, { objectConcurrency: 1 });
    const batch = batchOf(upTo(8).map(click));
    const plan = planOf(emitter, batch);
    await failureFrom(emitter.emit(batch, contextOf(plan)));
    expect(await emitter.emit(batch, contextOf(plan, { attempt: 2 }))).toEqual({ failed: [] });
    expect(s3.calls().filter((call) => call.includes("412"))).toEqual([]);
    expect(landed(s3)).toEqual(upTo(8));
    const before = s3.objects();
    await deliver(emitter, batch);
    expect(s3.objects()).toEqual(before);
    await emitter.close?.();
  });

  it("with a record that its format refuses writes nothing, in no partition", async () => {
    await using s3 = await startS3();
    const emitter = s3Emitter<unknown>({
      ...s3.connection,
      bucket: BUCKET,
      format: ndjson(),
      partition: (output) => ({ type: typeof output }),
    });
    const batch = batchOf<unknown>([1, "two", 3n, "four"]);
    const { failed } = await deliver(emitter, batch);
    expect(failed.map(({ entry }) => entry)).toEqual([batch.entries[2]]);
    expect(s3.calls()).toEqual([]);
    await emitter.close?.();
  });

  it("of which retention took the beginning still goes to its places", async () => {
    await using s3 = await startS3();
    const emitter = emitterOn(s3);
    const batch = batchOf(upTo(8).map(click));
    const plan = planOf(emitter, batch);
    const left = { ...batch, entries: batch.entries.slice(3), gap: true };
    await emitter.emit(left, contextOf(plan, { inherited: true }));
    expect(landed(s3)).toEqual([3, 4, 5, 6, 7]);
    for (const object of s3.objects()) {
      const countries = new Set(linesIn(object).map((line) => (JSON.parse(line) as Click).country));
      expect(countries.size).toBe(1);
    }
    const error = await failureFrom(
      emitter.emit({ ...left, gap: false }, contextOf(plan, { inherited: true })),
    );
    expect(hasCode(error, "KC_REPLAY_DIFFERS")).toBe(true);
    await emitter.close?.();
  });

  it("sets aside by name what has no partition", async () => {
    await using s3 = await startS3();
    const shard = new Shard(clicks(8));
    await shard.run(
      pipelineOn(s3, {
        partition: ({ country }) => {
          if (country === "") throw new KinesisConnectorError("KC_RECORD_POISON", "no country");
          return { country };
        },
      }),
    );
    expect(landed(s3)).toEqual(upTo(8).filter((n) => n % 4 !== 3));
    const letters = s3.objects().filter(({ key }) => key.startsWith("dead/"));
    expect(letters.flatMap(linesIn)).toHaveLength(2);
  });
});

describe("an heir of a partitioned batch", () => {
  it.each([0, 1, 2, 3])(
    "F25 lands every record once after %i objects, though partitions are drawn by lot",
    async (objects) => {
      await using s3 = await startS3();
      let drawn = 0;
      const partition = () => ({ lot: (drawn++ * 7) % 5 });
      const shard = new Shard(clicks(40));
      s3.aws.faults.add({
        operation: "PutObject",
        nth: objects + 1,
        times: "always",
        effect: { kind: "error", status: 503, code: "SlowDown" },
      });
      await failureFrom(shard.run(pipelineOn(s3, { partition, objectConcurrency: 1 })));
      expect(s3.objects()).toHaveLength(objects);
      const planned = pendingPlan(shard).places.map(({ key }) => key);
      s3.aws.faults.clear();
      await shard.run(pipelineOn(s3, { partition, prefix: "elsewhere" }));
      expect(
        s3
          .objects()
          .map(({ key }) => key)
          .sort(),
      ).toEqual([...planned].sort());
      expect(landed(s3)).toEqual(upTo(40));
    },
  );

  it("finds a batch of many places complete, and writes none of it again", async () => {
    await using s3 = await startS3();
    const shard = new Shard(clicks(40));
    const interrupt = (): void => {
      throw new Error("killed");
    };
    await failureFrom(shard.run(pipelineOn(s3), { interrupt }));
    const after = s3.aws.journal.last();
    await shard.run(pipelineOn(s3));
    const calls = s3.aws.journal.entries({ after }).map(({ operation }) => operation);
    expect(new Set(calls)).toEqual(new Set(["HeadObject"]));
    expect(landed(s3)).toEqual(upTo(40));
  });

  it("follows a long plan that was kept as an object, stored before the first record's", async () => {
    await using s3 = await startS3();
    const shard = new Shard(clicks(300));
    const partition = ({ n }: Click) => ({ n: `${n}-${"long".repeat(10)}` });
    s3.aws.faults.add({
      operation: "PutObject",
      nth: 150,
      effect: { kind: "error", status: 403, code: "AccessDenied" },
    });
    await failureFrom(shard.run(pipelineOn(s3, { partition })));
    const { spilledTo, places } = pendingPlan(shard);
    expect(places).toEqual([]);
    expect(JSON.stringify(shard.pending).length).toBeLessThan(2000);
    expect(spilledTo?.key).toMatch(/^clicks\/_plans\/shardId-000000000003-\d+-\d+-[0-9a-f]{16}\.json$/);
    expect(s3.aws.journal.entries()[0]?.operation).toBe("PutObject");
    expect(s3.objects().map(({ key }) => key)).toContain(spilledTo?.key);
    s3.aws.faults.clear();
    await shard.run(pipelineOn(s3, { partition: () => ({ n: "another" }) }));
    expect(landed(s3)).toEqual(upTo(300));
    expect(s3.objects().some(({ key }) => key.includes("another"))).toBe(false);
  });

  it("stops with the cure when the stored plan is gone", async () => {
    await using s3 = await startS3();
    const emitter = emitterOn(s3);
    const batch = batchOf([click(0)]);
    const gone: S3Plan = { places: [], spilledTo: { key: "clicks/_plans/gone.json", sha256: "0" } };
    const error = await failureFrom(
      emitter.spill?.load(batch, contextOf(gone, { inherited: true })) ?? Promise.resolve(),
    );
    expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
    expect(error.message).toContain("stored plan");
    await emitter.close?.();
  });
});

describe("many partitions", () => {
  it("S04 a flood of them goes to the dead letters by policy, and memory holds the known ones only", async () => {
    await using s3 = await startS3();
    const shard = new Shard(clicks(400));
    await shard.run(
      pipelineOn(s3, { partition: ({ n }) => ({ n }), maxPartitions: 50, onPartitionFlood: "dead-letter" }),
    );
    expect(landed(s3)).toEqual(upTo(50));
    const letters = s3.objects().filter(({ key }) => key.startsWith("dead/"));
    expect(letters.flatMap(linesIn)).toHaveLength(350);
  });

  it("land in batches of at most maxPartitions objects", async () => {
    await using s3 = await startS3();
    const shard = new Shard(clicks(2000));
    await shard.run(pipelineOn(s3, { partition: ({ n }) => ({ n }), maxPartitions: 200 }));
    expect(landed(s3)).toEqual(upTo(2000));
    const flushes = shard.events.filter((event) => event.type === "buffer-flush");
    expect(flushes.map((event) => event.records)).toEqual(Array(10).fill(200));
  }, 60_000);

  it("10,000 of them in one batch keep no more in memory than their records and a little", async () => {
    await using s3 = await startS3();
    const text = "x".repeat(500);
    const before = arrayBuffersAfterCollection();
    let compressed = 0;
    let heldBytes = 0;
    const counting: Compression = {
      ...gzip(),
      compress: (bytes) => {
        compressed += 1;
        if (compressed === 10_000) heldBytes = arrayBuffersAfterCollection() - before;
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
