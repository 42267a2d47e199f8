import { runWorkerProcess } from "@kinesis-connectors/app-sample";
import { logsPipeline } from "./pipeline.js";

/** A worker in a process of its own, for `--kills`. */
await runWorkerProcess(logsPipeline);
