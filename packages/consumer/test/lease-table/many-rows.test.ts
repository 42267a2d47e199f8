import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { HttpHandler } from "@kinesis-connectors/aws";
import { silentLogger, sleep, systemClock, systemRandom } from "@kinesis-connectors/core";
import type { NewLease } from "@kinesis-connectors/leases";
import { expect, it, vi } from "vitest";
import { dynamoDbLeaseTable } from "../../src/lease-table/dynamodb-lease-table.js";

const LEASES = Array.from({ length: 64 }, (_, shard): NewLease => ({
  leaseKey: `shardId-${String(shard).padStart(12, "0")}`,
  checkpoint: "TRIM_HORIZON",
  parentShardIds: [],
  hashKeyRange: { startingHashKey: "0", endingHashKey: "1" },
}));

/** A table in a server that answers every request, after a while. */
async function startTable({ requestTimeoutMs = 30_000, answerAfterMs = 0 } = {}) {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      void sleep(systemClock, answerAfterMs).then(() =>
        response
          .writeHead(200, { "content-type": "application/x-amz-json-1.0", "content-length": "2" })
          .end("{}"),
      );
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new DynamoDBClient({
    region: "eu-central-1",
    credentials: { accessKeyId: "access-key", secretAccessKey: "secret-key" },
    maxAttempts: 1,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requestHandler: new HttpHandler({ requestTimeoutMs }),
  });
  client.middlewareStack.remove("loggerMiddleware");
  const table = dynamoDbLeaseTable({
    client,
    tableName: "leases",
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    controlTimeoutMs: 30_000,
  });
  return {
    table,
    inAllSteps: vi.spyOn(client.config.requestHandler, "handle"),
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
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
