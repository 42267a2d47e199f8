import { runWorkerProcess } from "@kinesis-connectors/app-sample";
import { ordersPipeline } from "./pipeline.js";

/** A writer in a process of its own, for `--writers` and `--kills`. */
await runWorkerProcess(ordersPipeline);
