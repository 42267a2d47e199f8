import { describeEmitterContract, excluded } from "@kinesis-connectors/testkit";
import { describe, it } from "vitest";
import { type Order, tableEmitter } from "./table-emitter.js";

const inMemory = excluded("memory has no requests");

describeEmitterContract({
  describe,
  it,
  name: "tableEmitter",
  create: () => {
    const table = new Map<string, Order>();
    return Promise.resolve({ table, emitter: tableEmitter(table) });
  },
  capabilities: { duplicates: "none", ordering: "partition-key", planned: false, keeps: "state" },
  outputs: (index) => ({ id: `order-${index}`, total: index }),
  readBack: ({ table }) => Promise.resolve([...table.values()].map((order) => JSON.stringify(order))),
  versions: (version) => ({ id: "the same order", total: version }),
  refusedOutputs: (index) => ({ id: "", total: index }),
  faults: {
    throttle: inMemory,
    throttleEntries: inMemory,
    outage: inMemory,
    replyLost: inMemory,
    credentials: inMemory,
    stall: inMemory,
  },
  limits: inMemory,
});
