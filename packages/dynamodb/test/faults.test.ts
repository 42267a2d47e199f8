import {
  batchOfEntries,
  contextOf,
  deliverStubbornly,
  failureFrom,
  keepingLogger,
} from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { hasCode, sleep, systemClock } from "@kinesis-connectors/core";
import { dynamoDbEmitter } from "@kinesis-connectors/dynamodb";
import { CREDENTIALS, startAnswering } from "./answering.js";
import { type Order, startDynamoDb } from "./local-dynamodb.js";
import { batchOf, entryOf } from "./support.js";

const throttled = {
  kind: "error",
  status: 400,
  code: "ProvisionedThroughputExceededException",
} as const;

const orders = (count: number): Order[] =>
  Array.from({ length: count }, (_, index) => ({ id: `order-${index}`, customer: "c", total: index }));

const totals = (items: readonly Order[]): Record<string, string> =>
  Object.fromEntries(items.map(({ id, total }) => [id, String(total)]));

describe("F57 partial failure", () => {
  it("F57 one of 25 items unprocessed: only that one goes again", async () => {
    await using local = await startDynamoDb();
    local.fault({ kind: "partial-failure", indexes: [7] });
    const { failed } = await local.emitter({ mode: "put" }).emit(batchOf(orders(25)), contextOf(undefined));
    expect(failed).toEqual([]);
    const counts = local.aws.journal
      .entries({ operation: "BatchWriteItem" })
      .map(({ parameters }) => parameters["count"]);
    expect(counts).toEqual([25, 1]);
    expect(await local.column("total")).toEqual(totals(orders(25)));
  });
});

describe("a batch's answer that does not fit its request", () => {
  const items = (...ids: readonly string[]): object[] =>
    ids.map((id) => ({ PutRequest: { Item: { id: { S: id } } } }));
  const stranger = { UnprocessedItems: { orders: items("order-1", "nobody") } };

  it.each([
    ["an unprocessed item that was not in it", stranger],
    ["only such items", { UnprocessedItems: { orders: items("nobody") } }],
    ["an unprocessed item without a key", { UnprocessedItems: { orders: [{ PutRequest: { Item: {} } }] } }],
    ["no word of what was left out", {}],
  ])("is not believed: with %s, all of it goes again", async (_name, strange) => {
    const batches: number[] = [];
    await using server = await startAnswering(({ headers, body }) => {
      if (String(headers["x-amz-target"]).endsWith("DescribeTable")) {
        const KeySchema = [{ AttributeName: "id", KeyType: "HASH" }];
        const AttributeDefinitions = [{ AttributeName: "id", AttributeType: "S" }];
        return {
          body: JSON.stringify({ Table: { TableStatus: "ACTIVE", KeySchema, AttributeDefinitions } }),
        };
      }
      const { RequestItems: sent } = JSON.parse(body.toString()) as { RequestItems: { orders: unknown[] } };
      batches.push(sent.orders.length);
      return { body: JSON.stringify(batches.length === 1 ? strange : { UnprocessedItems: {} }) };
    });
    const emitter = dynamoDbEmitter<Order>({
      table: "orders",
      mode: "put",
      endpoint: server.endpoint,
      region: "eu-central-1",
      credentials: CREDENTIALS,
    });
    expect(await emitter.emit(batchOf(orders(10)), contextOf(undefined))).toEqual({ failed: [] });
    expect(batches).toEqual([10, 10]);
    await emitter.close?.();
  });
});

describe("F58 limits", () => {
  it("F58 an item that no request could hold is a dead letter before anything is sent, the rest is split", async () => {
    await using local = await startDynamoDb();
    const large = { id: "large", text: "x".repeat(400 * 1024) };
    const batch = batchOf([...orders(30), large, { id: "last", total: 1 }]);
    const { failed } = await local.emitter({ mode: "put" }).emit(batch, contextOf(undefined));
    expect(failed.map(({ entry, action }) => [entry, action])).toEqual([[batch.entries[30], "dead-letter"]]);
    expect(failed[0]?.error.message).toMatch(/409605 bytes.*409600|bytes with its names/);
    expect(local.calls("BatchWriteItem")).toHaveLength(2);
    expect(Object.keys(await local.column("total"))).toHaveLength(31);
  });
});

describe("F59 one item refused", () => {
  it.each(["guarded", "put"])("F59 mode %s: what was delivered beside it is not sent again", async (mode) => {
    await using local = await startDynamoDb();
    const batch = batchOf([...orders(3), { id: "bad", customer: 7 }, ...orders(6).slice(3)]);
    const { failed } = await local.emitter({ mode }).emit(batch, contextOf(undefined));
    expect(failed.map(({ entry, action }) => [entry, action])).toEqual([[batch.entries[3], "dead-letter"]]);
    expect(hasCode(failed[0]?.error, "KC_RECORD_POISON")).toBe(true);
    expect(await local.column("total")).toEqual(totals(orders(6)));
    const applied = local.aws.journal.entries().filter((entry) => entry.applied);
    const sent = applied.reduce((sum, { parameters }) => sum + Number(parameters["count"] ?? 1), 0);
    // The journal also counts the table's creation.
    expect(sent - 1).toBe(6);
  });
});

describe("F60 BatchWriteItem", () => {
  it("F60 all or some unprocessed: they are retried before any later write of the same key", async () => {
    await using local = await startDynamoDb();
    local.fault({ kind: "partial-failure" });
    local.fault({ kind: "partial-failure", indexes: [0, 2] }, { nth: 2 });
    const emitter = local.emitter({ mode: "put" });
    const first = [
      { id: "a", total: 1 },
      { id: "b", total: 1 },
      { id: "c", total: 1 },
    ];
    expect((await emitter.emit(batchOf(first), contextOf(undefined))).failed).toEqual([]);
    expect(await local.column("total")).toEqual({ a: "1", b: "1", c: "1" });
    expect((await emitter.emit(batchOf([{ id: "a", total: 2 }], 3), contextOf(undefined))).failed).toEqual(
      [],
    );
    expect(await local.column("total")).toEqual({ a: "2", b: "1", c: "1" });
  });

  it("F60 the same key twice: the last in stream order wins, by the table's real key", async () => {
    await using local = await startDynamoDb({ name: "line", type: "N" });
    const batch = batchOf([
      { id: "a", line: 1, total: 1 },
      { id: "a", line: 2, total: 2 },
      { id: "a", line: 1n, total: 3 },
    ]);
    expect((await local.emitter({ mode: "put" }).emit(batch, contextOf(undefined))).failed).toEqual([]);
    expect(await local.column("total")).toEqual({ "a/1": "3", "a/2": "2" });
    expect(local.calls("BatchWriteItem")).toEqual(["BatchWriteItem 200"]);
  });

  it.each(["guarded", "put"])(
    "F60 mode %s: when the last version is refused, the one before it stays, as if the refused one had never been",
    async (mode) => {
      await using local = await startDynamoDb();
      const batch = batchOf<Order>([
        { id: "a", customer: "c", total: 1 },
        { id: "a", customer: "c", total: 2 },
        { id: "a", customer: 7, total: 3 },
        { id: "a", text: "x".repeat(500_000) },
      ]);
      const { failed } = await local.emitter({ mode }).emit(batch, contextOf(undefined));
      expect(failed.map(({ entry }) => batch.entries.indexOf(entry))).toEqual([2, 3]);
      expect(await local.column("total")).toEqual({ a: "2" });
    },
  );

  it.each(["guarded", "put"])(
    "F60 mode %s: an item that no table could hold is a dead letter, also where a later version of its key stands for it",
    async (mode) => {
      await using local = await startDynamoDb();
      const batch = batchOf<Order>([
        { id: "a", total: 1 },
        { id: "a", total: Number.NaN },
        { id: "a", text: "x".repeat(500_000) },
        { id: "a", total: 2 },
      ]);
      const { failed } = await local.emitter({ mode }).emit(batch, contextOf(undefined));
      expect(failed.map(({ entry, action }) => [batch.entries.indexOf(entry), action])).toEqual([
        [1, "dead-letter"],
        [2, "dead-letter"],
      ]);
      expect(await local.column("total")).toEqual({ a: "2" });
    },
  );

  it("F60 ValidationException: the items at fault are isolated by halving, wherever they stand", async () => {
    await using local = await startDynamoDb();
    const bad = [0, 11, 12, 24, 40];
    const items = orders(50).map<Order>(({ id, total }, index) => ({
      id,
      total,
      customer: bad.includes(index) ? 7 : "c",
    }));
    const batch = batchOf(items);
    const { failed } = await local.emitter({ mode: "put" }).emit(batch, contextOf(undefined));
    expect(failed.map(({ entry }) => batch.entries.indexOf(entry))).toEqual(bad);
    expect(await local.column("total")).toEqual(
      totals(orders(50).filter((_, index) => !bad.includes(index))),
    );
  });

  it("F60 items without their key, with a key of another type or an empty one are dead letters by name", async () => {
    await using local = await startDynamoDb();
    const batch = batchOf<Order>([
      { customer: "c" } as unknown as Order,
      { id: 7 } as unknown as Order,
      { id: "" },
      { id: "x".repeat(2049) },
      { id: "x".repeat(2048), total: 1 },
    ]);
    const { failed } = await local.emitter().emit(batch, contextOf(undefined));
    expect(failed.map(({ error }) => error.message.replace(/^.*attribute /, ""))).toEqual([
      "id is missing",
      "id is not of the type S",
      "id is empty",
      "id has 2049 bytes, more than 2048",
    ]);
    expect(local.calls("PutItem")).toEqual(["PutItem 200"]);
  });
});

describe("F61 a hot key", () => {
  it.each(["guarded", "update"])(
    "F61 mode %s: one throttled key stops no other, and is written when it cools down",
    async (mode) => {
      await using local = await startDynamoDb();
      const hot = local.fault(throttled, { where: { key: "order-3" }, times: "always" });
      const update = ({ total }: Order) => ({
        expression: "SET #total = :total",
        names: { "#total": "total" },
        values: { ":total": total },
      });
      const emitter = local.emitter(mode === "update" ? { mode, update } : { mode });
      const batch = batchOf(orders(100));
      const error = await failureFrom(emitter.emit(batch, contextOf(undefined)));
      expect(error.name).toBe("ProvisionedThroughputExceededException");
      const others = orders(100).filter(({ id }) => id !== "order-3");
      expect(await local.column("total")).toEqual(totals(others));

      local.aws.faults.remove(hot);
      const before = local.aws.journal.last();
      expect((await emitter.emit(batch, contextOf(undefined, { attempt: 2 }))).failed).toEqual([]);
      expect(await local.column("total")).toEqual(totals(orders(100)));
      // Only what was missing was sent.
      const sent = local.aws.journal
        .entries({ after: before })
        .filter(({ operation }) => operation !== "Scan");
      expect(sent.map(({ parameters }) => parameters["key"])).toEqual(["order-3"]);
    },
  );

  it("F61 no later write of a throttled key overtakes it", async () => {
    await using local = await startDynamoDb();
    local.fault(throttled, { where: { key: "a" }, times: 3 });
    const update = ({ total }: Order) => ({
      expression: "SET history = list_append(if_not_exists(history, :none), :one)",
      values: { ":none": [], ":one": [total] },
    });
    const batch = batchOf([1, 2, 3, 4].map((total) => ({ id: "a", total })));
    expect(
      (await local.emitter({ mode: "update", update }).emit(batch, contextOf(undefined))).failed,
    ).toEqual([]);
    const item = (await local.items()).get("a");
    expect(item?.["history"]?.L?.map(({ N }) => N)).toEqual(["1", "2", "3", "4"]);
  });
});

describe("throttling and outages", () => {
  it("F02 a table without capacity for long is waited for: nothing becomes a dead letter", async () => {
    await using local = await startDynamoDb();
    local.fault(throttled, { times: 60 });
    const { result, attempts } = await deliverStubbornly(local.emitter(), batchOf(orders(10)), 20);
    expect(result.failed).toEqual([]);
    expect(attempts).toBeGreaterThan(1);
    expect(await local.column("total")).toEqual(totals(orders(10)));
  });

  it("F04 replies lost at random, over many batches: each update was applied once", async () => {
    await using local = await startDynamoDb();
    local.fault({ kind: "reply-lost" }, { probability: 0.2, times: "always" });
    local.fault(throttled, { probability: 0.1, times: "always" });
    const update = () => ({ expression: "ADD pieces :one", values: { ":one": 1 } });
    const emitter = local.emitter({ mode: "update", update, maxConcurrency: 3 });
    for (let round = 0; round < 5; round += 1) {
      const batch = batchOf(
        Array.from({ length: 20 }, (_, index) => ({ id: `order-${index % 4}` })),
        round * 20,
      );
      expect((await deliverStubbornly(emitter, batch, 50)).result.failed).toEqual([]);
    }
    expect(await local.column("pieces")).toEqual({
      "order-0": "25",
      "order-1": "25",
      "order-2": "25",
      "order-3": "25",
    });
  });

  it("F40 expired credentials are fetched anew once, and then waited for: whoever provides them may be away", async () => {
    await using local = await startDynamoDb();
    let fetched = 0;
    const credentials = () => {
      fetched += 1;
      return Promise.resolve({
        accessKeyId: "a",
        secretAccessKey: "b",
        expiration: new Date(Date.UTC(2100, 0, 1)),
      });
    };
    const expired = { kind: "error", status: 400, code: "ExpiredTokenException" } as const;
    const emitter = local.emitter({ credentials });
    local.fault(expired, { times: 1 });
    expect((await emitter.emit(batchOf(orders(1)), contextOf(undefined))).failed).toEqual([]);
    expect(fetched).toBe(2);
    local.fault(expired, { times: "always" });
    const error = await failureFrom(emitter.emit(batchOf(orders(1), 1), contextOf(undefined)));
    expect(error.name).toBe("ExpiredTokenException");
    expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(false);
  });

  it("an expired session that the caller gave as an object stops: nothing fetches another one", async () => {
    await using local = await startDynamoDb();
    local.fault({ kind: "error", status: 400, code: "ExpiredTokenException" }, { times: "always" });
    const error = await failureFrom(local.emitter().emit(batchOf(orders(1)), contextOf(undefined)));
    expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
    expect(error.message).toMatch(/renew/);
  });

  it("no credentials for a while are an outage: the emission rejects to be tried again, and goes on once they are back", async () => {
    await using local = await startDynamoDb();
    let away = 0;
    // Over at once, so that each request asks again.
    const credentials = () =>
      away-- > 0
        ? Promise.reject(Object.assign(new Error("metadata service"), { name: "CredentialsProviderError" }))
        : Promise.resolve({
            accessKeyId: "a",
            secretAccessKey: "b",
            expiration: new Date(systemClock.now()),
          });
    const emitter = local.emitter({ credentials });
    expect((await emitter.emit(batchOf(orders(1)), contextOf(undefined))).failed).toEqual([]);
    away = 30;
    const { attempts, result } = await deliverStubbornly(emitter, batchOf(orders(3), 1), 40);
    expect(attempts).toBeGreaterThan(1);
    expect(result.failed).toEqual([]);
    expect(Object.keys(await local.column("total"))).toHaveLength(3);
  });

  it("missing rights, wrong credentials and a table that is gone stop with the cure", async () => {
    await using local = await startDynamoDb();
    for (const [code, cure] of [
      ["AccessDeniedException", /dynamodb:PutItem/],
      ["UnrecognizedClientException", /credentials/],
      ["ResourceNotFoundException", /create the table/],
    ] as const) {
      const id = local.fault({ kind: "error", status: 400, code }, { times: "always" });
      const error = await failureFrom(local.emitter().emit(batchOf(orders(1)), contextOf(undefined)));
      expect(hasCode(error, "KC_EMIT_REFUSED")).toBe(true);
      expect(error.message).toContain(code);
      expect(error.message).toMatch(cure);
      local.aws.faults.remove(id);
    }
    expect(await local.column("total")).toEqual({});
  });

  it("an abort in the middle of a pause or of a request ends the batch with the abort's reason", async () => {
    await using local = await startDynamoDb();
    local.fault(throttled, { times: "always" });
    const stopping = new AbortController();
    const emission = local
      .emitter()
      .emit(batchOf(orders(40)), contextOf(undefined, { signal: stopping.signal }));
    const failure = failureFrom(emission);
    while (local.calls("PutItem").length === 0) await sleep(systemClock, 1);
    stopping.abort(new Error("lease lost"));
    expect((await failure).message).toBe("lease lost");
  });
});

describe("what is said about a record", () => {
  it("S08 neither errors nor log lines hold its data", async () => {
    await using local = await startDynamoDb();
    const logger = keepingLogger();
    local.fault(throttled, { times: 2 });
    const canary = "canary-value";
    const entries = [
      entryOf<Order>(0, { id: "a", customer: 7, secret: canary }),
      entryOf<Order>(1, { id: "b", secret: new Set([canary, 1]) }),
      entryOf<Order>(2, { id: "c", kcPosition: canary }),
      entryOf<Order>(3, { id: "d", secret: canary }),
    ];
    const { failed } = await local.emitter().emit(batchOfEntries(entries), contextOf(undefined, { logger }));
    expect(failed).toHaveLength(3);
    const texts = failed.flatMap(({ error }) => [error.message, error.stack, String(error.cause)]);
    expect(JSON.stringify([texts, logger.lines])).not.toContain(canary);
    expect(logger.lines.length).toBeGreaterThan(0);
  });
});
