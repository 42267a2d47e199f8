import { hostname } from "node:os";
import {
  type Clock,
  guardedLogger,
  invalidOption,
  type Logger,
  nonEmptyText,
  type Random,
  silentLogger,
  systemClock,
  systemRandom,
  wholeNumber,
} from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";
import { leaseTableOf } from "./lease-table.js";
import type { ReplayEvent } from "./sources/replay-events.js";
import type { ReplayRunOptions } from "./run-options.js";

/** Bytes per second that are read of a shard where nothing else is said: a quarter of the 2 MiB that all its readers share (GetRecords, API reference). */
const DEFAULT_BYTES_PER_SECOND = 512 * 1024;

/** `ReplayRunOptions`, checked and complete. */
export interface RunSettings {
  readonly application: string;
  readonly ownerId: string;
  /** The table, made when the replay starts: its clients are loaded by those who need them. */
  readonly leaseTable: () => Promise<LeaseTable>;
  readonly maxBytesPerSecond: number;
  readonly shardConcurrency: number;
  readonly maxReadAheadBytes: number;
  readonly stopDeadlineMs: number;
  readonly onRetentionGap: "stop" | "continue";
  readonly observe: ((event: ReplayEvent) => void) | undefined;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
}

/** @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option */
export function runSettings(options: ReplayRunOptions, pipelineLogger: Logger | undefined): RunSettings {
  const { onRetentionGap = "stop", observe, clock = systemClock, random = systemRandom } = options;
  const application = nonEmptyText("application", options.application);
  if (onRetentionGap !== "stop" && onRetentionGap !== "continue")
    throw invalidOption('onRetentionGap must be "stop" or "continue"');
  if (observe !== undefined && typeof observe !== "function")
    throw invalidOption("observe must be a function, which is called with each event");
  const logger = guardedLogger("logger", options.logger ?? pipelineLogger ?? silentLogger);
  const whole = (
    name: "maxBytesPerSecond" | "shardConcurrency" | "maxReadAheadBytes" | "stopDeadlineMs",
    otherwise: number,
  ) => wholeNumber(name, options[name] ?? otherwise, { min: 1 });
  return {
    application,
    // Names this start of this process, and no other one.
    ownerId: `${hostname()}:${random.uuid()}`,
    leaseTable: leaseTableOf(options, application, { logger, clock, random }),
    maxBytesPerSecond: whole("maxBytesPerSecond", DEFAULT_BYTES_PER_SECOND),
    shardConcurrency: whole("shardConcurrency", 32),
    maxReadAheadBytes: whole("maxReadAheadBytes", 64 * 1024 * 1024),
    stopDeadlineMs: whole("stopDeadlineMs", 30_000),
    onRetentionGap,
    observe,
    logger,
    signal: options.signal ?? new AbortController().signal,
    clock,
    random,
  };
}
