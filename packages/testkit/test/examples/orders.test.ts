import { definePipeline, json } from "@kinesis-connectors/core";
import { recordsOf, runPipeline } from "@kinesis-connectors/testkit";
import { expect, it } from "vitest";
import { type Order, tableEmitter } from "./table-emitter.js";

const orders = definePipeline({
  transformer: json<Order>().to((order) => ({ id: order.id, total: order.total })),
  filter: (order) => order.total > 0,
  emitter: tableEmitter(new Map()),
});

it("drops orders without a total", async () => {
  const run = await runPipeline(orders, recordsOf(['{"id":"a","total":7}', '{"id":"b","total":0}']));
  expect(run.outputs).toEqual([{ id: "a", total: 7 }]);
  expect(run.checkpoints).toHaveLength(1);
});
