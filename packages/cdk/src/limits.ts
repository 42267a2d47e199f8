/** Most seconds that ECS lets a container on Fargate have between SIGTERM and SIGKILL ("Task definition parameters", stopTimeout). */
export const MAX_STOP_TIMEOUT_S = 120;

/** What a stop takes beside `stopDeadlineMs`: closing the emitter and the telemetry, in seconds. */
export const STOP_MARGIN_S = 10;

/** What Node, the SDK and batches under way take beside `maxReadAheadBytes`, in MiB. */
export const MEMORY_MARGIN_MIB = 300;

/** Most records of one invocation of a function ("Lambda parameters for Kinesis", BatchSize). */
export const MAX_BATCH_SIZE = 10_000;

/** Longest that a mapping gathers records for one invocation, in seconds (MaximumBatchingWindowInSeconds). */
export const MAX_BATCHING_WINDOW_S = 300;

/** Longest that a queue keeps a message, in days: what a mapping gave up waits for somebody in it. */
export const QUEUE_RETENTION_DAYS = 14;

/** Seconds between two changes of a fleet: each moves leases. */
export const SCALING_COOLDOWN_S = 600;
