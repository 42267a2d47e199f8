import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { contextOf, failureFrom, thrownBy } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { hasCode } from "@kinesis-connectors/core";
import { dynamoDbEmitter, type DynamoDbEmitterOptions } from "@kinesis-connectors/dynamodb";
import { failureOf } from "../src/failures.js";
import { startDynamoDb, TABLE } from "./local-dynamodb.js";
import { batchOf } from "./support.js";

/** What the factory says to options that its types would refuse too. */
const make = (options: object): Error => {
  const given: DynamoDbEmitterOptions<object> = { table: TABLE, region: "us-east-1", ...options };
  return thrownBy(() => dynamoDbEmitter(given));
};

describe("opening", () => {
  it("says what to do when the table is missing, and when an option names its key", async () => {
    await using local = await startDynamoDb();
    await local.emitter().open?.(contextOf(undefined));
    const missing = await failureFrom(local.emitter({ table: "no-such-table" }).open?.(contextOf(undefined)));
    expect(hasCode(missing, "KC_EMIT_REFUSED")).toBe(true);
    expect(missing.message).toMatch(/"no-such-table" \(option table\).*create the table/);
    for (const options of [
      { positionAttribute: "id" },
      { tombstoneExpiry: { attribute: "id", afterMs: 1 } },
    ]) {
      const error = await failureFrom(local.emitter(options).open?.(contextOf(undefined)));
      expect(hasCode(error, "KC_OPTION_INVALID")).toBe(true);
      expect(error.message).toMatch(/key of the table/);
    }
  });

  it("goes on where the table cannot be looked at for the moment, and looks again at the first batch", async () => {
    await using local = await startDynamoDb();
    local.fault({ kind: "error", status: 500, code: "InternalServerError" }, { operation: "DescribeTable" });
    const emitter = local.emitter();
    await emitter.open?.(contextOf(undefined));
    expect((await emitter.emit(batchOf([{ id: "a" }]), contextOf(undefined))).failed).toEqual([]);
    expect(local.calls("DescribeTable")).toEqual(["DescribeTable 500", "DescribeTable 200"]);
  });

  it("stops where the right to look is missing", async () => {
    await using local = await startDynamoDb();
    local.fault(
      { kind: "error", status: 400, code: "AccessDeniedException" },
      { operation: "DescribeTable" },
    );
    const error = await failureFrom(local.emitter().open?.(contextOf(undefined)));
    expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
    expect(error.message).toMatch(/dynamodb:DescribeTable/);
  });

  it("names missing credentials as such", async () => {
    const emitter = dynamoDbEmitter({
      table: TABLE,
      region: "us-east-1",
      credentials: () =>
        Promise.reject(Object.assign(new Error("none"), { name: "CredentialsProviderError" })),
    });
    expect((await failureFrom(emitter.open?.(contextOf(undefined)))).message).toMatch(
      /no credentials were found/,
    );
    // Once it runs, they are an outage.
    const error = await failureFrom(emitter.emit(batchOf([{ id: "a" }]), contextOf(undefined)));
    expect(error.name).toBe("CredentialsProviderError");
  });
});

describe("options", () => {
  it("that cannot work are refused by name", () => {
    const update = () => ({ expression: "SET a = b" });
    for (const options of [
      { table: "" },
      { mode: "upsert" },
      { maxConcurrency: 0 },
      { positionAttribute: " " },
      { isRemoved: true },
      { update: "SET a = b", mode: "update" },
      { update },
      { positionPer: "shard" },
      { positionPer: "stream", mode: "update", update },
      { positionAttribute: "at", mode: "put" },
      { isRemoved: () => true, mode: "delete" },
      { tombstoneExpiry: { attribute: "expires", afterMs: 1 }, mode: "update", update },
      { requestTimeoutMs: 0 },
      { connectionTimeoutMs: -1 },
      { maxSockets: 0.5 },
      { region: "" },
      { endpoint: "localhost:8000" },
    ]) {
      const error = make(options);
      expect(hasCode(error, "KC_OPTION_INVALID")).toBe(true);
      const [name = ""] = Object.keys(options);
      expect(error.message.slice(0, name.length)).toBe(name);
    }
    expect(make({ mode: "update" }).message).toMatch(/^update must be a function/);
    expect(make({ tombstoneExpiry: { attribute: "", afterMs: 1 } }).message).toMatch(/^tombstoneExpiry/);
    expect(make({ tombstoneExpiry: { attribute: "kcPosition", afterMs: 1 } }).message).toMatch(
      /positionAttribute/,
    );
  });

  it("S14 http is refused but to this machine, unless it is allowed outright", () => {
    for (const endpoint of ["http://169.254.169.254", "http://dynamodb.example.com"]) {
      expect(make({ endpoint }).message).toMatch(/^endpoint is http to another machine/);
      expect(
        dynamoDbEmitter({ table: TABLE, region: "us-east-1", endpoint, allowInsecure: true }),
      ).toBeDefined();
    }
    expect(make({ endpoint: "https://user:secret@dynamodb.example.com" }).message).not.toContain("secret");
  });

  it("of a connection are refused beside a client; the client is used and not destroyed", async () => {
    await using local = await startDynamoDb();
    const client = new DynamoDBClient(local.connection);
    expect(make({ client }).message).toMatch(/^region cannot be given beside client/);
    const emitter = dynamoDbEmitter<{ id: string }>({ table: TABLE, client });
    await emitter.emit(batchOf([{ id: "a" }]), contextOf(undefined));
    await emitter.close?.();
    await dynamoDbEmitter<{ id: string }>({ table: TABLE, client }).emit(
      batchOf([{ id: "b" }], 1),
      contextOf(undefined),
    );
    client.destroy();
    expect(Object.keys(await local.column("id")).toSorted()).toEqual(["a", "b"]);
  });
});

it("failures are sorted by code before status, and what never came back may pass", () => {
  const failed = (name: string, httpStatusCode?: number): Error =>
    Object.assign(new Error("message"), { name, $metadata: { httpStatusCode } });
  for (const [name, status, kind] of [
    ["ConditionalCheckFailedException", 400, "superseded"],
    ["ThrottlingException", 400, "throttled"],
    ["SomethingNew", 429, "throttled"],
    ["RequestThrottledException", 400, "throttled"],
    ["RequestTimeoutException", 400, "retry"],
    ["TransactionConflictException", 400, "retry"],
    ["ResourceInUseException", 400, "retry"],
    ["Unknown", 503, "retry"],
    ["ECONNRESET", undefined, "retry"],
    ["SyntaxError", 200, "retry"],
    ["ValidationException", 400, "rejected"],
    ["ItemCollectionSizeLimitExceededException", 400, "rejected"],
    ["SomethingNew", 413, "rejected"],
    ["ExpiredTokenException", 400, "expired"],
    ["AccessDeniedException", 400, "refused"],
    ["SomethingNew", 403, "refused"],
    ["SomethingNew", 400, "refused"],
    // A gateway's page, and nothing but a status: DynamoDB names a code.
    ["SyntaxError", 404, "retry"],
    ["Unknown", 403, "retry"],
  ] as const)
    expect([name, status, failureOf(failed(name, status)).kind]).toEqual([name, status, kind]);
  expect(failureOf("a text").kind).toBe("retry");
});
