import { KinesisConnectorError } from "@kinesis-connectors/core";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import {
  type Catalog,
  restCatalog,
  type RestCatalogOptions,
  type Snapshot,
  type SnapshotId,
} from "@kinesis-connectors/iceberg";
import type { LocalAws } from "@kinesis-connectors/local";
import { failureFrom, startLoopbackProxy } from "@kinesis-connectors/testkit";
import {
  CONTEXT,
  type LocalCatalog,
  ORDERS,
  propertiesOf,
  propertyCommit,
  SCHEMA,
  startCatalog,
} from "./local-catalog.js";

function appendTo(parent: SnapshotId | null, id: SnapshotId, sequenceNumber: number) {
  const snapshot: Snapshot = {
    "snapshot-id": id,
    ...(parent === null ? {} : { "parent-snapshot-id": parent }),
    "sequence-number": sequenceNumber,
    "timestamp-ms": 1_767_225_600_000 + sequenceNumber,
    "manifest-list": `s3://warehouse/sales/orders/metadata/snap-${sequenceNumber}.avro`,
    summary: { operation: "append" },
  };
  return {
    requirements: [{ type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": parent }],
    updates: [
      { action: "add-snapshot", snapshot },
      { action: "set-snapshot-ref", "ref-name": "main", type: "branch", "snapshot-id": id },
      { action: "set-properties", updates: { "kc.position": String(sequenceNumber) } },
    ],
  } as const;
}

describe("a table of a REST catalog", () => {
  let setup: LocalCatalog;
  let catalog: Catalog;
  let local: LocalAws;
  beforeAll(async () => {
    setup = await startCatalog();
    ({ catalog, local } = setup);
  });
  afterAll(() => setup[Symbol.asyncDispose]());

  it("is not there, is created once, and is loaded", async () => {
    expect(await catalog.loadTable(ORDERS, CONTEXT)).toBeUndefined();
    const created = await catalog.createTable(
      ORDERS,
      {
        schema: SCHEMA,
        partitionSpec: { fields: [{ "source-id": 1, name: "id_bucket", transform: "bucket[4]" }] },
        properties: { owner: "us" },
      },
      CONTEXT,
    );
    expect(created?.metadata).toMatchObject({ "format-version": 2, properties: { owner: "us" } });
    expect(await catalog.createTable(ORDERS, { schema: SCHEMA }, CONTEXT)).toBeUndefined();
    expect(await catalog.loadTable(ORDERS, CONTEXT)).toEqual({
      ...created,
      config: expect.objectContaining({ "s3.path-style-access": "true" }),
    });
    expect(await catalog.commitTable({ ...ORDERS, name: "other" }, propertyCommit("x"), CONTEXT)).toEqual({
      type: "missing",
    });
  });

  it("takes a commit as a whole, or answers that a requirement did not hold", async () => {
    const applied = await catalog.commitTable(ORDERS, appendTo(null, 11, 1), CONTEXT);
    expect(applied).toMatchObject({
      type: "applied",
      table: { metadata: { "current-snapshot-id": 11, properties: { "kc.position": "1" } } },
    });
    expect(await catalog.commitTable(ORDERS, appendTo(null, 12, 2), CONTEXT)).toEqual({ type: "conflict" });
    expect(propertiesOf(local)).toMatchObject({ "kc.position": "1" });
  });

  it("keeps ids of others that fill 63 bits to the last digit, both ways", async () => {
    local.faults.add({ operation: "UpdateTable", phase: "after", effect: { kind: "foreign-commit" } });
    await catalog.commitTable(ORDERS, propertyCommit("then-somebody-else"), CONTEXT);
    const loaded = await catalog.loadTable(ORDERS, CONTEXT);
    const id = loaded?.metadata["current-snapshot-id"] ?? null;
    expect(typeof id).toBe("bigint");
    expect(loaded?.metadata.refs?.["main"]?.["snapshot-id"]).toBe(id);
    expect(await catalog.commitTable(ORDERS, appendTo(BigInt(String(id)) - 1n, 13, 3), CONTEXT)).toEqual({
      type: "conflict",
    });
    expect(await catalog.commitTable(ORDERS, appendTo(id, 13, 3), CONTEXT)).toMatchObject({
      type: "applied",
    });
  });

  it("is loaded with the snapshots that branches name, and with no others", async () => {
    const { metadata } = (await catalog.loadTable(ORDERS, CONTEXT)) ?? {};
    expect(metadata?.snapshots?.map((one) => one["snapshot-id"])).toEqual([13]);
    expect(local.iceberg.table("sales", "orders")?.metadata["snapshots"]).toHaveLength(3);
  });

  it("asks the catalog for its configuration once", () => {
    expect(local.journal.entries({ server: "iceberg", operation: "GetConfig" })).toHaveLength(1);
  });
});

describe("what answers mean", () => {
  let setup: LocalCatalog;
  let catalog: Catalog;
  let local: LocalAws;
  beforeAll(async () => {
    setup = await startCatalog();
    ({ catalog, local } = setup);
    await catalog.createTable(ORDERS, { schema: SCHEMA }, CONTEXT);
  });
  afterAll(() => setup[Symbol.asyncDispose]());

  const outcomeOf = async (request: Promise<unknown>): Promise<string> => {
    try {
      const answer = await request;
      return (answer as { readonly type?: string } | undefined)?.type ?? "answered";
    } catch (error) {
      return KinesisConnectorError.isInstance(error) ? error.code : `outage ${(error as Error).name}`;
    }
  };

  it.each([
    [400, "BadRequestException", "KC_EMIT_REFUSED", "KC_EMIT_REFUSED"],
    [401, "NotAuthorizedException", "KC_EMIT_REFUSED", "KC_EMIT_REFUSED"],
    [403, "ForbiddenException", "KC_EMIT_REFUSED", "KC_EMIT_REFUSED"],
    [404, "NoSuchTableException", "missing", "answered"],
    [404, "NoSuchNamespaceException", "KC_EMIT_REFUSED", "KC_EMIT_REFUSED"],
    [404, "SomethingElse", "KC_EMIT_REFUSED", "KC_EMIT_REFUSED"],
    [406, "UnsupportedOperationException", "KC_EMIT_REFUSED", "KC_EMIT_REFUSED"],
    [409, "CommitFailedException", "conflict", "outage CatalogUnavailable"],
    [419, "AuthenticationTimeoutException", "outage CatalogUnavailable", "outage CatalogUnavailable"],
    [429, "TooManyRequestsException", "outage CatalogUnavailable", "outage CatalogUnavailable"],
    [400, "ThrottlingException", "outage CatalogUnavailable", "outage CatalogUnavailable"],
    [500, "CommitStateUnknownException", "unknown", "outage CatalogUnavailable"],
    [502, "InternalServerError", "unknown", "outage CatalogUnavailable"],
    [503, "SlowDownException", "unknown", "outage CatalogUnavailable"],
    [504, "CommitStateUnknownException", "unknown", "outage CatalogUnavailable"],
    [301, "Moved", "KC_EMIT_REFUSED", "KC_EMIT_REFUSED"],
  ])("%i %s: a commit %s, a load %s", async (status, code, ofCommit, ofLoad) => {
    const effect = { kind: "error", status, code } as const;
    local.faults.add({ operation: ["UpdateTable", "LoadTable"], times: 2, effect });
    expect(await outcomeOf(catalog.commitTable(ORDERS, propertyCommit("never"), CONTEXT))).toBe(ofCommit);
    expect(await outcomeOf(catalog.loadTable(ORDERS, CONTEXT))).toBe(ofLoad);
    expect(propertiesOf(local)).not.toHaveProperty("never");
  });

  it.each([
    ["lost", { kind: "reply-lost" }, true],
    ["cut", { kind: "reset", at: "inside-body" }, true],
    ["truncated", { kind: "truncated-body" }, true],
    ["before", { kind: "reset", at: "before-headers" }, false],
  ] as const)(
    "a commit whose answer is %s is unknown: it may be in the table (%s)",
    async (name, effect, isIn) => {
      local.faults.add({ operation: "UpdateTable", phase: isIn ? "after" : "before", effect });
      const answer = await catalog.commitTable(ORDERS, propertyCommit(name), CONTEXT);
      expect(answer).toMatchObject({ type: "unknown" });
      expect(Object.hasOwn(propertiesOf(local) as object, name)).toBe(isIn);
    },
  );

  it("a commit that comes late, after it was given up, is unknown and lands all the same", async () => {
    const hasty = restCatalog({ uri: local.endpoints.iceberg, requestTimeoutMs: 300 });
    // It has its connection: on a busy machine that may take longer than it waits.
    await expect.poll(() => hasty.loadTable(ORDERS, CONTEXT).catch(() => undefined)).toBeDefined();
    local.faults.add({ operation: "UpdateTable", effect: { kind: "delay", delayMs: 600 } });
    const answer = await hasty.commitTable(ORDERS, propertyCommit("late"), CONTEXT);
    expect(answer).toMatchObject({
      type: "unknown",
      error: { message: expect.stringContaining("TimeoutError") },
    });
    await expect.poll(() => propertiesOf(local)).toHaveProperty("late");
    hasty.close?.();
  });

  it("an aborted request settles at once, with the reason of who aborted where nothing can have come of it", async () => {
    const reason = new Error("stop");
    local.faults.add({
      operation: ["LoadTable", "UpdateTable"],
      times: 2,
      effect: { kind: "delay", delayMs: 60_000 },
    });
    const load = new AbortController();
    const loading = catalog.loadTable(ORDERS, { ...CONTEXT, signal: load.signal });
    const commit = new AbortController();
    const committing = catalog.commitTable(ORDERS, propertyCommit("stopped"), {
      ...CONTEXT,
      signal: commit.signal,
    });
    await expect.poll(() => local.faults.list().at(-1)).toMatchObject({ fired: 2 });
    load.abort(reason);
    commit.abort(reason);
    await expect(loading).rejects.toBe(reason);
    expect(await committing).toMatchObject({ type: "unknown" });
    await expect(
      catalog.commitTable(ORDERS, propertyCommit("stopped"), { ...CONTEXT, signal: commit.signal }),
    ).rejects.toBe(reason);
  });

  it("a catalog that nobody reaches did nothing: the commit rejects, and is no unknown one", async () => {
    const away = await startCatalog();
    await away.catalog.loadTable(ORDERS, CONTEXT);
    await away.local.close();
    const error = await failureFrom(away.catalog.commitTable(ORDERS, propertyCommit("x"), CONTEXT));
    expect(error).toMatchObject({
      name: "CatalogUnavailable",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("the message names the table, the cure and the catalog's own words for what it does not take, on one line", async () => {
    local.faults.add({
      operation: "UpdateTable",
      effect: { kind: "error", status: 400, code: "ValidationException", message: "no\nsuch\u0007 thing" },
    });
    const error = await failureFrom(catalog.commitTable(ORDERS, propertyCommit("x"), CONTEXT));
    expect(error.message).toMatch(
      /^the Iceberg catalog at 127\.0\.0\.1:\d+ refused to commit to sales\.orders \(HTTP 400 ValidationException\): the catalog does not take the request as it is \(no such thing\)$/,
    );
  });
});

describe("where the catalog is", () => {
  it("goes by the prefix and the separator that the catalog tells, and asks for the warehouse", async () => {
    await using setup = await startCatalog(
      { warehouse: "arn:aws:s3tables:eu-central-1:000000000000:bucket/b" },
      {
        prefix: "arn%3Aaws%3As3tables%3Aeu-central-1%3A000000000000%3Abucket%2Fb",
        warehouseName: "arn:aws:s3tables:eu-central-1:000000000000:bucket/b",
      },
    );
    const { catalog, local } = setup;
    const table = { namespace: ["a b", "c/d", "é"], name: "t (1)" };
    local.iceberg.createNamespace(...table.namespace);
    await catalog.createTable(table, { schema: SCHEMA }, CONTEXT);
    expect(local.iceberg.table(table.namespace, table.name)).toBeDefined();
    expect(await catalog.loadTable(table, CONTEXT)).toBeDefined();
  });

  it("a warehouse that the catalog does not know is refused, naming the option", async () => {
    await using setup = await startCatalog({ warehouse: "x" }, { warehouseName: "w" });
    const error = await failureFrom(setup.catalog.loadTable(ORDERS, CONTEXT));
    expect(error).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("correct `warehouse`"),
    });
  });

  it("what is no catalog is refused, naming the option", async () => {
    await using setup = await startCatalog();
    const s3 = restCatalog({ uri: setup.local.endpoints.s3 });
    const error = await failureFrom(s3.loadTable(ORDERS, CONTEXT));
    expect(error).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("correct `uri`"),
    });
    s3.close?.();
  });

  it("the configuration is asked for again when it was not given", async () => {
    await using setup = await startCatalog();
    setup.local.faults.add({
      operation: "GetConfig",
      effect: { kind: "error", status: 503, code: "SlowDownException" },
    });
    await expect(setup.catalog.loadTable(ORDERS, CONTEXT)).rejects.toMatchObject({
      name: "CatalogUnavailable",
    });
    expect(await setup.catalog.loadTable(ORDERS, CONTEXT)).toBeUndefined();
  });

  it("reaches the catalog through a proxy; one that wants credentials is named, and they are not", async () => {
    await using proxy = await startLoopbackProxy({ credentials: "user:RIGHT" });
    await using setup = await startCatalog({ proxy: `http://user:RIGHT@127.0.0.1:${proxy.port}` });
    expect(await setup.catalog.loadTable(ORDERS, CONTEXT)).toBeUndefined();
    expect(proxy.asked).toEqual([new URL(setup.local.endpoints.iceberg).host]);
    const wrong = restCatalog({
      uri: setup.local.endpoints.iceberg,
      proxy: `http://user:CANARY@127.0.0.1:${proxy.port}`,
    });
    const error = await failureFrom(wrong.commitTable(ORDERS, propertyCommit("x"), CONTEXT));
    expect(error).toMatchObject({ code: "KC_EMIT_REFUSED", message: expect.stringContaining("(407)") });
    expect(error.message).not.toContain("CANARY");
  });
});

test.each<[string, Partial<Record<keyof RestCatalogOptions | "urii", unknown>>]>([
  ["uri is missing", {}],
  ["uri must be a URL", { uri: "polaris" }],
  ["uri must not hold credentials", { uri: "https://me:secret@example.com" }],
  ["uri must not hold a query", { uri: "https://example.com/?a=b" }],
  ["uri is http to another machine", { uri: "http://example.com" }],
  ["did you mean uri?", { uri: "https://example.com", urii: "" }],
  ["warehouse must be a text", { uri: "https://example.com", warehouse: "" }],
  ["auth takes what", { uri: "https://example.com", auth: { token: "x" } }],
  ["requestTimeoutMs must be", { uri: "https://example.com", requestTimeoutMs: 0 }],
  ["proxy must be the URL", { uri: "https://example.com", proxy: "ftp://x" }],
])("an option that cannot work is named: %s", (message, options) => {
  expect(() => restCatalog(options as unknown as RestCatalogOptions)).toThrow(message);
});
