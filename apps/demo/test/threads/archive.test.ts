import { S3Client } from "@aws-sdk/client-s3";
import { type ConnectorOptions, startConnector } from "@kinesis-connectors/consumer";
import { startLocalAws } from "@kinesis-connectors/local";
import { describe, expect, it } from "vitest";
// Built, because what runs in a thread is loaded by Node itself.
import { runDemo } from "../../dist/demo.js";
import { DeliveryCheck } from "../../src/check.js";
import { readBack } from "../../src/read-back.js";

const STREAM = "clicks";
const BUCKET = "clicks-archive";

describe("an archive on S3, written by threads", () => {
  it("F43 0 lost, 0 duplicated, in order: four shards on two threads", async () => {
    const { result } = await runDemo({
      records: 20_000,
      shards: 4,
      threads: 2,
      input: undefined,
      keep: undefined,
      seed: 1,
      admin: undefined,
      console: false,
    });
    expect(result).toMatchObject({
      records: 20_000,
      delivered: 20_000,
      lost: 0,
      duplicated: 0,
      outOfOrder: 0,
    });
    // In a process of its own, which counts what all of its threads take.
    const { cpuSeconds = 0, recordsPerCpuSecond = 0 } = result.connector ?? {};
    expect(cpuSeconds).toBeGreaterThan(0);
    expect((cpuSeconds * recordsPerCpuSecond) / 20_000).toBeCloseTo(1, 1);
  });

  it.each(["before", "after"])(
    "F43 a thread that dies again and again %s its write, and before its commit: 0 lost, 0 duplicated",
    async (dies) => {
      await using aws = await startLocalAws({ limits: "off" });
      aws.kinesis.createStream({ name: STREAM, shardCount: 3 });
      aws.s3.createBucket(BUCKET);
      const archive = { bucket: BUCKET, prefix: "a", format: "lines", maxRecords: 100, maxAgeMs: 200 };
      const start = (when: string) => {
        const pipeline = new URL("./pipelines/dying-archive.mjs", import.meta.url);
        pipeline.searchParams.set("dies", when);
        pipeline.searchParams.set("options", JSON.stringify({ ...archive, s3: aws.clientOptions("s3") }));
        const options: ConnectorOptions<unknown, unknown> = {
          application: "demo",
          stream: STREAM,
          pipeline,
          threads: 2,
          region: aws.clientOptions("kinesis").region,
          credentials: aws.clientOptions("kinesis").credentials,
          endpoints: { kinesis: aws.endpoints.kinesis, dynamodb: aws.endpoints.dynamodb },
          leases: { bootstrapJitterMs: 0, failoverTimeMs: 2_000, takePeriodMs: 100 },
        };
        return startConnector(options);
      };
      const put = (count: number): void => {
        const data = (n: number): string => `line ${n} of ${aws.journal.last()}`;
        aws.kinesis.putRecords(
          STREAM,
          Array.from({ length: count }, (_, n) => ({ partitionKey: `key-${n}`, data: data(n) })),
        );
      };
      for (let death = 1; death <= 3; death += 1) {
        put(400);
        const dying = await start(dies);
        await expect(dying.done).rejects.toMatchObject({ code: "KC_THREAD_LOST" });
      }
      put(100);
      const check = new DeliveryCheck();
      check.expect([...aws.kinesis.records(STREAM)]);
      await using connector = await start("never");
      let isTold = false;
      for await (const event of connector) {
        if (event.type === "batch-emit" && event.inherited) isTold = true;
        if (event.type === "page-read" && event.millisBehindLatest === 0 && event.records === 0) {
          const { shards } = connector.progress();
          if (shards.filter((shard) => shard.millisBehindLatest === 0).length === 3) void connector.stop();
        }
      }
      const s3 = new S3Client(aws.clientOptions("s3"));
      const { lines } = await readBack(s3, BUCKET, undefined);
      s3.destroy();
      expect(check.compare(lines)).toEqual({ delivered: 1_300, lost: 0, duplicated: 0, outOfOrder: 0 });
      // What a thread left prepared was taken up: written, or found to be there already. Who dies after a write may leave another shard's batch prepared.
      expect(isTold || dies === "after").toBe(true);
    },
  );
});
