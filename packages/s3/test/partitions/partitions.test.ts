import { batchOf, contextOf, deliver, failureFrom, planOf } from "@kinesis-connectors/testkit";
import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { hasCode, KinesisConnectorError } from "@kinesis-connectors/core";
import { gzip, ndjson, s3Emitter, type S3Plan, timePartition } from "@kinesis-connectors/s3";
import { type Click, click, clicks, emitterOn, landed, pipelineOn, upTo } from "../support/clicks.js";
import { BUCKET, linesIn, startS3 } from "../support/local-s3.js";
import { Shard } from "../support/run-shard.js";
import { ARRIVAL_MS } from "../support/support.js";

/** The plan of the batch that was left behind. */
function pendingPlan({ pending }: Shard): S3Plan {
  if (pending?.plan === undefined) throw new Error("no batch was left behind");
  // What the emitter's plan returned, through JSON.
  return pending.plan as S3Plan;
}

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
    expect(await emitter.isWritten?.(batch, contextOf(plan, { signal }))).toBe(true);
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
      // Without the client once, and then by the client, which tries three times.
      times: 4,
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
    const batch = batchOf<unknown>([1, "two", Symbol("three"), "four"]);
    const { failed } = await deliver(emitter, batch);
    expect(failed.map(({ entry }) => entry)).toEqual([batch.entries[2]]);
    expect(s3.calls()).toEqual([]);
    await emitter.close?.();
  });

  it("of which retention took the beginning still goes to its objects", async () => {
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

describe("the next owner of a partitioned batch", () => {
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

  it("finds a batch of many objects complete, and writes none of it again", async () => {
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
      times: "always",
      predicate: ({ parameters }) => String(parameters["key"]).includes("n=149-"),
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
