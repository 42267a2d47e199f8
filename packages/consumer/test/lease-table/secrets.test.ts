import { DescribeTableCommand, DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { silentLogger, systemClock } from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { seededRandom } from "@kinesis-connectors/testkit";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { sdkKinesis } from "../../src/kinesis/sdk-kinesis.js";
import { dynamoDbLeaseTable } from "../../src/lease-table/dynamodb-lease-table.js";
import { newLease } from "../support/leases.js";

const CANARIES = ["CANARYID", "CANARYSECRET", "CANARYTOKEN", "CANARYDATA"];
const CREDENTIALS = {
  accessKeyId: "CANARYID",
  secretAccessKey: "CANARYSECRET",
  sessionToken: "CANARYTOKEN",
};

let local: LocalAws;
let client: DynamoDBClient;
let table: LeaseTable;

beforeAll(async () => {
  local = await startLocalAws({ s3: false, opensearch: false });
  const reach = { endpoint: local.endpoints.dynamodb, region: "eu-central-1", credentials: CREDENTIALS };
  // As a caller may bring it: with the SDK's own handler, whose answers lead to all of the request.
  client = new DynamoDBClient({ ...reach, maxAttempts: 1 });
  table = dynamoDbLeaseTable({
    tableName: "leases",
    client,
    // Back-offs take no time.
    clock: { ...systemClock, setTimer: (_delayMs, callback) => systemClock.setTimer(0, callback) },
    random: seededRandom(1),
    logger: silentLogger,
  });
  await table.open();
});
afterEach(() => {
  const unfired = local.faults.unfired();
  local.faults.clear();
  // A rule that never fired means that a test did not test what it believes.
  if (unfired.length > 0) throw new Error(`rules never fired: ${unfired.join(", ")}`);
});
afterAll(async () => {
  client.destroy();
  await local.close();
});

/** Everything that can be found on an error, hidden members included. */
const shownOf = (error: unknown): string => inspect(error, { showHidden: true, depth: Infinity });
const canariesIn = (error: unknown): readonly string[] => {
  const shown = shownOf(error);
  return CANARIES.filter((canary) => shown.includes(canary));
};
const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
const fail = (operation: string, code: string, message?: string, status = 400): void =>
  void local.faults.add({
    server: "dynamodb",
    operation,
    times: "always",
    effect: { kind: "error", status, code, ...(message === undefined ? {} : { message }) },
  });

describe("errors of the lease table hold neither credentials nor rows", () => {
  test("which the SDK's own errors lead to", async () => {
    fail("DescribeTable", "AccessDeniedException");
    const raw = await failureOf(client.send(new DescribeTableCommand({ TableName: "leases" })));
    expect(canariesIn(raw)).toEqual(["CANARYID", "CANARYTOKEN"]);
  });

  test("when they are refused", async () => {
    fail("DescribeTable", "AccessDeniedException");
    const denied = await failureOf(table.open());
    expect(denied).toMatchObject({ code: "KC_LEASE_TABLE", cause: { name: "AccessDeniedException" } });
    expect(canariesIn(denied)).toEqual([]);
  });

  test("when the row is what is refused, and quoted", async () => {
    await table.create(newLease("CANARYDATA-1"));
    const seen = await table.get("CANARYDATA-1");
    if (seen === undefined) throw new Error("the lease was not created");
    fail(
      "UpdateItem",
      "ValidationException",
      "The parameter cannot be converted to a numeric value: CANARYDATA",
    );
    const raw = await failureOf(
      client.send(new UpdateItemCommand({ TableName: "leases", Key: { leaseKey: { S: "CANARYDATA-1" } } })),
    );
    expect(canariesIn(raw)).toContain("CANARYDATA");
    const refused = await failureOf(table.update(seen, { type: "renew" }));
    expect(refused).toMatchObject({ code: "KC_LEASE_TABLE", cause: { name: "ValidationException" } });
    expect(canariesIn(refused)).toEqual([]);
  });

  test.each([
    ["InternalServerError", 500, "unknown"],
    ["ProvisionedThroughputExceededException", 400, "throttled"],
  ])("when a write's outcome carries %s", async (code, status, type) => {
    const key = `CANARYDATA-${code}`;
    await table.create(newLease(key));
    const seen = await table.get(key);
    if (seen === undefined) throw new Error("the lease was not created");
    fail("UpdateItem", code, undefined, status);
    const outcome = await table.update(seen, { type: "renew" });
    expect(outcome).toMatchObject({ type, cause: { name: code } });
    expect(canariesIn(outcome)).toEqual([]);
  });

  test("when the tries are used up", async () => {
    fail("Scan", "InternalServerError", "inside", 500);
    const over = await failureOf(table.list());
    expect(over).toMatchObject({ name: "InternalServerError", $metadata: { httpStatusCode: 500 } });
    expect(canariesIn(over)).toEqual([]);
  });
});

test("errors of reading hold no credentials either", async () => {
  const reach = { endpoint: local.endpoints.kinesis, region: "eu-central-1", credentials: CREDENTIALS };
  const api = sdkKinesis(
    new KinesisClient({ ...reach, maxAttempts: 1, requestHandler: new NodeHttpHandler() }),
    { StreamName: "absent" },
    { ownsClient: true },
  );
  const missing = await failureOf(api.describeStream());
  expect(missing).toMatchObject({ kind: "not-found", cause: { name: "ResourceNotFoundException" } });
  expect(canariesIn(missing)).toEqual([]);
  api.close();
});
