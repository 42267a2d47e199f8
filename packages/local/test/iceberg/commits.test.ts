import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalAws } from "../../src/index.js";
import { type Answer, appendOf, callerOf, ORDERS, startIceberg } from "./start-iceberg.js";

const TABLE = "/v1/namespaces/sales/tables/orders";
let local: LocalAws;
let call: ReturnType<typeof callerOf>;
beforeAll(async () => {
  local = await startIceberg();
  call = callerOf(local);
  local.iceberg.createNamespace("sales");
});
afterAll(() => local.close());

async function fresh(): Promise<Answer> {
  await call("DELETE", TABLE);
  return call("POST", "/v1/namespaces/sales/tables", ORDERS);
}
const commit = (requirements: unknown, updates: unknown): Promise<Answer> =>
  call("POST", TABLE, { requirements, updates });

describe("requirements, each as the REST specification words it", () => {
  const uuid = (answer: Answer): string => String(answer.body.metadata["table-uuid"]);
  it.each([
    ["assert-create", {}, false],
    ["assert-table-uuid", { uuid: "00000000-0000-4000-8000-000000000000" }, false],
    ["assert-ref-snapshot-id", { ref: "main", "snapshot-id": 1 }, false],
    ["assert-ref-snapshot-id", { ref: "main", "snapshot-id": null }, true],
    ["assert-ref-snapshot-id", { ref: "other", "snapshot-id": 5 }, false],
    ["assert-last-assigned-field-id", { "last-assigned-field-id": 5 }, true],
    ["assert-last-assigned-field-id", { "last-assigned-field-id": 4 }, false],
    ["assert-current-schema-id", { "current-schema-id": 0 }, true],
    ["assert-current-schema-id", { "current-schema-id": 1 }, false],
    ["assert-last-assigned-partition-id", { "last-assigned-partition-id": 1000 }, true],
    ["assert-last-assigned-partition-id", { "last-assigned-partition-id": 999 }, false],
    ["assert-default-spec-id", { "default-spec-id": 0 }, true],
    ["assert-default-spec-id", { "default-spec-id": 3 }, false],
    ["assert-default-sort-order-id", { "default-sort-order-id": 0 }, true],
    ["assert-default-sort-order-id", { "default-sort-order-id": 1 }, false],
  ])("%s %j holds: %s", async (type, fields, holds) => {
    const created = await fresh();
    const answer = await commit(
      [
        { type: "assert-table-uuid", uuid: uuid(created).toUpperCase() },
        { type, ...fields },
      ],
      [{ action: "set-properties", updates: { touched: "yes" } }],
    );
    const { properties } = local.iceberg.table("sales", "orders")?.metadata ?? {};
    const touched = Object.hasOwn(properties as object, "touched");
    expect([answer.status, answer.body.error?.type, touched]).toEqual(
      holds ? [200, undefined, true] : [409, "CommitFailedException", false],
    );
  });

  it("refuses what it does not know with 400, before anything is applied", async () => {
    await fresh();
    const set = { action: "set-properties", updates: { touched: "yes" } };
    const unknown = await commit([], [set, { action: "set-weather" }]);
    expect(unknown).toMatchObject({ status: 400, body: { error: { type: "BadRequestException" } } });
    expect((await commit([{ type: "assert-weather" }], [set])).status).toBe(400);
    expect((await commit([{ type: "assert-ref-snapshot-id", ref: "main" }], [set])).status).toBe(400);
    expect((await call("POST", TABLE, "no json")).status).toBe(400);
    expect(local.iceberg.table("sales", "orders")?.metadata["properties"]).not.toHaveProperty("touched");
  });
});

describe("updates", () => {
  it("an append moves data, branch and properties in one step, and names the file that holds them", async () => {
    await fresh();
    const answer = await commit(
      [{ type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": null }],
      [...appendOf(11, 1), { action: "set-properties", updates: { "kc.position.a": "17.0" } }],
    );
    expect(answer).toMatchObject({
      status: 200,
      body: {
        metadata: {
          "current-snapshot-id": 11,
          "last-sequence-number": 1,
          refs: { main: { type: "branch", "snapshot-id": 11 } },
          properties: { "kc.position.a": "17.0" },
          "snapshot-log": [{ "snapshot-id": 11 }],
          "metadata-log": [{ "metadata-file": expect.stringContaining("/00000-") }],
        },
      },
    });
    const location = String(answer.body["metadata-location"]);
    expect(location).toMatch(
      /^s3:\/\/warehouse\/sales\/orders\/metadata\/00001-[0-9a-f-]{36}\.metadata\.json$/,
    );
    const file = [...local.s3.objects("warehouse")].find(({ key }) => location.endsWith(key));
    expect(JSON.parse(String(file?.body))).toEqual(answer.body.metadata);
  });

  it("of any number of commits on one parent one is applied", async () => {
    await fresh();
    await commit([], appendOf(1, 1));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        commit([{ type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": 1 }], appendOf(100 + at, 2, 1)),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
  });

  it("ids of 63 bits keep every digit, in answers, in requirements and in the metadata file", async () => {
    await fresh();
    const [id, other] = ["9223372036854775807", "9223372036854775806"];
    const text = (updates: unknown[]): string => JSON.stringify(updates).replaceAll(/"(9\d{18})"/g, "$1");
    const sent = `{"requirements":[],"updates":${text(appendOf(id, 1))}}`;
    expect((await call("POST", TABLE, sent)).text).toContain(`"current-snapshot-id":${id}`);
    const next = (parent: string): string =>
      `{"requirements":[{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":${parent}}],"updates":${text(appendOf(3, 2, id))}}`;
    expect((await call("POST", TABLE, next(other))).status).toBe(409);
    const { status, body } = await call("POST", TABLE, next(id));
    expect(status).toBe(200);
    const location = String(body["metadata-location"]);
    const file = [...local.s3.objects("warehouse")].find(({ key }) => location.endsWith(key));
    expect(String(file?.body)).toContain(`"parent-snapshot-id":${id}`);
  });

  it.each([
    ["an id that is taken", appendOf(1, 2, 1), 400],
    ["a sequence number that is not above the table's", appendOf(2, 1, 1), 409],
    ["a branch on a snapshot that is not there", [appendOf(2, 2, 1)[1]], 400],
    ["a snapshot without a manifest list", [{ action: "add-snapshot", snapshot: { "snapshot-id": 2 } }], 400],
    ["a schema that is not there", [{ action: "set-current-schema", "schema-id": 9 }], 400],
    ["the current schema taken away", [{ action: "remove-schemas", "schema-ids": [0] }], 400],
    ["version 3", [{ action: "upgrade-format-version", "format-version": 3 }], 400],
  ])("refused: %s", async (_what, updates, status) => {
    await fresh();
    await commit([], appendOf(1, 1));
    const before = local.iceberg.table("sales", "orders");
    expect((await commit([], updates)).status).toBe(status);
    expect(local.iceberg.table("sales", "orders")).toEqual(before);
  });

  it("a schema that is there already is not added again; a new one gets the next id", async () => {
    const created = await fresh();
    const [schema] = created.body.metadata["schemas"] as unknown as [{ fields: unknown[] }];
    const wider = {
      ...schema,
      fields: [...schema.fields, { id: 6, name: "note", required: false, type: "string" }],
    };
    const add = (one: unknown): unknown[] => [
      { action: "add-schema", schema: one, "last-column-id": 6 },
      { action: "set-current-schema", "schema-id": -1 },
    ];
    const widened = await commit([], add(wider));
    expect(widened.body.metadata).toMatchObject({ "current-schema-id": 1, "last-column-id": 6 });
    const again = await commit([], add(wider));
    expect(again.body.metadata["schemas"]).toHaveLength(2);
    const fewer = await commit([], [{ action: "add-schema", schema, "last-column-id": 5 }]);
    expect(fewer.status).toBe(400);
  });

  it("specs and sort orders: the next ids, and fields of the same meaning keep theirs", async () => {
    await fresh();
    const answer = await commit(
      [],
      [
        {
          action: "add-spec",
          spec: {
            fields: [
              { "source-id": 3, transform: "day", name: "at_day" },
              { "source-id": 1, transform: "bucket[4]", name: "id_bucket" },
            ],
          },
        },
        { action: "set-default-spec", "spec-id": -1 },
        {
          action: "add-sort-order",
          "sort-order": {
            fields: [
              { "source-id": 1, transform: "identity", direction: "asc", "null-order": "nulls-first" },
            ],
          },
        },
        { action: "set-default-sort-order", "sort-order-id": -1 },
        { action: "remove-partition-specs", "spec-ids": [0] },
      ],
    );
    expect(answer.body.metadata).toMatchObject({
      "default-spec-id": 1,
      "last-partition-id": 1001,
      "partition-specs": [{ "spec-id": 1, fields: [{ "field-id": 1000 }, { "field-id": 1001 }] }],
      "default-sort-order-id": 1,
      "sort-orders": [{ "order-id": 0 }, { "order-id": 1 }],
    });
  });

  it("expired snapshots leave, with their refs, statistics and the history before them; properties stay", async () => {
    await fresh();
    await commit([], [...appendOf(1, 1), { action: "set-properties", updates: { position: "1" } }]);
    await commit([], appendOf(2, 2, 1));
    await commit([], [...appendOf(3, 3, 2), { action: "set-statistics", statistics: { "snapshot-id": 2 } }]);
    await commit([], [{ action: "set-snapshot-ref", "ref-name": "old", type: "tag", "snapshot-id": 1 }]);
    const answer = await commit([], [{ action: "remove-snapshots", "snapshot-ids": [1, 2] }]);
    expect(answer.body.metadata).toMatchObject({
      snapshots: [{ "snapshot-id": 3 }],
      refs: { main: { "snapshot-id": 3 } },
      statistics: [],
      "snapshot-log": [{ "snapshot-id": 3 }],
      properties: { position: "1" },
    });
    expect(answer.body.metadata["refs"]).not.toHaveProperty("old");
  });

  it("the log of metadata files is as long as the table wants it, and files that left it are removed on request", async () => {
    await fresh();
    const keys = (): number =>
      [...local.s3.objects("warehouse")].filter(({ key }) => key.startsWith("sales/orders/")).length;
    const before = keys();
    const updates = {
      "write.metadata.previous-versions-max": "2",
      "write.metadata.delete-after-commit.enabled": "true",
    };
    await commit([], [{ action: "set-properties", updates }]);
    for (const at of [1, 2, 3, 4, 5])
      await commit([], [{ action: "set-properties", updates: { at: String(at) } }]);
    expect(local.iceberg.table("sales", "orders")?.metadata["metadata-log"]).toHaveLength(2);
    expect(keys() - before).toBe(2);
  });
});
