import { silentLogger, sleep, systemClock, systemRandom } from "@kinesis-connectors/core";
import type { NewLease } from "@kinesis-connectors/leases";
import { expect, it } from "vitest";
import { dynamoDbLeaseTable } from "../../src/lease-table/dynamodb-lease-table.js";
import { answerEmpty, startEmptyDynamoDb } from "../support/empty-dynamodb.js";

const LEASES = Array.from({ length: 64 }, (_, shard): NewLease => ({
  leaseKey: `shardId-${String(shard).padStart(12, "0")}`,
  checkpoint: "TRIM_HORIZON",
  parentShardIds: [],
  hashKeyRange: { startingHashKey: "0", endingHashKey: "1" },
}));

/** A table in a server that answers every request, after a while. */
async function startTable({ requestTimeoutMs = 30_000, answerAfterMs = 0 } = {}) {
  const dynamoDb = await startEmptyDynamoDb(
    (response) => void sleep(systemClock, answerAfterMs).then(() => answerEmpty(response)),
    { requestTimeoutMs },
  );
  const table = dynamoDbLeaseTable({
    client: dynamoDb.client,
    tableName: "leases",
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    controlTimeoutMs: 30_000,
  });
  return { ...dynamoDb, table };
}

it("the rows of many shards, made and looked at in the same moment, pass the steps of the client once", async () => {
  await using fixture = await startTable();
  await Promise.all(LEASES.map((lease) => fixture.table.create(lease)));
  expect(fixture.inAllSteps).toHaveBeenCalledTimes(1);
  await Promise.all(LEASES.map(({ leaseKey }) => fixture.table.get(leaseKey)));
  expect(fixture.inAllSteps).toHaveBeenCalledTimes(2);
});

it("making a row may take as long as other calls that no lease waits for, the first time and later", async () => {
  // Longer than the client's own limit.
  await using fixture = await startTable({ requestTimeoutMs: 100, answerAfterMs: 300 });
  const [first, second] = LEASES as [NewLease, NewLease];
  expect(await fixture.table.create(first)).toBe(true);
  expect(await fixture.table.create(second)).toBe(true);
  expect(fixture.inAllSteps).toHaveBeenCalledTimes(1);
});
