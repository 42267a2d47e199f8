import type { Clock, Logger, Pipeline, Random, ShardEvent } from "@kinesis-connectors/core";
import {
  checkOptions,
  guardedLogger,
  invalidOption,
  nonEmptyText,
  type OptionNames,
  silentLogger,
  systemClock,
  systemRandom,
  wholeNumber,
} from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";
import { DEFAULT_READ_AHEAD_BYTES, DEFAULT_STOP_DEADLINE_MS } from "./limits.js";
import type { DaemonLink } from "./protocol/daemon-link.js";

/** Options of `runKclChild`. */
export interface KclChildOptions<Model, Output, Plan = undefined, DeadLetterPlan = undefined> {
  /** The daemon's `applicationName`. Names what belongs together: all children of the same application share the journal. */
  readonly application: string;
  /** The pipeline, as `definePipeline` returned it: the very object that `startConnector` takes. */
  readonly pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>;
  /**
   * The journal: the name of a DynamoDB table, created when missing, or a table of one's own. It is never the daemon's own lease table, which is named
   * like the application. Default: `<application>-journal` in DynamoDB, with region, credentials and endpoint of the environment.
   */
  readonly leaseTable?: string | LeaseTable;
  /** Names the stream in events, in the log and in what is written beside records, since the daemon does not tell its child. Default: `application`. */
  readonly stream?: string;
  /** Most bytes that this shard keeps between reading and committing. A daemon starts a process for each of its shards. Default 64 MiB. */
  readonly maxReadAheadBytes?: number;
  /**
   * Time limit of a graceful stop, in milliseconds; then the rest is left to the next child. Keep the daemon's `shutdownGraceMillis` above it.
   * Default 30,000.
   */
  readonly stopDeadlineMs?: number;
  /** Reaction to a prepared batch whose records are gone from the stream before they could be read again. Default `stop`. */
  readonly onRetentionGap?: "stop" | "continue";
  /** Called with every event of the shard, between two steps of the delivery. What it throws is caught, and logged once. Default: nobody. */
  readonly observe?: (event: ShardEvent) => void;
  /** Takes the log lines; `console` will do, since it writes to standard error here. Default: the pipeline's. */
  readonly logger?: Logger;
  /** Another way to the daemon than standard input and output, for tests and simulations. */
  readonly link?: DaemonLink;
  /** Tells the time and sets timers. Default: the machine's. */
  readonly clock?: Clock;
  /** Decides what chances decide. Default: the machine's. */
  readonly random?: Random;
}

const NAMES: OptionNames<KclChildOptions<unknown, unknown>> = {
  application: "required",
  pipeline: "required",
  leaseTable: true,
  stream: true,
  maxReadAheadBytes: true,
  stopDeadlineMs: true,
  onRetentionGap: true,
  observe: true,
  logger: true,
  link: true,
  clock: true,
  random: true,
};

/** `KclChildOptions`, checked and complete, without the pipeline and the way to the daemon. */
export interface ChildSettings {
  readonly application: string;
  readonly leaseTable: string | LeaseTable;
  readonly stream: string;
  readonly maxReadAheadBytes: number;
  readonly stopDeadlineMs: number;
  readonly onRetentionGap: "stop" | "continue";
  readonly observe: ((event: ShardEvent) => void) | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

const TABLE_FUNCTIONS = ["open", "get", "create", "update", "describe"] as const;

/**
 * Checks the options before anything is started.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option and what it takes
 */
export function childSettings<Model, Output, Plan, DeadLetterPlan>(
  options: KclChildOptions<Model, Output, Plan, DeadLetterPlan>,
): ChildSettings {
  checkOptions("runKclChild", options, NAMES);
  const { pipeline, onRetentionGap = "stop", observe, clock = systemClock, random = systemRandom } = options;
  const application = nonEmptyText("application", options.application);
  if (typeof pipeline !== "object" || typeof pipeline.emitter !== "object")
    throw invalidOption("pipeline must be a pipeline, as definePipeline returns it");
  if (onRetentionGap !== "stop" && onRetentionGap !== "continue")
    throw invalidOption('onRetentionGap must be "stop" or "continue"');
  if (observe !== undefined && typeof observe !== "function")
    throw invalidOption("observe must be a function, which is called with each event");
  return {
    application,
    leaseTable: journalOf(application, options.leaseTable),
    stream: nonEmptyText("stream", options.stream ?? application),
    maxReadAheadBytes: wholeNumber(
      "maxReadAheadBytes",
      options.maxReadAheadBytes ?? DEFAULT_READ_AHEAD_BYTES,
      { min: 1 },
    ),
    stopDeadlineMs: wholeNumber("stopDeadlineMs", options.stopDeadlineMs ?? DEFAULT_STOP_DEADLINE_MS, {
      min: 1,
    }),
    onRetentionGap,
    observe,
    logger: guardedLogger("logger", options.logger ?? pipeline.logger ?? silentLogger),
    clock,
    random,
  };
}

function journalOf(application: string, leaseTable: unknown): string | LeaseTable {
  if (leaseTable === undefined) return `${application}-journal`;
  if (typeof leaseTable === "string") {
    if (leaseTable === application)
      throw invalidOption(
        `leaseTable must not be ${application}: that is the daemon's own table, and its checkpoints would take what was prepared out of the rows`,
      );
    return nonEmptyText("leaseTable", leaseTable);
  }
  for (const name of TABLE_FUNCTIONS)
    if (typeof leaseTable !== "object" || leaseTable === null || !isFunction(Reflect.get(leaseTable, name)))
      throw invalidOption(`leaseTable must be a table's name or a lease table, with a function ${name}`);
  return leaseTable as LeaseTable;
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}
