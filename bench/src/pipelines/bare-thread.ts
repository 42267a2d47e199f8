import { parentPort } from "node:worker_threads";
import { dataSet } from "../data/data-sets.js";
import type { Order } from "../data/documents.js";
import { heavy, HEAVY_SET } from "./heavy-work.js";

// A thread that does the heavy work on the documents of the set, again and again, until it is ended. It tells of every thousand.
const { userRecords } = dataSet(HEAVY_SET);
for (;;) {
  let bytes = 0;
  for (const record of userRecords) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const order = JSON.parse(record.toString()) as Order;
    bytes += JSON.stringify(heavy(order)).length;
  }
  // Written, and not left out by a compiler that found nobody to read it.
  if (bytes === 0) throw new Error("the documents came to nothing");
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(userRecords.length);
}
