import { Client } from "@opensearch-project/opensearch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/index.js";

let aws: LocalAws;
let client: Client;
beforeAll(async () => {
  aws = await startLocalAws({
    kinesis: false,
    s3: false,
    dynamodb: false,
    opensearch: { maxContentBytes: 100_000 },
  });
  client = new Client({ node: aws.endpoints.opensearch, maxRetries: 0 });
});
afterAll(async () => {
  await client.close();
  await aws.close();
});

/** `<action> <status> <result or error type>` of each item. */
async function bulk(...lines: readonly object[]): Promise<readonly string[]> {
  const { body } = await client.bulk({ body: lines as Record<string, unknown>[] });
  return body.items.map((item: object) => {
    const [[action, result]] = Object.entries(item) as [
      [string, { status: number; result?: string; error?: { type: string } }],
    ];
    return `${action} ${result.status} ${result.error?.type ?? result.result}`;
  });
}

const source = (index: string, id: string) =>
  aws.opensearch.documents(index).find((document) => document.id === id)?.source;

describe("the official client against _bulk", () => {
  it("answers each action with its own status", async () => {
    const to = { _index: "things", _id: "1" };
    expect(
      await bulk(
        { index: to },
        { a: 1 },
        { index: to },
        { a: 2 },
        { create: to },
        { a: 3 },
        { update: to },
        { doc: { b: { c: 1 } } },
        { update: to },
        { doc: { b: { c: 1 } } },
        { update: { ...to, _id: "2" } },
        { doc: { a: 1 } },
        { update: { ...to, _id: "2" } },
        { doc: { a: 1 }, doc_as_upsert: true },
        { delete: { ...to, _id: "2" } },
        { delete: { ...to, _id: "2" } },
      ),
    ).toEqual([
      "index 201 created",
      "index 200 updated",
      "create 409 version_conflict_engine_exception",
      "update 200 updated",
      "update 200 noop",
      "update 404 document_missing_exception",
      "update 201 created",
      "delete 200 deleted",
      "delete 404 not_found",
    ]);
    expect(source("things", "1")).toEqual({ a: 2, b: { c: 1 } });
  });

  it("judges external versions and sequence numbers", async () => {
    const at = (version: number, type = "external") => ({
      index: { _index: "versions", _id: "1", version, version_type: type },
    });
    expect(
      await bulk(at(5), { v: 5 }, at(5), { v: 6 }, at(5, "external_gte"), { v: 7 }, at(4), { v: 8 }, at(9), {
        v: 9,
      }),
    ).toEqual([
      "index 201 created",
      "index 409 version_conflict_engine_exception",
      "index 200 updated",
      "index 409 version_conflict_engine_exception",
      "index 200 updated",
    ]);
    const ifSeqNo = (number: number) => ({
      index: { _index: "versions", _id: "1", if_seq_no: number, if_primary_term: 1 },
    });
    expect(await bulk(ifSeqNo(0), { v: 10 }, ifSeqNo(2), { v: 11 })).toEqual([
      "index 409 version_conflict_engine_exception",
      "index 200 updated",
    ]);
  });

  it("refuses what a mapping does not take, and nothing of it is remembered", async () => {
    const into = (index: string, document: object) => [{ index: { _index: index } }, document] as const;
    expect(
      await bulk(
        ...into("mapped", { number: 1, object: { x: "text" }, day: "2026-01-01" }),
        ...into("mapped", { number: "17", day: "2026-01-02T10:00:00Z" }),
        ...into("mapped", { fresh: true, number: "many" }),
        ...into("mapped", { fresh: "a text after all" }),
        ...into("mapped", { object: 1 }),
        ...into("mapped", { number: { x: 1 } }),
        ...into("mapped", { day: "soon" }),
        ...into("mapped", { number: [1, null, "x"] }),
      ),
    ).toEqual([
      "index 201 created",
      "index 201 created",
      "index 400 mapper_parsing_exception",
      "index 201 created",
      ...Array.from({ length: 4 }, () => "index 400 mapper_parsing_exception"),
    ]);
    await client.indices.create({
      index: "strict",
      body: { mappings: { dynamic: "strict", properties: { a: { type: "keyword" } } } },
    });
    expect(await bulk(...into("strict", { a: "x" }), ...into("strict", { b: "x" }))).toEqual([
      "index 201 created",
      "index 400 strict_dynamic_mapping_exception",
    ]);
  });

  it("runs guards in scripts, and refuses by name what it does not know of Painless", async () => {
    const update = (script: string, params: object = {}) =>
      [
        { update: { _index: "scripts", _id: "1" } },
        { scripted_upsert: true, upsert: {}, script: { lang: "painless", source: script, params } },
      ] as const;
    const guard =
      "if (ctx._source.n == null || ctx._source['n'] < params.n) { ctx._source = params; } else { ctx.op = 'none' }";
    expect(
      await bulk(
        ...update(guard, { n: 2 }),
        ...update(guard, { n: 1 }),
        ...update("ctx._source.n += 3;"),
        ...update("for (int i = 0; i < 3; ++i) { ctx._source.n += i; }"),
        ...update("ctx._source.n.x = 1;"),
      ),
    ).toEqual([
      "update 201 created",
      "update 200 noop",
      "update 200 updated",
      "update 400 illegal_argument_exception",
      "update 400 illegal_argument_exception",
    ]);
    expect(source("scripts", "1")).toEqual({ n: 5 });
  });

  it.each([
    ["without a newline at its end", '{"index":{"_index":"a"}}\n{}', 400],
    ["without an action", '{"a":1}\n{}\n', 400],
    ["without a document", '{"index":{"_index":"a"}}\n', 400],
    ["with an id of 513 bytes", `{"index":{"_index":"a","_id":"${"x".repeat(513)}"}}\n{}\n`, 400],
    ["that is empty", "", 400],
    ["that is too long", `{"index":{"_index":"a"}}\n{"x":"${"x".repeat(100_000)}"}\n`, 413],
  ])("a body %s is refused whole", async (_name, body, status) => {
    const answer = await fetch(`${aws.endpoints.opensearch}/_bulk`, { method: "POST", body });
    expect(answer.status).toBe(status);
    expect(aws.opensearch.indices()).not.toContain("a");
  });

  it("counts, searches by id and gets", async () => {
    await bulk(...["a", "b", "c"].flatMap((_id) => [{ index: { _index: "found-1", _id } }, { name: _id }]));
    expect((await client.count({ index: "found-*" })).body.count).toBe(3);
    const { body } = await client.search({
      index: "found-1",
      body: { query: { ids: { values: ["a", "c", "z"] } } },
    });
    expect(body.hits.hits.map(({ _id }) => _id)).toEqual(["a", "c"]);
    expect((await client.get({ index: "found-1", id: "b" })).body._source).toEqual({ name: "b" });
    await expect(client.get({ index: "found-1", id: "z" })).rejects.toMatchObject({ statusCode: 404 });
    await expect(client.count({ index: "nowhere" })).rejects.toMatchObject({ statusCode: 404 });
    await expect(
      client.search({ index: "found-1", body: { query: { term: { name: "a" } } } }),
    ).rejects.toMatchObject({ statusCode: 400, message: expect.stringContaining("not emulated") });
  });

  it("keeps names from harm: __proto__ is a field like any other", async () => {
    const line = '{"index":{"_index":"proto","_id":"1"}}\n{"__proto__":{"polluted":1}}\n';
    await fetch(`${aws.endpoints.opensearch}/_bulk`, { method: "POST", body: line });
    expect(Object.keys(source("proto", "1") ?? {})).toEqual(["__proto__"]);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  it("fails the documents that fault rules name, several rules at once, and writes it down", async () => {
    const after = aws.journal.last();
    const effect = { kind: "partial-failure" } as const;
    aws.faults.add({ id: "busy", operation: "Bulk", effect: { ...effect, indexes: [0] } });
    aws.faults.add({
      id: "bad",
      operation: "Bulk",
      effect: { ...effect, indexes: [2], code: "mapper_parsing_exception" },
    });
    const lines = [0, 1, 2].flatMap((id) => [{ index: { _index: "faulty", _id: String(id) } }, { id }]);
    expect(await bulk(...lines)).toEqual([
      "index 429 rejected_execution_exception",
      "index 201 created",
      "index 400 mapper_parsing_exception",
    ]);
    expect(aws.journal.entries({ after })).toMatchObject([
      {
        server: "opensearch",
        operation: "Bulk",
        status: 200,
        faults: ["busy", "bad"],
        parameters: { documents: 3 },
      },
    ]);
  });
});
