import { type AwsCredentials, checkCredentials, type ProxyOption, proxyRule } from "@kinesis-connectors/aws";
import { isTableName } from "@kinesis-connectors/consumer/dynamodb-leases";
import type { KinesisApi, ReadEvent } from "@kinesis-connectors/consumer/reading";
import {
  checkOptions,
  type Clock,
  guardedLogger,
  guardedObserver,
  invalidOption,
  type Logger,
  nonEmptyText,
  type OptionNames,
  type Pipeline,
  type Random,
  type ShardEvent,
  systemClock,
  systemRandom,
  wholeNumber,
} from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";

import type { Connection } from "./connection.js";
import type { ListMappings } from "./mapping/event-source-mapping.js";

/** Options of `kinesisHandler`. */
export interface KinesisHandlerOptions<Model, Output, Plan = undefined, DeadLetterPlan = undefined> {
  /** Names what belongs together: the rows, the batches, and the lease table unless `leaseTable` does. Workers of the same name go on where the function was. */
  readonly application: string;
  /** What `definePipeline` returned: the very object that `startConnector` takes. Of `buffer`, the age has no effect. */
  readonly pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>;
  /**
   * Where the row of each shard is kept, which fences invocations and remembers what they prepared: the name of a DynamoDB table, made when missing, or a table of one's
   * own. `false`: no rows, for emitters without a plan alone, at least once. Default: a DynamoDB table named like the application.
   */
  readonly leaseTable?: string | LeaseTable | false;
  /**
   * States that the mapping's ParallelizationFactor is 1 and that it has no FilterCriteria, where the function has no right to look
   * (`lambda:ListEventSourceMappings`): nothing is asked then. Default: the mapping is looked at, once for each cold start.
   */
  readonly parallelizationFactor?: 1;
  /**
   * Beside `parallelizationFactor: 1`, states that the mapping has ReportBatchItemFailures, so that an invocation may answer with where to go on. Without that an
   * answer would count as success and lose records: a failure is thrown then, and all of the batch comes again. Default: as the mapping says, else false.
   */
  readonly reportBatchItemFailures?: boolean;
  /** Default: AWS_REGION. */
  readonly region?: string;
  /** Keys, or what fetches them. Default: the SDK's chain, which finds the function's role. */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
  /** Other addresses than AWS's own: `https`, or `http` on this machine. Default: AWS_ENDPOINT_URL_DYNAMODB, _KINESIS and _LAMBDA. */
  readonly endpoints?: { readonly dynamodb?: string; readonly kinesis?: string; readonly lambda?: string };
  /** Permits `http` to other machines. Default false. */
  readonly allowInsecure?: boolean;
  /** URL of a proxy for everything but the pipeline's own destinations, or false for none. Default: what the environment says. */
  readonly proxy?: ProxyOption;
  /** Reaction to records of a prepared batch that were gone before they could be read again. Default `stop`. */
  readonly onRetentionGap?: "stop" | "continue";
  /** Bytes that one invocation may keep between reading and committing. Default 256 MiB. */
  readonly maxReadAheadBytes?: number;
  /** Called with each event of the engine and of reading, as it happens. What it throws is told once in the log, and changes nothing. */
  readonly observe?: (event: ShardEvent | ReadEvent) => void;
  /** Default: the pipeline's, or else `console`, whose lines Lambda keeps. */
  readonly logger?: Logger;
  /** The port to a stream, for simulations. Default: Kinesis, loaded when first needed. */
  readonly kinesisApi?: (streamArn: string) => KinesisApi;
  /** Another way to look at the function's mappings, for simulations. Default: Lambda's ListEventSourceMappings. */
  readonly listMappings?: ListMappings;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default: the machine's. */
  readonly random?: Random;
}

const NAMES: OptionNames<KinesisHandlerOptions<unknown, unknown>> = {
  application: "required",
  pipeline: "required",
  leaseTable: true,
  parallelizationFactor: true,
  reportBatchItemFailures: true,
  region: true,
  credentials: true,
  endpoints: { dynamodb: true, kinesis: true, lambda: true },
  allowInsecure: true,
  proxy: true,
  onRetentionGap: true,
  maxReadAheadBytes: true,
  observe: true,
  logger: true,
  kinesisApi: true,
  listMappings: true,
  clock: true,
  random: true,
};

/** `KinesisHandlerOptions`, checked and complete. */
export interface HandlerSettings<Model, Output, Plan, DeadLetterPlan> {
  readonly application: string;
  readonly pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>;
  readonly leaseTable: string | LeaseTable | false;
  readonly isFactorStated: boolean;
  readonly reportBatchItemFailures: boolean | undefined;
  readonly connection: Connection;
  readonly onRetentionGap: "stop" | "continue";
  readonly maxReadAheadBytes: number;
  readonly observe: (event: ShardEvent | ReadEvent) => void;
  readonly logger: Logger;
  readonly kinesisApi: ((streamArn: string) => KinesisApi) | undefined;
  readonly listMappings: ListMappings | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Checks the options, before anything is asked.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option and what it takes
 */
export function handlerSettings<Model, Output, Plan, DeadLetterPlan>(
  options: KinesisHandlerOptions<Model, Output, Plan, DeadLetterPlan>,
): HandlerSettings<Model, Output, Plan, DeadLetterPlan> {
  checkOptions("kinesisHandler", options, NAMES);
  const { pipeline, observe, onRetentionGap = "stop", credentials, proxy } = options;
  const application = nonEmptyText("application", options.application);
  const logger = guardedLogger("logger", options.logger ?? pipeline?.logger ?? console);
  if (typeof pipeline?.createBuffer !== "function")
    throw invalidOption("pipeline must be what definePipeline({ ... }) returns");
  if (options.parallelizationFactor !== undefined && options.parallelizationFactor !== 1)
    throw invalidOption(
      "parallelizationFactor can only be 1, as a statement about the mapping: with more, batches of one shard overtake each other, and a row that " +
        "remembers how far the shard has come would pass over the ones behind",
    );
  if (onRetentionGap !== "stop" && onRetentionGap !== "continue")
    throw invalidOption('onRetentionGap must be "stop" or "continue"');
  if (observe !== undefined && typeof observe !== "function")
    throw invalidOption("observe must be a function, which is called with each event");
  checkCredentials("credentials", credentials);
  proxyRule(proxy);
  return {
    application,
    pipeline,
    leaseTable: leaseTableOf(options.leaseTable, application, pipeline),
    isFactorStated: options.parallelizationFactor === 1,
    reportBatchItemFailures: options.reportBatchItemFailures,
    connection: {
      region: options.region,
      credentials,
      endpoints: options.endpoints ?? {},
      allowInsecure: options.allowInsecure === true,
      proxy,
    },
    onRetentionGap,
    maxReadAheadBytes: wholeNumber("maxReadAheadBytes", options.maxReadAheadBytes ?? 256 * 1024 * 1024, {
      min: 1,
    }),
    observe: guardedObserver(observe, () => logger),
    logger,
    kinesisApi: options.kinesisApi,
    listMappings: options.listMappings,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  };
}

function leaseTableOf<Model, Output, Plan, DeadLetterPlan>(
  leaseTable: string | LeaseTable | false | undefined,
  application: string,
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
): string | LeaseTable | false {
  if (leaseTable === false) {
    requireNoPlan(pipeline);
    return false;
  }
  if (typeof leaseTable === "object" && leaseTable !== null) return leaseTable;
  if (leaseTable !== undefined && typeof leaseTable !== "string")
    throw invalidOption("leaseTable must be the name of a DynamoDB table, a lease table, or false");
  if (isTableName(leaseTable ?? application)) return leaseTable ?? application;
  throw invalidOption(
    leaseTable === undefined
      ? "application names the lease table too, and must be 3 to 255 letters, digits, '_', '.' or '-'; or give leaseTable"
      : "leaseTable must be 3 to 255 letters, digits, '_', '.' or '-'",
  );
}

/** Lambda cuts a batch that it hands over again anew: names by range alone then differ, and hold the same records twice. */
function requireNoPlan<Model, Output, Plan, DeadLetterPlan>(
  pipeline: Pipeline<Model, Output, Plan, DeadLetterPlan>,
): void {
  const what =
    pipeline.emitter.plan !== undefined
      ? "what this emitter writes"
      : pipeline.deadLetters?.plan !== undefined
        ? "the dead letters"
        : undefined;
  if (what === undefined) return;
  throw invalidOption(
    `leaseTable must not be false here: Lambda may cut a batch anew when it hands it over again, and ${what} would then land twice under another ` +
      "name; leave leaseTable out, or name a table",
  );
}
