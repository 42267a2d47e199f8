import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { restCatalog } from "@kinesis-connectors/iceberg";
import { CONTEXT, ORDERS, propertyCommit, SCHEMA } from "./local-catalog.js";

const METADATA = {
  "format-version": 2,
  "table-uuid": "u",
  location: "s3://b/t",
  "last-updated-ms": 1,
  "last-column-id": 1,
  "current-schema-id": 0,
  schemas: [{ ...SCHEMA, "schema-id": 0 }],
  "default-spec-id": 0,
  "partition-specs": [{ "spec-id": 0, fields: [] }],
  properties: { position: "17" },
};

describe("an answer that does not fit its request is not believed", () => {
  let server: Server;
  let answer: string;
  const catalog = () => restCatalog({ uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      response.setHeader("content-type", "application/json");
      response.end(
        request.url?.startsWith("/v1/config") === true ? '{"defaults":{},"overrides":{}}' : answer,
      );
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterAll(() => void server.close());
  beforeEach(() => {
    answer = JSON.stringify({ metadata: METADATA });
  });

  it("is, when it holds what the commit put there", async () => {
    const answered = await catalog().commitTable(ORDERS, propertyCommit("position", "17"), CONTEXT);
    expect(answered).toMatchObject({ type: "applied" });
  });

  it.each([
    ["another property", propertyCommit("position", "18")],
    [
      "a snapshot that is not there",
      {
        requirements: [],
        updates: [
          {
            action: "add-snapshot",
            snapshot: {
              "snapshot-id": 5,
              "sequence-number": 1,
              "timestamp-ms": 1,
              "manifest-list": "s3://b/t/l",
              summary: { operation: "append" },
            },
          },
        ],
      },
    ],
    [
      "a property that stays",
      { requirements: [], updates: [{ action: "remove-properties", removals: ["position"] }] },
    ],
  ] as const)("a commit of %s is unknown", async (_what, commit) => {
    expect(await catalog().commitTable(ORDERS, commit, CONTEXT)).toMatchObject({ type: "unknown" });
  });

  it.each([
    ["no JSON", "<html>"],
    ["nothing", ""],
    ["no metadata", "{}"],
    ["no location", JSON.stringify({ metadata: { ...METADATA, location: undefined } })],
    ["schemas that are no list", JSON.stringify({ metadata: { ...METADATA, schemas: {} } })],
    ["properties that are no texts", JSON.stringify({ metadata: { ...METADATA, properties: { a: 1 } } })],
    [
      "a snapshot id with a fraction",
      JSON.stringify({ metadata: { ...METADATA, "current-snapshot-id": 1.5 } }),
    ],
  ])("%s is no table", async (_what, text) => {
    answer = text;
    await expect(catalog().loadTable(ORDERS, CONTEXT)).rejects.toMatchObject({ name: "CatalogUnavailable" });
    expect(await catalog().commitTable(ORDERS, propertyCommit("x"), CONTEXT)).toMatchObject({
      type: "unknown",
    });
  });
});
