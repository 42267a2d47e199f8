import { once } from "node:events";
import { createServer } from "node:http";
import { batchOf, batchOfEntries, contextOf, entryOf, failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { ask, INDEX, startOpenSearch } from "./local-opensearch.js";
import { failuresOf } from "./support.js";

const rejected = { kind: "partial-failure", code: "rejected_execution_exception" } as const;
const things = (count: number): object[] => Array.from({ length: count }, (_, index) => ({ number: index }));

describe("F62 one bulk request with everything in it", () => {
  it("F62 429 goes again alone, 400 is a dead letter, 409 of a create counts as written", async () => {
    await using server = await startOpenSearch();
    await ask(server.node, "PUT", `/${INDEX}`, { mappings: { properties: { number: { type: "long" } } } });
    const emitter = server.emitter({ operation: "create" });
    const batch = batchOf([{ number: 0 }, { number: "none" }, { number: 2 }, { number: 3 }, { number: 4 }]);
    // The third document is there already: an earlier attempt got through.
    await emitter.emit({ ...batch, entries: batch.entries.slice(2, 3) }, contextOf(undefined));
    server.aws.faults.add({ operation: "Bulk", effect: { ...rejected, indexes: [0, 4] } });
    expect(await failuresOf(emitter, batch)).toEqual({
      0: "retry rejected_execution_exception",
      1: "dead-letter mapper_parsing_exception",
      4: "retry rejected_execution_exception",
    });
    const again = [batch.entries[0], batch.entries[4]].filter((entry) => entry !== undefined);
    expect(await failuresOf(emitter, { ...batch, entries: again })).toEqual({});
    expect(server.requests().map(({ records }) => records)).toEqual([1, 5, 2]);
    expect(server.documents().map(({ source, version }) => [source["number"], version])).toEqual([
      [2, 1],
      [3, 1],
      [0, 1],
      [4, 1],
    ]);
  });

  it("F62 413 is split until each part fits, and a document that never fits is a dead letter", async () => {
    await using server = await startOpenSearch({ maxContentBytes: 2_000 });
    const emitter = server.emitter();
    const batch = batchOf([...things(20), { text: "x".repeat(3_000) }, ...things(19)]);
    expect(await failuresOf(emitter, batch)).toEqual({ 20: "dead-letter content_too_long_exception" });
    expect(server.documents()).toHaveLength(39);
  });

  it("F62 a conflict of a guarded write is no success: it goes again", async () => {
    await using server = await startOpenSearch();
    const emitter = server.emitter({ ordering: "guarded", id: () => "one" });
    server.aws.faults.add({
      operation: "Bulk",
      effect: { kind: "partial-failure", code: "version_conflict_engine_exception" },
    });
    const batch = batchOf(things(1));
    expect(await failureFrom(emitter.emit(batch, contextOf(undefined)))).toMatchObject({
      name: "version_conflict_engine_exception",
    });
    expect(await failuresOf(emitter, batch)).toEqual({});
    expect(server.documents().map(({ source }) => source["number"])).toEqual([0]);
  });

  it("F62 no node, a reset and 503 reject, so that the engine tries the whole batch again", async () => {
    const server = await startOpenSearch();
    const emitter = server.emitter();
    server.aws.faults.add({ operation: "Bulk", effect: { kind: "reset", at: "inside-headers" } });
    server.aws.faults.add({
      operation: "Bulk",
      effect: { kind: "error", status: 503, code: "unavailable_shards_exception" },
      nth: 2,
    });
    for (const name of ["ConnectionError", "unavailable_shards_exception"])
      expect(await failureFrom(emitter.emit(batchOf(things(3)), contextOf(undefined)))).toMatchObject({
        name,
      });
    expect(await failuresOf(emitter, batchOf(things(3)))).toEqual({});
    expect(server.documents()).toHaveLength(3);
    await server.aws.close();
    expect(await failureFrom(emitter.emit(batchOf(things(3)), contextOf(undefined)))).toMatchObject({
      name: "ConnectionError",
      message: expect.stringContaining("gave no answer"),
    });
    await server[Symbol.asyncDispose]();
  });
});

describe("what no document is to blame for", () => {
  it.each([
    ["security_exception", "es:ESHttpPost"],
    ["index_closed_exception", "open the index"],
    ["index_not_found_exception", "create the index"],
  ])("an item refused with %s stops the shard with a cure", async (code, cure) => {
    await using server = await startOpenSearch();
    server.aws.faults.add({ operation: "Bulk", effect: { kind: "partial-failure", code, indexes: [1] } });
    expect(await failureFrom(server.emitter().emit(batchOf(things(3)), contextOf(undefined)))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining(cure),
    });
  });

  it("an index that only a record names is that record's fault", async () => {
    await using server = await startOpenSearch({ autoCreateIndex: false });
    await ask(server.node, "PUT", "/known");
    const emitter = server.emitter({
      index: (document) => ("index" in document ? String(document.index) : ""),
    });
    const batch = batchOf([{ index: "known" }, { index: "unknown" }, { index: "Not/A:Name" }, {}]);
    expect(await failuresOf(emitter, batch)).toEqual({
      1: "dead-letter index_not_found_exception",
      2: "dead-letter KinesisConnectorError",
      3: "dead-letter KinesisConnectorError",
    });
    expect(server.documents()).toHaveLength(1);
  });

  it.each([301, 302, 307, 308])("a redirect is not followed (%i)", async (status) => {
    await using server = await startOpenSearch();
    server.aws.faults.add({ operation: "Bulk", effect: { kind: "error", status, code: "moved" } });
    expect(await failureFrom(server.emitter().emit(batchOf(things(1)), contextOf(undefined)))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("redirects are not followed"),
    });
    expect(server.requests()).toHaveLength(1);
  });

  it.each([
    ["a body that is no answer to a bulk", { kind: "success-with-error", code: "internal_server_error" }],
    ["an answer that is no JSON", { kind: "content-type", value: "text/html" }],
    ["an answer cut in its body", { kind: "truncated-body" }],
  ] as const)("%s is an unknown outcome and changes nothing for good", async (_name, effect) => {
    await using server = await startOpenSearch();
    const emitter = server.emitter();
    server.aws.faults.add({ operation: "Bulk", phase: "after", effect });
    await failureFrom(emitter.emit(batchOf(things(3)), contextOf(undefined)));
    expect(await failuresOf(emitter, batchOf(things(3)))).toEqual({});
    expect(server.documents()).toHaveLength(3);
  });

  it("an answer that stalls in its body ends with the time limit", async () => {
    await using server = await startOpenSearch();
    const emitter = server.emitter({ requestTimeoutMs: 100 });
    server.aws.faults.add({ operation: "Bulk", effect: { kind: "stalled-body" } });
    expect(await failureFrom(emitter.emit(batchOf(things(3)), contextOf(undefined)))).toMatchObject({
      name: "TimeoutError",
    });
  });
});

describe("identity of documents", () => {
  it("the outputs of one record stay apart, also when the second goes again alone", async () => {
    await using server = await startOpenSearch();
    const emitter = server.emitter();
    const at = { sequenceNumber: "77", subSequenceNumber: 5 };
    const batch = batchOfEntries([
      entryOf(0, { part: "a" }, at),
      entryOf(0, { part: "b" }, at),
      entryOf(0, { part: "c" }, at),
    ]);
    server.aws.faults.add({ operation: "Bulk", effect: { ...rejected, indexes: [1] } });
    expect(await failuresOf(emitter, batch)).toEqual({ 1: "retry rejected_execution_exception" });
    expect(await failuresOf(emitter, { ...batch, entries: batch.entries.slice(1, 2) })).toEqual({});
    expect(server.documents().map(({ id, source }) => [id, source["part"]])).toEqual([
      [`${batch.shardId}-77.5`, "a"],
      [`${batch.shardId}-77.5-2`, "c"],
      [`${batch.shardId}-77.5-1`, "b"],
    ]);
  });

  it("a version that is refused leaves its place to the one before it", async () => {
    await using server = await startOpenSearch();
    await ask(server.node, "PUT", `/${INDEX}`, { mappings: { properties: { number: { type: "long" } } } });
    const emitter = server.emitter({ id: () => "one" });
    const batch = batchOf([{ number: 1 }, { number: 2 }, { number: "none" }]);
    expect(await failuresOf(emitter, batch)).toEqual({ 2: "dead-letter mapper_parsing_exception" });
    expect(server.documents().map(({ source }) => source)).toEqual([{ number: 2 }]);
  });

  it("a version that is throttled keeps the earlier ones with it", async () => {
    await using server = await startOpenSearch();
    const emitter = server.emitter({ id: (document) => ("other" in document ? "other" : "one") });
    server.aws.faults.add({ operation: "Bulk", effect: { ...rejected, indexes: [0] } });
    const batch = batchOf([{ number: 1 }, { number: 2 }, { other: 3 }]);
    expect(Object.keys(await failuresOf(emitter, batch))).toEqual(["0", "1"]);
    expect(await failuresOf(emitter, batch)).toEqual({});
    expect(server.documents().map(({ source }) => source)).toEqual([{ other: 3 }, { number: 2 }]);
  });

  it("a guarded document is never replaced by an earlier one, whoever comes late", async () => {
    await using server = await startOpenSearch();
    const options = { id: () => "one", ordering: "guarded" } as const;
    const owner = server.emitter(options);
    const zombie = server.emitter(options);
    const versions = batchOf([{ number: 1 }, { number: 2 }]);
    await owner.emit({ ...versions, entries: versions.entries.slice(1) }, contextOf(undefined));
    expect(await failuresOf(zombie, { ...versions, entries: versions.entries.slice(0, 1) })).toEqual({});
    expect(server.documents().map(({ source, version }) => [source["number"], version])).toEqual([[2, 1]]);
    // 9 comes before 10 as a position, though not as a text.
    const longer = batchOfEntries([entryOf(0, { number: 3 }, { sequenceNumber: `1${"0".repeat(55)}` })]);
    const shorter = batchOfEntries([entryOf(0, { number: 4 }, { sequenceNumber: "9".repeat(55) })]);
    await owner.emit(longer, contextOf(undefined));
    await zombie.emit(shorter, contextOf(undefined));
    expect(server.documents().map(({ source }) => source["number"])).toEqual([3]);
  });

  it("a document with the field of the position in it is refused, and not stored with two of them", async () => {
    await using server = await startOpenSearch();
    const emitter = server.emitter({ id: () => "one", ordering: "guarded" });
    expect(Object.keys(await failuresOf(emitter, batchOf([{ kcPosition: "9" }])))).toEqual(["0"]);
    expect(server.documents("*")).toEqual([]);
  });

  it("a data stream takes documents once, and says that a rollover may let one in twice", async () => {
    await using server = await startOpenSearch();
    await ask(server.node, "PUT", "/_index_template/logs", { index_patterns: ["logs-*"], data_stream: {} });
    const emitter = server.emitter({ index: "logs-clicks", dataStream: true });
    expect(emitter.capabilities.duplicates).toBe("possible");
    const batch = batchOf([{ "@timestamp": "2026-01-01T00:00:00Z" }, { text: "no time" }]);
    for (let attempt = 1; attempt <= 2; attempt += 1)
      expect(await failuresOf(emitter, batch)).toEqual({ 1: "dead-letter mapper_parsing_exception" });
    expect(server.documents("logs-clicks")).toHaveLength(1);
    await ask(server.node, "POST", "/logs-clicks/_rollover");
    await emitter.emit(batch, contextOf(undefined));
    expect(server.documents("logs-clicks").map(({ index }) => index)).toEqual([
      ".ds-logs-clicks-000001",
      ".ds-logs-clicks-000002",
    ]);
    // Without `dataStream` the whole shard would be refused, with the cure.
    expect(
      await failureFrom(server.emitter({ index: "logs-clicks" }).emit(batch, contextOf(undefined))),
    ).toMatchObject({
      message: expect.stringContaining("set `dataStream` to true"),
    });
  });

  it("a collection that chooses ids takes documents without, as often as they are written, and says that it does", async () => {
    await using server = await startOpenSearch({ choosesIds: true });
    const emitter = server.emitter({ id: "auto" });
    expect(emitter.capabilities).toEqual({ duplicates: "possible", ordering: "none" });
    const batch = batchOf([{ page: "a" }, { page: "b" }, { page: "b" }]);
    // What the service refuses for the moment goes alone, by its place: nothing else tells documents without ids apart.
    server.aws.faults.add({
      server: "opensearch",
      operation: "Bulk",
      effect: { kind: "partial-failure", indexes: [1] },
    });
    expect(await failuresOf(emitter, batch)).toEqual({ 1: "retry rejected_execution_exception" });
    expect(server.documents("*").map(({ source }) => source["page"])).toEqual(["a", "b"]);
    await emitter.emit(batch, contextOf(undefined));
    expect(server.documents("*")).toHaveLength(5);
    expect(new Set(server.documents("*").map(({ id }) => id)).size).toBe(5);
    // Ids by position stop the shard, with the cure: all documents would be dead letters otherwise.
    expect(await failureFrom(server.emitter().emit(batch, contextOf(undefined)))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining('set `id` to "auto"'),
    });
    expect(server.documents("*")).toHaveLength(5);
  });

  it("dates in the index are of the record's arrival, in UTC", async () => {
    await using server = await startOpenSearch();
    const emitter = server.emitter({ index: "clicks-{yyyy.MM.dd-HH}" });
    const late = entryOf(1, { number: 1 }, { arrivalTimeMs: Date.UTC(2026, 2, 29, 1) });
    await emitter.emit(batchOfEntries([entryOf(0, { number: 0 }), late]), contextOf(undefined));
    expect(server.aws.opensearch.indices()).toEqual(["clicks-2026.03.29-00", "clicks-2026.03.29-01"]);
  });

  it("compressed requests land as well", async () => {
    await using server = await startOpenSearch();
    expect(await failuresOf(server.emitter({ compression: "gzip" }), batchOf(things(100)))).toEqual({});
    expect(server.documents()).toHaveLength(100);
  });
});

describe("an answer that does not fit its request", () => {
  it.each([
    ["an item too few", (items: readonly object[]) => items.slice(1)],
    ["an item too many", (items: readonly object[]) => [...items, items[0]]],
    ["items in another order", (items: readonly object[]) => items.toReversed()],
  ])("is not believed: with %s, the whole batch goes again", async (_name, changed) => {
    await using server = await startOpenSearch();
    let isChanged = true;
    // What the local server answers, but for the list of its items.
    const proxy = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        void fetch(server.node + (request.url ?? ""), {
          method: "POST",
          headers: { "content-type": "application/x-ndjson" },
          body: Buffer.concat(parts),
        })
          .then((answer) => answer.json())
          .then((answer) => {
            const { items } = answer as { items: readonly object[] };
            const body = JSON.stringify(isChanged ? { items: changed(items) } : { items });
            response.writeHead(200, { "content-type": "application/json" }).end(body);
          });
      });
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const address = proxy.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    // The first document is refused: by the order alone, the last one would be.
    server.aws.faults.add({ operation: "Bulk", effect: { ...rejected, indexes: [0] } });
    const emitter = server.emitter({ node: `http://127.0.0.1:${port}` });
    const batch = batchOf(things(3));
    expect(await failureFrom(emitter.emit(batch, contextOf(undefined)))).toMatchObject({
      name: "unreadable_answer",
    });
    isChanged = false;
    expect(await emitter.emit(batch, contextOf(undefined))).toEqual({ failed: [] });
    expect(server.documents()).toHaveLength(3);
    proxy.closeAllConnections();
    proxy.close();
  });
});
