import { batchOf, contextOf, failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { FILTER_PATH } from "../src/failures.js";
import { startOpenSearch } from "./local-opensearch.js";
import { MISTAKES, type NodeError, OUTAGES, POISON } from "./node-errors.js";
import { failuresOf } from "./support.js";

const things = (count: number): object[] => Array.from({ length: count }, (_, index) => ({ number: index }));

/** A guarded emitter, whose documents (or those at `indexes`) a node answers so, as often as asked. */
async function answered({ status, error }: NodeError, times: number | "always", indexes?: readonly number[]) {
  const server = await startOpenSearch();
  const emitter = server.emitter({
    ordering: "guarded",
    id: (document) => ("number" in document ? String(document.number) : ""),
  });
  const effect = {
    kind: "partial-failure",
    status,
    error,
    ...(indexes === undefined ? {} : { indexes }),
  } as const;
  server.aws.faults.add({ operation: "Bulk", times, effect });
  return { server, emitter, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe("what passes", () => {
  it.each(OUTAGES)(
    "%s: all documents wait, however long, and are written then",
    async (_name, error, cure) => {
      await using setup = await answered(error, 30);
      const batch = batchOf(things(3));
      for (let attempt = 1; attempt <= 30; attempt += 1) {
        const failure = await failureFrom(setup.emitter.emit(batch, contextOf(undefined, { attempt })));
        expect(failure).not.toHaveProperty("code");
        expect([failure.name, failure.message]).toEqual([error.error["type"], expect.stringMatching(cure)]);
      }
      expect(await failuresOf(setup.emitter, batch)).toEqual({});
      expect(setup.server.documents()).toHaveLength(3);
    },
  );

  it.each(OUTAGES)("%s: among documents that are taken, one waits alone", async (_name, error) => {
    await using setup = await answered(error, 1, [1]);
    const batch = batchOf(things(3));
    expect(await failuresOf(setup.emitter, batch)).toEqual({ 1: `retry ${String(error.error["type"])}` });
    expect(await failuresOf(setup.emitter, { ...batch, entries: batch.entries.slice(1, 2) })).toEqual({});
    expect(setup.server.documents().map(({ version }) => version)).toEqual([1, 1, 1]);
  });
});

describe("what does not", () => {
  it.each(MISTAKES)("%s: the shard stops with the cure", async (_name, error, cure) => {
    await using setup = await answered(error, "always");
    expect(await failureFrom(setup.emitter.emit(batchOf(things(3)), contextOf(undefined)))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringMatching(cure),
    });
  });

  it.each(POISON)("%s: that document is a dead letter", async (_name, error) => {
    await using setup = await answered(error, 1, [1]);
    expect(await failuresOf(setup.emitter, batchOf(things(3)))).toEqual({
      1: `dead-letter ${String(error.error["type"])}`,
    });
    expect(setup.server.documents()).toHaveLength(2);
  });

  it("explicit indices that are forbidden stop the shard, though the whole request is answered with 400", async () => {
    await using server = await startOpenSearch();
    server.aws.faults.add({
      operation: "Bulk",
      times: "always",
      effect: {
        kind: "error",
        status: 400,
        code: "illegal_argument_exception",
        message: "explicit index in bulk is not allowed",
      },
    });
    expect(await failureFrom(server.emitter().emit(batchOf(things(3)), contextOf(undefined)))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("rest.action.multi.allow_explicit_index"),
    });
  });

  it("a failure of the node over one document is not waited for without an end", async () => {
    const error = { status: 500, error: { type: "null_pointer_exception", reason: "" } };
    await using setup = await answered(error, "always", [0]);
    const batch = batchOf(things(1));
    expect(await failuresOf(setup.emitter, batch)).toEqual({ 0: "retry null_pointer_exception" });
  });
});

describe("on a server that behaves so", () => {
  it("guarded writes stop where scripts are off, and no document is a dead letter", async () => {
    await using server = await startOpenSearch({ scripts: false });
    const emitter = server.emitter({ ordering: "guarded", id: () => "one" });
    expect(await failureFrom(emitter.emit(batchOf(things(1)), contextOf(undefined)))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("script.allowed_types"),
    });
  });

  it("asks for what it reads, and for nothing that repeats documents but their ids", () => {
    expect(FILTER_PATH.split(",")).toContain("items.*.error.caused_by.caused_by.reason");
    // Ids tell whether the items are those of the request; they go into no message.
    expect(FILTER_PATH).not.toMatch(/_index|script_stack|script(?:,|$)/u);
  });
});
