import { silentLogger, sleep, systemClock } from "@kinesis-connectors/core";
import { startLocalAws, virtualClock } from "@kinesis-connectors/local";
import { seededRandom } from "@kinesis-connectors/testkit";
import { expect, test } from "vitest";
import { createDynamoDbClient } from "../../src/kinesis/clients/dynamodb-client.js";
import { dynamoDbLeaseTable } from "../../src/lease-table/dynamodb-lease-table.js";
import { newLease } from "../support/leases.js";

test("an answer that comes again is not taken for that of the next write: what is refused never counts as applied", async () => {
  const clock = virtualClock();
  await using local = await startLocalAws({
    kinesis: false,
    s3: false,
    opensearch: false,
    dynamodb: { tableDelayMs: 0 },
    clock,
  });
  const { endpoint, region, credentials } = local.clientOptions("dynamodb");
  const client = await createDynamoDbClient({ endpoint, region, credentials }, silentLogger, 60_000).made();
  const table = dynamoDbLeaseTable({
    tableName: "leases",
    client,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
  });
  await table.open();
  await table.create(newLease("shard-1"));
  const first = await table.get("shard-1");
  if (first === undefined) throw new Error("the lease was not created");
  local.faults.add({
    operation: "UpdateItem",
    effect: { kind: "surplus-answer", afterMs: 1_000 },
  });
  local.faults.add({ operation: "UpdateItem", nth: 2, effect: { kind: "delay", delayMs: 2_000 } });
  expect(await table.update(first, { type: "renew" })).toEqual({ type: "applied" });
  // The row has moved on since it was seen so: this is refused, and the surplus answer says otherwise.
  const second = table.update(first, { type: "renew" });
  while (local.faults.unfired().length > 0) await sleep(systemClock, 5);
  await clock.advance(1_000);
  const outcome = await second;
  expect(outcome.type).toBe("unknown");
  expect(outcome).toMatchObject({ cause: { name: "HttpFormatError" } });
  expect((await table.get("shard-1"))?.counter).toBe(first.counter + 1);
  client.destroy();
});
