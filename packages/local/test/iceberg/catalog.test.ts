import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/index.js";
import { appendOf, callerOf, ORDERS, startIceberg } from "./start-iceberg.js";

describe("namespaces and tables", () => {
  let local: LocalAws;
  let call: ReturnType<typeof callerOf>;
  beforeAll(async () => {
    local = await startIceberg({ warehouse: "s3://lake/tables/", prefix: "catalogs/7", warehouseName: "w" });
    call = callerOf(local);
  });
  afterAll(() => local.close());

  it("tells its prefix, what it knows, and how to read the files", async () => {
    const { body } = await call("GET", "/v1/config?warehouse=w");
    expect(body).toMatchObject({
      overrides: { prefix: "catalogs/7" },
      defaults: { "s3.endpoint": local.endpoints.s3, "s3.path-style-access": "true" },
    });
    expect(body["endpoints"]).toContain("POST /v1/{prefix}/namespaces/{namespace}/tables/{table}");
    const other = await call("GET", "/v1/config?warehouse=x");
    expect(other).toMatchObject({ status: 404, body: { error: { type: "NoSuchWarehouseException" } } });
    expect((await call("GET", "/v1/namespaces")).status).toBe(406);
  });

  it("namespaces of several levels: made, listed by their parent, dropped when empty", async () => {
    const root = "/v1/catalogs/7/namespaces";
    expect((await call("POST", root, { namespace: ["a", "b"] })).status).toBe(404);
    expect((await call("POST", root, { namespace: ["a"], properties: { owner: "x" } })).status).toBe(200);
    expect((await call("POST", root, { namespace: ["a", "b"] })).status).toBe(200);
    expect((await call("POST", root, { namespace: ["a"] })).status).toBe(409);
    expect((await call("POST", root, { namespace: [] })).status).toBe(400);
    expect((await call("GET", root)).body["namespaces"]).toEqual([["a"]]);
    expect((await call("GET", `${root}?parent=a`)).body["namespaces"]).toEqual([["a", "b"]]);
    expect((await call("GET", `${root}?parent=c`)).status).toBe(404);
    expect((await call("GET", `${root}/a`)).body).toEqual({ namespace: ["a"], properties: { owner: "x" } });
    expect((await call("HEAD", `${root}/a%1Fb`)).status).toBe(204);
    expect((await call("DELETE", `${root}/a`)).status).toBe(409);
    expect((await call("DELETE", `${root}/a%1Fb`)).status).toBe(204);
    expect((await call("HEAD", `${root}/a%1Fb`)).status).toBe(404);
  });

  it("a table gets ids of its own, a location below the warehouse, and its first metadata file", async () => {
    local.iceberg.createNamespace("sales");
    const tables = "/v1/catalogs/7/namespaces/sales/tables";
    expect((await call("POST", "/v1/catalogs/7/namespaces/none/tables", ORDERS)).status).toBe(404);
    const created = await call("POST", tables, { ...ORDERS, properties: { "format-version": "2", a: "b" } });
    expect(created.status).toBe(200);
    expect(created.body.metadata).toMatchObject({
      "format-version": 2,
      location: "s3://lake/tables/sales/orders",
      "last-column-id": 5,
      "last-partition-id": 1000,
      "current-snapshot-id": -1,
      properties: { a: "b" },
      // Those of the struct first, then what is inside them.
      schemas: [
        {
          fields: [
            { id: 1, name: "id" },
            { id: 2, name: "lines", type: { "element-id": 4, element: { fields: [{ id: 5 }] } } },
            { id: 3, name: "at" },
          ],
        },
      ],
      "partition-specs": [{ fields: [{ "source-id": 3, "field-id": 1000, transform: "day" }] }],
    });
    expect((await call("POST", tables, ORDERS)).body.error).toMatchObject({ type: "AlreadyExistsException" });
    expect((await call("POST", tables, { ...ORDERS, name: "staged", "stage-create": true })).status).toBe(
      200,
    );
    await call("POST", tables, { ...ORDERS, name: "other" });
    const page = await call("GET", `${tables}?pageSize=1`);
    expect(page.body).toEqual({
      identifiers: [{ namespace: ["sales"], name: "orders" }],
      "next-page-token": "1",
    });
    expect((await call("GET", `${tables}?pageSize=1&pageToken=1`)).body).toEqual({
      identifiers: [{ namespace: ["sales"], name: "other" }],
      "next-page-token": null,
    });
    expect((await call("HEAD", `${tables}/other`)).status).toBe(204);
    expect((await call("DELETE", `${tables}/other?purgeRequested=true`)).status).toBe(406);
    expect((await call("DELETE", `${tables}/other`)).status).toBe(204);
    expect((await call("GET", `${tables}/other`)).body.error).toMatchObject({
      type: "NoSuchTableException",
      code: 404,
    });
    expect((await call("POST", `${tables}/orders/metrics`, {})).status).toBe(204);
  });

  it("a create transaction: nothing is there until its commit, which may not find a table", async () => {
    const tables = "/v1/catalogs/7/namespaces/sales/tables";
    const staged = await call("POST", tables, { ...ORDERS, name: "lines", "stage-create": true });
    const { location, schemas, "partition-specs": specs, "table-uuid": uuid } = staged.body.metadata;
    expect(staged.body).not.toHaveProperty("metadata-location");
    const transaction = {
      requirements: [{ type: "assert-create" }],
      updates: [
        { action: "assign-uuid", uuid },
        { action: "upgrade-format-version", "format-version": 2 },
        { action: "add-schema", schema: (schemas as unknown as unknown[])[0], "last-column-id": 5 },
        { action: "set-current-schema", "schema-id": -1 },
        { action: "add-spec", spec: (specs as unknown as unknown[])[0] },
        { action: "set-default-spec", "spec-id": -1 },
        { action: "add-sort-order", "sort-order": { "order-id": 0, fields: [] } },
        { action: "set-default-sort-order", "sort-order-id": -1 },
        { action: "set-location", location },
      ],
    };
    const incomplete = { ...transaction, updates: transaction.updates.slice(0, 4) };
    expect((await call("POST", `${tables}/lines`, incomplete)).status).toBe(400);
    expect((await call("POST", `${tables}/lines`, transaction)).body.metadata).toMatchObject({
      "table-uuid": uuid,
      "partition-specs": [{ "spec-id": 0, fields: [{ "field-id": 1000 }] }],
    });
    expect((await call("POST", `${tables}/lines`, transaction)).status).toBe(409);
  });

  it("shows only the snapshots that a branch names when asked to, and 304 to who has it already", async () => {
    const table = "/v1/catalogs/7/namespaces/sales/tables/orders";
    for (const at of [1, 2, 3])
      await call("POST", table, {
        requirements: [],
        updates: appendOf(at, at, at === 1 ? undefined : at - 1),
      });
    const all = await call("GET", table);
    const refs = await call("GET", `${table}?snapshots=refs`);
    expect(all.body.metadata["snapshots"]).toHaveLength(3);
    expect(refs.body.metadata["snapshots"]).toMatchObject([{ "snapshot-id": 3 }]);
    const known = { "if-none-match": String(refs.headers.get("etag")) };
    expect(await call("GET", `${table}?snapshots=refs`, undefined, known)).toMatchObject({
      status: 304,
      text: "",
    });
    expect((await call("GET", table, undefined, known)).status).toBe(200);
    expect((await call("GET", `${table}?snapshots=some`)).status).toBe(400);
  });
});

describe("faults", () => {
  let local: LocalAws;
  let call: ReturnType<typeof callerOf>;
  const table = "/v1/namespaces/sales/tables/orders";
  beforeAll(async () => {
    local = await startIceberg();
    call = callerOf(local);
    local.iceberg.createNamespace("sales");
    await call("POST", "/v1/namespaces/sales/tables", ORDERS);
  });
  afterAll(() => local.close());
  const properties = (): unknown => local.iceberg.table("sales", "orders")?.metadata["properties"];
  const set = (name: string) =>
    call("POST", table, {
      requirements: [],
      updates: [{ action: "set-properties", updates: { [name]: "" } }],
    });

  it.each([
    [500, "CommitStateUnknownException"],
    [503, "SlowDownException"],
    [429, "TooManyRequestsException"],
    [419, "AuthenticationTimeoutException"],
    [409, "CommitFailedException"],
  ])("%i %s before the commit leaves the table, after it does not", async (status, code) => {
    const effect = { kind: "error", status, code } as const;
    local.faults.add({ server: "iceberg", operation: "UpdateTable", where: { table: "orders" }, effect });
    expect((await set(`before-${status}`)).body.error).toMatchObject({ type: code, code: status });
    expect(properties()).not.toHaveProperty(`before-${status}`);
    local.faults.add({ operation: "UpdateTable", phase: "after", effect });
    expect((await set(`after-${status}`)).status).toBe(status);
    expect(properties()).toHaveProperty(`after-${status}`);
  });

  it("a lost reply is a commit; a connection that dies before is none", async () => {
    local.faults.add({ operation: "UpdateTable", effect: { kind: "reply-lost" } });
    await expect(set("lost")).rejects.toThrow("fetch failed");
    expect(properties()).toHaveProperty("lost");
    local.faults.add({ operation: "UpdateTable", effect: { kind: "reset", at: "before-headers" } });
    await expect(set("reset")).rejects.toThrow("fetch failed");
    expect(properties()).not.toHaveProperty("reset");
    expect(local.journal.entries({ server: "iceberg", operation: "UpdateTable" }).slice(-2)).toMatchObject([
      { applied: true, status: 0, parameters: { namespace: "sales", table: "orders" } },
      { applied: false, status: 0 },
    ]);
  });

  it("somebody else's commit comes in between: on a table without a snapshot, and upon one", async () => {
    const current = (): unknown => local.iceberg.table("sales", "orders")?.metadata["snapshots"];
    const commit = (id: number, sequence: number, parent: number | null) =>
      call("POST", table, {
        requirements: [{ type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": parent }],
        updates: appendOf(id, sequence, parent ?? undefined),
      });
    local.faults.add({ operation: "UpdateTable", effect: { kind: "foreign-commit" } });
    expect((await commit(1, 1, null)).status).toBe(409);
    const [first] = current() as [{ summary: unknown; "manifest-list": string; "snapshot-id": number }];
    expect(first.summary).toEqual({ operation: "replace" });
    expect(first["snapshot-id"]).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
    const file = [...local.s3.objects("warehouse")].find(({ key }) => first["manifest-list"].endsWith(key));
    expect(file?.body.subarray(0, 4).toString("latin1")).toBe("Obj\u0001");
    local.faults.add({ operation: "UpdateTable", phase: "after", effect: { kind: "foreign-commit" } });
    const answer = await call("POST", table, { requirements: [], updates: appendOf(2, 2) });
    expect(answer.body.metadata["current-snapshot-id"]).toBe(2);
    expect(current()).toMatchObject([
      {},
      { "snapshot-id": 2 },
      { "parent-snapshot-id": 2, "sequence-number": 3 },
    ]);
    expect((await commit(3, 3, 2)).status).toBe(409);
  });
});

test("the catalog runs only when it is asked for, and only beside the S3 that keeps its files", async () => {
  await using without = await startLocalAws({ kinesis: false, dynamodb: false, opensearch: false });
  expect(() => without.endpoints.iceberg).toThrow("start with `iceberg: {}`");
  await expect(startIceberg({}, { s3: false })).rejects.toMatchObject({ code: "KC_LOCAL_BAD_OPTION" });
  await using local = await startIceberg();
  expect(local.env["ICEBERG_REST_URI"]).toBe(local.endpoints.iceberg);
  const port = Number(new URL(local.endpoints.iceberg).port);
  await expect(startIceberg({ port })).rejects.toThrow("`iceberg.port`");
});
