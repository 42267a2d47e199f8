export type { Gap } from "./repair/gaps.js";
export type { RepairedGap } from "./repair/gaps-source.js";
export { type ArchiveRepair, repairArchive, type RepairOptions } from "./repair-archive.js";
export { type Replay } from "./replay-run.js";
export type { ReplayEvent } from "./sources/replay-events.js";
export type { ReplayRunOptions } from "./run-options.js";
export type { ReplayTotals } from "./progress.js";
export { type ReplayOptions, startReplay } from "./start-replay.js";
export {
  deadLetters,
  type DeadLetterPlace,
  type DeadLettersOptions,
  s3Archive,
  type S3ArchiveOptions,
} from "./sources/s3-archive.js";
export type { OpenedSource, ReplaySource, SourceContext, SourceShard } from "./sources/source.js";
export { streamRange, type StreamRangeOptions } from "./sources/stream-range.js";
