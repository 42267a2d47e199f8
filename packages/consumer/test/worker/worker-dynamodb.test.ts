import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { silentLogger, systemClock } from "@kinesis-connectors/core";
import { startLocalAws } from "@kinesis-connectors/local";
import { expect, test } from "vitest";
import { dynamoDbLeaseTable } from "../../src/lease-table/dynamodb-lease-table.js";
import type { Worker } from "../../src/worker/worker.js";
import { WorkerRun } from "../../src/worker/worker-run.js";
import { FakeDestination, fakeEngine, FakeStream } from "../support/fake-stream.js";
import { seededRandom } from "@kinesis-connectors/testkit";
import { spoilUpdates } from "../support/faulty-updates.js";
import { shardIdOf } from "../support/shards.js";

const SHARDS = 4;
const RECORDS = 60;

test("F02 F04 two workers on DynamoDB, with lost answers, cut connections and throttling: every record lands once", async () => {
  await using local = await startLocalAws({ kinesis: false, s3: false });
  const random = seededRandom(5);
  const stream = new FakeStream(SHARDS);
  const destination = new FakeDestination();
  const takes: string[] = [];
  const startOne = async (name: string): Promise<Worker> => {
    const client = new DynamoDBClient({
      ...local.clientOptions("dynamodb"),
      maxAttempts: 1,
      requestHandler: { requestTimeout: 5_000, throwOnRequestTimeout: true },
    });
    const worker = new WorkerRun({
      ownerId: `${name}:${random.uuid()}`,
      table: dynamoDbLeaseTable({
        tableName: "orders",
        client,
        clock: systemClock,
        random,
        logger: silentLogger,
        ownsClient: true,
      }),
      kinesis: stream,
      initialPosition: { type: "trim-horizon" },
      runShard: fakeEngine(stream, destination, systemClock, { idleMs: 20, emitMs: () => 2 }),
      clock: systemClock,
      random,
      logger: silentLogger,
      observe: (event) => {
        if (event.type === "lease-take") takes.push(name);
      },
      leases: { failoverTimeMs: 3_000, takePeriodMs: 100, bootstrapJitterMs: 100 },
    });
    await worker.start();
    return worker;
  };

  const first = await startOne("first");
  spoilUpdates(local);
  const second = await startOne("second");
  for (let count = 0; count < RECORDS; count += 10) {
    for (let index = 0; index < SHARDS; index += 1) stream.put(shardIdOf(index), 10);
    await new Promise<void>((resolve) => {
      systemClock.setTimer(100, resolve);
    });
  }
  await expect.poll(() => destination.order.length).toBe(SHARDS * RECORDS);
  await expect.poll(() => second.held().length).toBeGreaterThanOrEqual(1);
  await Promise.all([first.stop(), second.stop()]);
  await Promise.all([first.done, second.done]);
  expect(destination.duplicates()).toEqual([]);
  expect(takes).toContain("second");
  expect(local.faults.unfired()).toEqual([]);
});
