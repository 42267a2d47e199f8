export { clicks } from "./clicks.js";
export {
  deliver,
  type Delivered,
  faultsMet,
  figuresOf,
  localTo,
  rate,
  type RecordOfStream,
  type SeenProgress,
} from "./deliver.js";
export {
  bucketName,
  type Flag,
  inputFile,
  oneOf,
  optional,
  recordCount,
  SAMPLE_FLAGS,
  streamName,
  text,
  textOr,
  toggle,
  UsageError,
  wholeNumber,
} from "./flags.js";
export { deliverThroughKills, type KilledDelivery } from "./kills/deliver-through-kills.js";
export { runWorkerProcess } from "./kills/worker-process.js";
export { kinesisClient } from "./kinesis-client.js";
export { openInput, readLines } from "./lines.js";
export { askOpenSearch, bulkRequestsHindered, hinderOpenSearch } from "./open-search.js";
export {
  type WrittenRecord,
  putLines,
  type PutOptions,
  putRecords,
  type RecordToPut,
} from "./put-records.js";
export { checkReadings, type ReadingsCheck } from "./readings/check-readings.js";
export { isWarm, type Reading } from "./readings/reading.js";
export {
  type RunOptions as ReadingsRunOptions,
  runReadings,
  type RunResult as ReadingsRunResult,
} from "./readings/run-readings.js";
export { type Running, runSample, UNWATCHED, type Verdict } from "./run-sample.js";
export { pick, type SeededNumbers, seededNumbers } from "./seeded-numbers.js";
export { type SettlingConnector, untilSettled } from "./until-settled.js";
export { adminPort, type Watch, watch } from "./watch.js";
