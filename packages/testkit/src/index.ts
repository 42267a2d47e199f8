export { batchOf, batchOfEntries, entryOf } from "./batches.js";
export {
  type ClockAhead,
  type ClockAheadOptions,
  type ClockAheadService,
  startClockAhead,
} from "./clock-ahead.js";
export {
  type ArrangeFault,
  type ContractCapabilities,
  type ContractFaults,
  type ContractLimits,
  type EmitterContract,
  type EmitterUnderTest,
  excluded,
  type Excluded,
  type HasFired,
  type TakenRequest,
  type TestFunctions,
} from "./contract/contract.js";
export { describeEmitterContract } from "./contract/describe-emitter-contract.js";
export { declaredCapabilities } from "./contract/obligations/declared-capabilities.js";
export { declaredOrder } from "./contract/obligations/declared-order.js";
export { emptyBatch } from "./contract/obligations/empty-batch.js";
export { encodedOutputs } from "./contract/obligations/encoded-outputs.js";
export { lostReply } from "./contract/obligations/lost-reply.js";
export { oversizedRecord } from "./contract/obligations/oversized-record.js";
export { promptAbort } from "./contract/obligations/prompt-abort.js";
export { refusedCredentials } from "./contract/obligations/refused-credentials.js";
export { refusedRecords } from "./contract/obligations/refused-records.js";
export { repeatedBatch } from "./contract/obligations/repeated-batch.js";
export { repeatedClose } from "./contract/obligations/repeated-close.js";
export { requestLimits } from "./contract/obligations/request-limits.js";
export { throttling } from "./contract/obligations/throttling.js";
export { untouchedInput } from "./contract/obligations/untouched-input.js";
export { wholeBatch } from "./contract/obligations/whole-batch.js";
export { contextOf, deliver, deliverStubbornly, planOf } from "./emission.js";
export { failureFrom, keepingLogger, thrownBy } from "./errors-and-logs.js";
export { seededRandom } from "./seeded-random.js";
export {
  type LoopbackProxy,
  type LoopbackProxyOptions,
  type ProxyAnswer,
  startLoopbackProxy,
} from "./loopback-proxy.js";
export { type MemoryCheckpointer, memoryCheckpointer } from "./memory-checkpointer.js";
export { type RecordContent, recordsOf } from "./records.js";
export { type PipelineRun, runPipeline, type RunPipelineOptions } from "./run-pipeline.js";
export { type SimulatedShard, simulatedShard, type SimulatedShardOptions } from "./simulated-shard.js";
export { type VirtualClock, virtualClock } from "./virtual-clock.js";
