import { runWorkerProcess } from "@kinesis-connectors/app-sample";
import { type OrderDatabase, ordersPipeline } from "./pipeline.js";

/** A worker in a process of its own, for `--kills`. */
await runWorkerProcess((database: OrderDatabase) => ordersPipeline(database));
