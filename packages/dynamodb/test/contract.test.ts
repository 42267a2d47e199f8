import type { Emitter } from "@kinesis-connectors/core";
import {
  contextOf,
  describeEmitterContract,
  type EmitterUnderTest,
  excluded,
  type HasFired,
} from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { itemBytesOf, type ItemUpdate } from "@kinesis-connectors/dynamodb";
import { type LocalDynamoDb, type Order, startDynamoDb, WRITES } from "./local-dynamodb.js";
import { batchOf } from "./support.js";

const KiB = 1024;
const MiB = 1024 * KiB;

interface Setup extends EmitterUnderTest<Order, undefined> {
  readonly local: LocalDynamoDb;
  readonly emitter: Emitter<Order>;
}

/** Arranges a fault of writes; it has fired when the server says so. */
function arrange({ local }: Setup, ...given: Parameters<LocalDynamoDb["fault"]>): HasFired {
  const id = local.fault(...given);
  return () => local.aws.faults.list().some((rule) => rule.id === id && rule.fired > 0);
}

const valueOf = (order: Order): string => `${order.id} ${String(order["total"] ?? order["text"])}`;

const modes = [
  // `kcPosition`, and its value of 56 digits, a point and 10 digits.
  { mode: "guarded", by: "position", overheadBytes: 10 + 67, requestRecords: 1 },
  // Before it the version: a letter, 40 digits and a blank.
  { mode: "guarded", by: "version", overheadBytes: 10 + 42 + 67, requestRecords: 1 },
  { mode: "put", by: "none", overheadBytes: 0, requestRecords: 25 },
  // What an item comes to by an update is for the service to count.
  { mode: "update", by: "position", overheadBytes: undefined, requestRecords: 1 },
] as const;

const byTotal = { version: (order: Order): number => Number(order["total"] ?? 0) };

/** Sets all attributes but the key. */
function setAll({ id: _id, ...attributes }: Order): ItemUpdate {
  const names = Object.keys(attributes);
  return {
    expression: `SET ${names.map((name) => `#${name} = :${name}`).join(", ")}`,
    names: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    values: Object.fromEntries(names.map((name) => [`:${name}`, attributes[name]])),
  };
}

describe.each(modes)("in the mode $mode by $by", ({ mode, by, overheadBytes, requestRecords }) => {
  const single = excluded("one item in a request");
  const options =
    mode === "update"
      ? { mode, update: setAll }
      : mode === "guarded" && by === "version"
        ? { mode, ...byTotal }
        : { mode };

  describeEmitterContract<Setup, Order, undefined>({
    describe,
    it,
    name: "dynamoDbEmitter",
    create: async () => {
      const local = await startDynamoDb();
      return {
        local,
        emitter: local.emitter(options),
        [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
      };
    },
    capabilities: { duplicates: "none", ordering: "partition-key", planned: false, keeps: "state" },
    outputs: (index) => ({ id: `order-${index}`, customer: "c", total: index }),
    identify: valueOf,
    readBack: async ({ local }) => {
      const items = await local.items();
      return [...items].map(([id, item]) => `${id} ${item["total"]?.N ?? item["text"]?.S ?? ""}`);
    },
    versions: (version) => ({ id: "versioned", customer: "c", total: version }),
    // The key of an index must be a text, which only the service knows.
    refusedOutputs: (index) => ({ id: `refused-${index}`, customer: 7, total: index }),
    faults: {
      // More than there are requests in the batch, so that each of them goes again.
      throttle: (setup) =>
        arrange(
          setup,
          { kind: "error", status: 400, code: "ProvisionedThroughputExceededException" },
          { times: 30 },
        ),
      throttleEntries:
        mode === "put"
          ? (setup, positions) => arrange(setup, { kind: "partial-failure", indexes: [...positions] })
          : single,
      outage: (setup) => arrange(setup, { kind: "error", status: 500, code: "InternalServerError" }),
      replyLost: (setup) => arrange(setup, { kind: "reply-lost" }),
      credentials: (setup) =>
        arrange(setup, { kind: "error", status: 400, code: "AccessDeniedException" }, { times: "always" }),
      stall: (setup) => arrange(setup, { kind: "delay", delayMs: 60_000 }, { times: "always" }),
    },
    limits: {
      maxRequestRecords: requestRecords,
      maxRequestBytes: mode === "put" ? 16 * MiB : single,
      maxRecordBytes: overheadBytes === undefined ? excluded("counted by the service") : 400 * KiB,
      outputOfBytes: (index, bytes) => {
        const id = `sized-${index}`;
        const around = itemBytesOf({ id: { S: id }, text: { S: "" } }) + (overheadBytes ?? 0);
        // A quotation mark takes one byte in the table and two on the wire, and it is the wire that a request is limited by.
        return { id, text: '"'.repeat(Math.max(0, bytes - around)) };
      },
      splitRecordBytes: 399 * KiB,
      // The server refuses by itself what has more than 16 MB.
      requests: ({ local }) =>
        Promise.resolve(
          local.aws.journal
            .entries()
            .filter((entry) => WRITES.includes(entry.operation))
            .map(({ parameters }) => ({ records: Number(parameters["count"] ?? 1) })),
        ),
    },
    additional: () => {
      it("reads the primary key of the table once", async () => {
        await using local = await startDynamoDb();
        const emitter = local.emitter(options);
        await emitter.open?.(contextOf(undefined));
        await emitter.emit(batchOf([{ id: "a", total: 1 }]), contextOf(undefined));
        await emitter.emit(batchOf([{ id: "b", total: 1 }], 1), contextOf(undefined));
        expect(local.calls("DescribeTable")).toHaveLength(1);
      });
    },
  });
});
