/** Levels of log lines, the quietest last. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** How much is logged. */
export type LogLevel = (typeof LOG_LEVELS)[number];
