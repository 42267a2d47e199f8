export { type EventSource, eventSource } from "./event-source.js";
export type { EventSourceOptions } from "./event-source-options.js";
export type { EventSourceCounts, EventSourceFaults } from "./invoke.js";
export type { DiscardedBatch } from "./lane.js";
export { type FunctionSandbox, type InvocationOrder, type SandboxInside, sandboxOf } from "./sandbox.js";
export { type FunctionProcessOptions, startFunctionProcess } from "./function-process.js";
