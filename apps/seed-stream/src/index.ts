export { clicks } from "./clicks.js";
export { inputFlag, readFlags, runApp, UsageError, wholeNumberFlag } from "./command-line.js";
export { openInput, readLines } from "./lines.js";
export { ProgressBar } from "./progress-bar.js";
export { type PlacedRecord, putLines, type PutOptions } from "./put-records.js";
export { pick, type SeededNumbers, seededNumbers } from "./seeded-numbers.js";
