export { clicks } from "./clicks.js";
export {
  inputFlag,
  readFlags,
  runApp,
  runSample,
  SAMPLE_FLAGS,
  UsageError,
  wholeNumberFlag,
} from "./command-line.js";
export { openInput, readLines } from "./lines.js";
export { ProgressBar } from "./progress-bar.js";
export { type PlacedRecord, putLines, type PutOptions, putRecords, type RecordToPut } from "./put-records.js";
export { pick, type SeededNumbers, seededNumbers } from "./seeded-numbers.js";
export { type SettlingConnector, untilSettled } from "./until-settled.js";
