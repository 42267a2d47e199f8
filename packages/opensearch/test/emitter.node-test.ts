import { batchOf, contextOf, failureFrom, seededRandom } from "@kinesis-connectors/testkit";
import { afterAll, describe, expect, it } from "vitest";
import { openSearchEmitter, type OpenSearchEmitterOptions } from "@kinesis-connectors/opensearch";
import { ask } from "./local-opensearch.js";
import { byRevision, type Revised, shuffledRevisions } from "./revisions.js";
import { failuresOf } from "./support.js";

const node = process.env["OPENSEARCH_NODE"] ?? "";
const emitters: { readonly close?: () => Promise<void> }[] = [];
afterAll(async () => {
  for (const emitter of emitters) await emitter.close?.();
});

function emitterOn(index: string, options: Partial<OpenSearchEmitterOptions<object>> = {}) {
  const emitter = openSearchEmitter<object>({ node, index, ...options });
  emitters.push(emitter);
  return emitter;
}

/** The documents of an index, by id. */
async function documentsOf(
  index: string,
): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>> {
  await ask(node, "POST", `/${index}/_refresh`);
  const { hits } = (await ask(node, "POST", `/${index}/_search`, { size: 1_000 })) as {
    readonly hits: { readonly hits: readonly { readonly _id: string; readonly _source: Revised & object }[] };
  };
  return Object.fromEntries(hits.hits.map(({ _id, _source }) => [_id, { ..._source }]));
}

const guarded = { ordering: "guarded", id: () => "one" } as const;
const things = (count: number): object[] => Array.from({ length: count }, (_, number) => ({ number }));

describe("on a real node", () => {
  it("guarded writes by a version leave the newest one of each key", async () => {
    await ask(node, "PUT", "/revised", { mappings: { properties: { kcPosition: { type: "keyword" } } } });
    const newest = await shuffledRevisions(
      [emitterOn("revised", byRevision), emitterOn("revised", byRevision)],
      seededRandom(12),
    );
    const documents = await documentsOf("revised");
    expect(Object.fromEntries(Object.entries(documents).map(([id, { revision }]) => [id, revision]))).toEqual(
      newest,
    );
  });

  it("no room for another index is waited for, and nothing is a dead letter", async () => {
    await ask(node, "PUT", "/_cluster/settings", { persistent: { "cluster.max_shards_per_node": 1 } });
    const emitter = emitterOn("no-room");
    const batch = batchOf(things(50));
    const failure = await failureFrom(emitter.emit(batch, contextOf(undefined)));
    expect(failure).not.toHaveProperty("code");
    expect(failure.message).toContain("cluster.max_shards_per_node");
    await ask(node, "PUT", "/_cluster/settings", { persistent: { "cluster.max_shards_per_node": null } });
    expect(await failuresOf(emitter, batch)).toEqual({});
    expect(Object.keys(await documentsOf("no-room"))).toHaveLength(50);
  });

  it.each([
    ["read_only_allow_delete", "disks are full"],
    ["write", "lift the block"],
    ["read_only", "lift the block"],
  ])("a block of the kind %s is waited for", async (block, cure) => {
    const index = `blocked-${block.replaceAll("_", "-")}`;
    await ask(node, "PUT", `/${index}`);
    await ask(node, "PUT", `/${index}/_settings`, { [`index.blocks.${block}`]: true });
    const failure = await failureFrom(emitterOn(index).emit(batchOf(things(2)), contextOf(undefined)));
    expect(failure).toMatchObject({
      name: "cluster_block_exception",
      message: expect.stringContaining(cure),
    });
    expect(failure).not.toHaveProperty("code");
  });

  it("scripts that are off stop the shard", async () => {
    const emitter = emitterOn("scripts", {
      ...guarded,
      node: process.env["OPENSEARCH_NODE_WITHOUT_SCRIPTS"] ?? "",
    });
    expect(await failureFrom(emitter.emit(batchOf(things(1)), contextOf(undefined)))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("script.allowed_types"),
    });
  });

  it("scripts of others that use up what may be compiled are waited for", async () => {
    const few = process.env["OPENSEARCH_NODE_OF_FEW_SCRIPTS"] ?? "";
    await ask(few, "PUT", "/scripts/_doc/other", {});
    for (const number of [1, 2])
      await ask(few, "POST", "/scripts/_update/other", { script: { source: `ctx._source.n = ${number}` } });
    const failure = await failureFrom(
      emitterOn("scripts", { ...guarded, node: few }).emit(batchOf(things(3)), contextOf(undefined)),
    );
    expect(failure).not.toHaveProperty("code");
    expect(failure.message).toContain("script.max_compilations_rate");
  });

  it.each<[string, object, Partial<OpenSearchEmitterOptions<object>>, string]>([
    ["piped", { settings: { "index.default_pipeline": "missing" } }, {}, "ingest pipeline"],
    ["routed", { mappings: { _routing: { required: true } } }, {}, "_routing"],
    ["aliased", { aliases: { alias: { is_write_index: false } } }, { index: "alias" }, "is_write_index"],
    [
      "strict",
      { mappings: { dynamic: "strict", properties: { number: { type: "long" } } } },
      guarded,
      "kcPosition",
    ],
  ])("an index that cannot be written so stops the shard: %s", async (name, body, options, cure) => {
    const index = `unfit-${name}`;
    await ask(node, "PUT", `/${index}`, body);
    const emitter = emitterOn(index, options);
    expect(await failureFrom(emitter.emit(batchOf(things(1)), contextOf(undefined)))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining(cure),
    });
  });

  it("a document that does not fit is a dead letter, and the others are written", async () => {
    await ask(node, "PUT", "/typed-documents", { mappings: { properties: { number: { type: "long" } } } });
    const batch = batchOf<object>([{ number: 1 }, { number: "none" }, { "a..b": 1 }, { number: 2 }]);
    expect(await failuresOf(emitterOn("typed-documents"), batch)).toEqual({
      1: "dead-letter mapper_parsing_exception",
      2: "dead-letter mapper_parsing_exception",
    });
    expect(Object.keys(await documentsOf("typed-documents"))).toHaveLength(2);
  });
});
