import { describe, expect, it } from "vitest";
import type { FaultEffect, FaultRule, LocalDocument } from "@kinesis-connectors/local";
import { describeEmitterContract, excluded, type HasFired } from "@kinesis-connectors/testkit";
import type { OpenSearchEmitterOptions } from "@kinesis-connectors/opensearch";
import { ask, INDEX, type LocalOpenSearch, startOpenSearch } from "./local-opensearch.js";

interface Thing {
  readonly key: string;
  readonly version: number;
  readonly text?: string;
}

interface EmitterOnOpenSearch extends AsyncDisposable {
  readonly server: LocalOpenSearch;
  readonly emitter: ReturnType<LocalOpenSearch["emitter"]>;
}

const MAX_CONTENT_BYTES = 64 * 1024;
const MAX_REQUEST_BYTES = 48 * 1024;

/** Adds a rule to the local server, and tells whether it has fired. */
function fault(
  { server }: EmitterOnOpenSearch,
  effect: FaultEffect,
  rule: Partial<FaultRule> = {},
): HasFired {
  const id = server.aws.faults.add({ server: "opensearch", operation: "Bulk", effect, ...rule });
  return () => server.aws.faults.list().some((status) => status.id === id && status.fired > 0);
}

const thing = (index: number): Thing => ({ key: `thing-${String(index).padStart(6, "0")}`, version: 0 });
/** Ids of one length, so that the size of a request is known. */
const keyOf = (document: object): string => ("key" in document ? String(document.key) : "");

/** A document whose request, alone, has exactly so many bytes. */
function thingOfBytes(index: number, bytes: number): Thing {
  const { key } = thing(index);
  const lines = (text: string): string =>
    `${JSON.stringify({ index: { _index: INDEX, _id: key } })}\n${JSON.stringify({ ...thing(index), text })}\n`;
  return { ...thing(index), text: "x".repeat(bytes - lines("").length) };
}

const identify = ({ key, version, text }: Thing): string => `${key} ${version} ${text?.length ?? 0}`;

function contract(
  name: string,
  options: Partial<OpenSearchEmitterOptions<object>>,
  differs: {
    readonly ordering: "shard" | "none";
    readonly byKey: boolean;
    readonly sized: boolean;
    readonly choosesIds?: boolean;
  },
): void {
  describeEmitterContract({
    describe,
    it,
    name,
    create: async (): Promise<EmitterOnOpenSearch> => {
      const server = await startOpenSearch({
        maxContentBytes: MAX_CONTENT_BYTES,
        choosesIds: differs.choosesIds === true,
      });
      // The types are declared, so that a wrong one is refused wherever it stands in a batch.
      await ask(server.node, "PUT", `/${INDEX}`, { mappings: { properties: { version: { type: "long" } } } });
      const emitter = server.emitter({
        maxRequestBytes: MAX_REQUEST_BYTES,
        maxRequestDocuments: 40,
        ...options,
      });
      return { server, emitter, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
    },
    capabilities: {
      duplicates: differs.choosesIds === true ? "possible" : "none",
      ordering: differs.ordering,
      planned: false,
      keeps: differs.choosesIds === true ? "log" : "state",
    },
    outputs: (index): object => thing(index),
    identify: (output) => identify(output as Thing),
    readBack: ({ server }) =>
      Promise.resolve(
        server.documents().map(({ source }: LocalDocument) => identify(source as unknown as Thing)),
      ),
    versions: differs.byKey
      ? (version) => ({ key: "the one of many", version })
      : excluded("each record is a document of its own"),
    refusedOutputs: (index) => ({ ...thing(index), version: "not a number" }),
    faults: {
      throttle: (setup) => fault(setup, { kind: "error", status: 429, code: "rejected_execution_exception" }),
      throttleEntries: (setup, indexes) => fault(setup, { kind: "partial-failure", indexes }),
      outage: (setup) => fault(setup, { kind: "reset", at: "before-headers" }, { phase: "before" }),
      replyLost: (setup) => fault(setup, { kind: "reply-lost" }),
      credentials: (setup) =>
        fault(setup, { kind: "error", status: 403, code: "security_exception" }, { times: "always" }),
      stall: (setup) => fault(setup, { kind: "delay", delayMs: 3_600_000 }, { times: "always" }),
    },
    limits: {
      maxRequestRecords: 40,
      maxRequestBytes: MAX_REQUEST_BYTES,
      maxRecordBytes: differs.sized ? MAX_CONTENT_BYTES : excluded("its bytes depend on its position"),
      outputOfBytes: thingOfBytes,
      splitRecordBytes: 15 * 1024,
      requests: ({ server }) => Promise.resolve(server.requests()),
    },
    additional: () => {
      it("leaves no connection open after it was closed", async () => {
        await using server = await startOpenSearch();
        const emitter = server.emitter(options);
        await emitter.close?.();
        expect(server.requests()).toEqual([]);
      });
    },
  });
}

contract("openSearchEmitter by position", {}, { ordering: "none", byKey: false, sized: false });
contract("openSearchEmitter by id", { id: keyOf }, { ordering: "none", byKey: true, sized: true });
contract(
  "openSearchEmitter by id, guarded",
  { id: keyOf, ordering: "guarded" },
  { ordering: "shard", byKey: true, sized: false },
);
contract(
  "openSearchEmitter by id, guarded, with versions of the records' own",
  { id: keyOf, ordering: "guarded", version: (document) => (document as Thing).version },
  { ordering: "shard", byKey: true, sized: false },
);
contract(
  "openSearchEmitter that creates",
  { operation: "create" },
  { ordering: "none", byKey: false, sized: false },
);
contract(
  "openSearchEmitter that leaves ids to the service",
  { id: "auto" },
  { ordering: "none", byKey: false, sized: false, choosesIds: true },
);
