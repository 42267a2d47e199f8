import { runWorkerProcess } from "@kinesis-connectors/app-sample";
import { changesPipeline, type OrderIndex } from "./pipeline.js";

/** A worker in a process of its own, for `--kills`. */
await runWorkerProcess((orders: OrderIndex) => changesPipeline(orders));
