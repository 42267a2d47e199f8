import type { Emitter } from "@kinesis-connectors/core";

export interface Order {
  readonly id: string;
  readonly total: number;
}

/** Keeps the last state of each order in memory. Putting an order again changes nothing, so no plan is needed. */
export function tableEmitter(table: Map<string, Order>): Emitter<Order> {
  return {
    capabilities: { duplicates: "none", ordering: "partition-key" },
    emit: (batch) => {
      const refused = batch.entries.filter(({ output }) => output.id === "");
      for (const { output } of batch.entries) if (output.id !== "") table.set(output.id, output);
      return Promise.resolve({
        failed: refused.map((entry) => ({
          entry,
          action: "dead-letter",
          error: new Error("an order without an id has no row"),
        })),
      });
    },
  };
}
