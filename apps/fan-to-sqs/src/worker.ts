import { runWorkerProcess } from "@kinesis-connectors/app-sample";
import { type Target, readingsPipeline } from "./pipeline.js";

/** A worker in a process of its own, for `--kills`. */
await runWorkerProcess((target: Target) => readingsPipeline(target));
