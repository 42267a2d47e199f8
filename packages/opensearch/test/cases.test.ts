import { readFile } from "node:fs/promises";
import { batchOf, deliver, recordsOf } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { json } from "@kinesis-connectors/core";
import { documentWriter } from "../src/documents.js";
import { ask, startOpenSearch } from "./local-opensearch.js";

const write = documentWriter<object>({
  operation: "guarded",
  indexOf: () => "clicks",
  idOf: undefined,
  version: undefined,
  positionField: "kc_position",
});

describe("exact-numbers", () => {
  it("are in the body of the request digit for digit", async () => {
    const lines = (await readFile(new URL("cases/exact-numbers.ndjson", import.meta.url), "utf8"))
      .trimEnd()
      .split("\n");
    const { toModel } = json<object>({ numbers: "exact" });
    const { documents, refused } = write(
      batchOf(recordsOf(lines).map((record) => Object.assign(toModel(record) as object, { added: true }))),
    );
    expect(refused).toEqual([]);
    expect(documents.map(({ lines: body }) => /"id".*true/.exec(body)?.[0])).toEqual([
      '"id":9007199254740993,"price":1.1,"big":123456789012345678901234567890,"added":true',
      '"id":-9223372036854775808,"price":0.12345678901234567890123,"big":0,"added":true',
      '"id":18446744073709551615,"price":100000000000000000000.5,"big":100,"added":true',
    ]);
  });
});

describe("exact-numbers, in an index", () => {
  it("are there digit for digit, as the node gives the documents back", async () => {
    await using server = await startOpenSearch();
    // Left to itself a node makes longs of whole numbers, and refuses those past 2^63.
    const field = { type: "keyword" };
    await ask(server.node, "PUT", "/clicks", {
      mappings: { properties: { id: field, price: field, big: field } },
    });
    const lines = (await readFile(new URL("cases/exact-numbers.ndjson", import.meta.url), "utf8"))
      .trimEnd()
      .split("\n");
    const { toModel } = json<object>({ numbers: "exact" });
    const rows = recordsOf(lines).map((record) => Object.assign(toModel(record) as object, { added: true }));
    expect(await deliver(server.emitter(), batchOf(rows))).toEqual({ failed: [] });
    const answer = await (await fetch(`${server.node}/clicks/_search`)).text();
    expect(answer.match(/"id":[^t]*,"added":true/g)).toEqual([
      '"id":9007199254740993,"price":1.1,"big":123456789012345678901234567890,"added":true',
      '"id":-9223372036854775808,"price":0.12345678901234567890123,"big":0,"added":true',
      '"id":18446744073709551615,"price":100000000000000000000.5,"big":100,"added":true',
    ]);
  });
});

describe("half a surrogate pair", () => {
  it("makes a dead letter of its document, and what only looks like one does not", () => {
    const { documents, refused } = write(
      batchOf<object>([
        { a: "\ud800" },
        { in: ["\udfff"] },
        { "\ud83d": 1 },
        { a: String.raw`\ud800` },
        { a: "😀" },
      ]),
    );
    expect(refused).toHaveLength(3);
    for (const { action, error } of refused) {
      expect(action).toBe("dead-letter");
      expect(error.message).toContain("half a surrogate pair");
    }
    expect(documents).toHaveLength(2);
  });
});
