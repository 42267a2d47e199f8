import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateStreamCommand, KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { dynamoDbLeaseTable } from "@kinesis-connectors/consumer";
import { silentLogger, systemClock, systemRandom } from "@kinesis-connectors/core";
import {
  executeReset,
  type Lease,
  type LeaseTable,
  pauseShards,
  planReset,
  resumeShards,
  waitForPause,
} from "@kinesis-connectors/leases";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { expect, it } from "vitest";
import { Fleet, type FleetEvent } from "../../dist/fleet.js";
import { compare, countLanded } from "../../dist/verdict.js";

const STREAM = "paused";
const BUCKET = "paused-archive";
const SHARDS = 3;
/** What takes longer hangs, on any machine. */
const LONG_MS = 200_000;

interface Stage {
  readonly aws: LocalAws;
  readonly fleet: Fleet;
  readonly events: readonly FleetEvent[];
  readonly table: LeaseTable;
  readonly put: (count: number) => Promise<void>;
  readonly rows: () => Promise<readonly Lease[]>;
}

/** Real worker processes that archive a stream to S3, all on loopback. */
async function onStage(threads: number, play: (stage: Stage) => Promise<void>): Promise<void> {
  await using aws = await startLocalAws({ limits: "off", s3: { buckets: [BUCKET] } });
  const kinesis = new KinesisClient(aws.clientOptions("kinesis"));
  const client = new DynamoDBClient(aws.clientOptions("dynamodb"));
  await kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: SHARDS }));
  const events: FleetEvent[] = [];
  const { kinesis: kinesisEndpoint, dynamodb } = aws.endpoints;
  const fleet = new Fleet(
    {
      stream: STREAM,
      bucket: BUCKET,
      application: "paused",
      failoverTimeMs: 3_000,
      retrieval: "polling",
      threads,
      leaseStore: undefined,
      leasesMode: "auto",
      endpoints: { kinesis: kinesisEndpoint, dynamodb },
      s3: aws.clientOptions("s3"),
    },
    (event) => events.push(event),
  );
  const table = dynamoDbLeaseTable({
    tableName: "paused",
    client,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
  let id = 0;
  const put = async (count: number): Promise<void> => {
    const records = Array.from({ length: count }, () => {
      id += 1;
      return { Data: Buffer.from(JSON.stringify({ id, words: `record ${id}` })), PartitionKey: `key-${id}` };
    });
    await kinesis.send(new PutRecordsCommand({ StreamName: STREAM, Records: records }));
  };
  try {
    await play({ aws, fleet, events, table, put, rows: () => table.list() });
    expect(fleet.failures).toEqual([]);
  } finally {
    fleet.killAll();
    kinesis.destroy();
    client.destroy();
  }
}

const landed = (aws: LocalAws): number => countLanded(aws, BUCKET);
const soon = { interval: 200 };

it.each([0, 2])(
  "shards that are paused stay so through a kill -9 of their owner; resumed, nothing is lost and nothing is there twice (threads: %i)",
  async (threads) => {
    await onStage(threads, async ({ aws, fleet, events, table, put, rows }) => {
      fleet.start();
      await expect.poll(() => new Set(events.map(({ shardId }) => shardId)).size, soon).toBe(SHARDS);
      await put(300);
      // In the middle of its work: what is under way is finished and committed by the pause.
      await expect.poll(() => landed(aws), soon).toBeGreaterThan(0);
      await put(200);
      await pauseShards({ table, by: "test@loopback" });
      const wait = await waitForPause({ table, failoverTimeMs: 3_000, timeoutMs: LONG_MS });
      expect(wait.shards.map(({ state }) => state)).toEqual(["done", "done", "done"]);
      const atPause = landed(aws);
      const paused = await rows();
      expect(
        paused.every(({ pending, pausedBy }) => pending === undefined && pausedBy === "test@loopback"),
      ).toBe(true);

      const [first] = fleet.awake;
      fleet.start();
      const owner = paused[0]?.owner;
      fleet.kill(first ?? -1);
      await put(200);
      // The heir holds all of them, and says for itself that none of them runs.
      await expect
        .poll(async () => {
          const now = await rows();
          return now.filter((row) => row.owner !== owner && row.pauseDoneMs !== undefined).length;
        }, soon)
        .toBe(SHARDS);
      expect(landed(aws)).toBe(atPause);
      expect((await rows()).map(({ checkpoint }) => checkpoint)).toEqual(
        paused.map(({ checkpoint }) => checkpoint),
      );

      expect(await resumeShards({ table })).toHaveLength(SHARDS);
      await expect.poll(() => landed(aws), soon).toBe(700);
      await fleet.stopAll();
      expect(compare(aws, STREAM, BUCKET)).toEqual({
        put: 700,
        delivered: 700,
        lost: 0,
        duplicated: 0,
        outOfOrder: 0,
      });
    });
  },
);

it("a reset of living owners is refused, and one of paused shards begins where it was told once it is resumed", async () => {
  await onStage(0, async ({ aws, fleet, table, put, rows }) => {
    fleet.start();
    await put(90);
    await expect.poll(() => landed(aws), soon).toBe(90);
    const early = await planReset({ table, to: { type: "horizon" }, failoverTimeMs: 3_000 });
    expect(early.shards.map(({ refusal }) => refusal?.code)).toEqual(
      Array.from({ length: SHARDS }, () => "not-paused"),
    );
    await expect(executeReset(early, { table })).rejects.toMatchObject({ code: "KC_STEERING_REFUSED" });

    await pauseShards({ table, by: "test@loopback" });
    expect(await waitForPause({ table, failoverTimeMs: 3_000, timeoutMs: LONG_MS })).toMatchObject({
      isDone: true,
    });
    const plan = await planReset({ table, to: { type: "horizon" }, failoverTimeMs: 3_000 });
    expect(await executeReset(plan, { table })).toMatchObject({ isComplete: true });
    expect((await rows()).map(({ checkpoint }) => checkpoint)).toEqual([
      "TRIM_HORIZON",
      "TRIM_HORIZON",
      "TRIM_HORIZON",
    ]);
    const after = aws.journal.last();
    await put(30);
    await resumeShards({ table });
    await expect.poll(() => compare(aws, STREAM, BUCKET).lost, soon).toBe(0);
    const begun = aws.journal.entries({ server: "kinesis", operation: "GetShardIterator", after });
    expect(new Set(begun.map(({ parameters }) => String(parameters["shardIteratorType"])))).toEqual(
      new Set(["TRIM_HORIZON"]),
    );
    expect(new Set(begun.map(({ parameters }) => parameters["shardId"])).size).toBe(SHARDS);
    await fleet.stopAll();
    expect(
      (await rows()).every(
        ({ checkpoint, pending }) => typeof checkpoint === "object" && pending === undefined,
      ),
    ).toBe(true);
  });
});
