import { hostname } from "node:os";
import { checkCredentials, checkedEndpoint, namedEndpoint, proxyRule } from "@kinesis-connectors/aws";
import {
  type Clock,
  guardedLogger,
  nonEmptyText,
  systemClock,
  systemRandom,
  wholeNumber,
  checkOptions,
  type OptionNames,
  invalidOption,
} from "@kinesis-connectors/core";
import type { WireFormat } from "@kinesis-connectors/wire/protocol";
import type { AwsClientOptions } from "./kinesis/clients/client-options.js";
import {
  checkConsumerName,
  type FanOut,
  fanOut,
  type FanOutOptions,
  partsOf,
} from "./reading/fan-out-consumer.js";
import type { InitialPosition, LeaseTable } from "@kinesis-connectors/leases";
import { isTableName } from "./lease-table/own-lease-table.js";
import { LEASE_OPTIONS, type LeaseSettings, leaseSettings } from "./worker/lease-settings.js";
import type { EngineSettings } from "./engines/engines-of.js";
import { checkParts } from "./own-parts.js";
import { isModule, isPipeline, moduleUrl } from "./engines/pipeline-module.js";
import { type Polling, polling } from "./reading/polling-reader.js";
import type { StreamName } from "./kinesis/sdk-kinesis.js";
import { threadsOf } from "./engines/threads/threads-option.js";
import type { ConnectorOptions, Credentials } from "./options.js";

const NAMES: OptionNames<ConnectorOptions<unknown, unknown>> = {
  application: "required",
  stream: true,
  streamArn: true,
  pipeline: "required",
  threads: true,
  initialPosition: { at: true },
  until: { at: "required" },
  retrieval: true,
  region: true,
  endpoints: { kinesis: true, dynamodb: true },
  allowInsecure: true,
  proxy: true,
  wireFormat: true,
  credentials: true,
  clients: { kinesis: true, dynamodb: true },
  kinesisApi: true,
  leaseTable: true,
  workerId: true,
  leases: LEASE_OPTIONS,
  maxReadAheadBytes: true,
  stopDeadlineMs: true,
  onRetentionGap: true,
  observe: true,
  logger: true,
  signal: true,
  clock: true,
  random: true,
  measureCpu: true,
};

/** `ConnectorOptions`, checked and complete, without what the types of the pipeline say. */
export interface ConnectorSettings extends EngineSettings {
  readonly initialPosition: InitialPosition;
  readonly dynamodb: AwsClientOptions;
  readonly leaseTable: string | LeaseTable;
  readonly ownerId: string;
  readonly leases: LeaseSettings;
  readonly stopDeadlineMs: number;
}

/**
 * Checks the options before anything is started.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option and what it takes
 */
export function connectorSettings<Model, Output, Plan, DeadLetterPlan>(
  options: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
): ConnectorSettings {
  checkOptions("startConnector", options, NAMES);
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const application = nonEmptyText("application", options.application);
  const { pipeline } = options;
  if (!isModule(pipeline) && !isPipeline(pipeline)) {
    throw invalidOption(
      "pipeline must be what definePipeline({ ... }) returns, or the file: URL of a module",
    );
  }
  const threads = threadsOf(options);
  checkParts(options);
  const initialPosition = initialPositionOf(options.initialPosition, clock);
  const { streamName, streamTarget, region } = streamOf(options.stream, options.streamArn);
  const credentials = credentialsOf(options.credentials);
  const allowInsecure = options.allowInsecure === true;
  const { proxy } = options;
  // What cannot be read is told before anything is started.
  proxyRule(proxy);
  const client = { region: options.region ?? region, allowInsecure, proxy };
  const { kinesis, dynamodb } = options.endpoints ?? {};
  return {
    application,
    module: isModule(pipeline) ? moduleUrl(pipeline) : undefined,
    threads,
    streamName,
    streamTarget,
    initialPosition,
    untilMs: untilOf(options.until, initialPosition, clock),
    retrieval: retrievalOf(options.retrieval, application, streamName),
    kinesis: {
      ...client,
      credentials: credentials.kinesis,
      endpoint: endpointOf("kinesis", kinesis, {
        allowInsecure,
        isUsed: options.kinesisApi === undefined && options.clients?.kinesis === undefined,
      }),
      wireFormat: wireFormatOf(options.wireFormat),
    },
    dynamodb: {
      ...client,
      credentials: credentials.dynamodb,
      endpoint: endpointOf("dynamodb", dynamodb, {
        allowInsecure,
        isUsed: typeof options.leaseTable !== "object" && options.clients?.dynamodb === undefined,
      }),
    },
    leaseTable: leaseTableOf(options.leaseTable, application),
    ownerId: `${nonEmptyText("workerId", options.workerId ?? hostname())}:${random.uuid()}`,
    leases: leaseSettings(options.leases),
    maxReadAheadBytes: wholeNumber("maxReadAheadBytes", options.maxReadAheadBytes ?? 256 * 1024 * 1024, {
      min: 1,
    }),
    stopDeadlineMs: wholeNumber("stopDeadlineMs", options.stopDeadlineMs ?? 30_000, { min: 1 }),
    onRetentionGap: gapPolicyOf(options.onRetentionGap),
    logger: options.logger === undefined ? undefined : guardedLogger("logger", options.logger),
    clock,
    random,
  };
}

/**
 * Checks options as `startConnector` does, and starts nothing.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option and what it takes
 */
export function checkConnectorOptions<Model, Output, Plan, DeadLetterPlan>(
  options: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
): void {
  connectorSettings(options);
}

// CreateStream, StreamName: 1 to 128 characters of [a-zA-Z0-9_.-].
const STREAM_NAME = /^[a-zA-Z0-9_.-]{1,128}$/;
const STREAM_ARN = /^arn:aws[a-z-]{0,20}:kinesis:([a-z0-9-]{1,40}):\d{12}:stream\/([a-zA-Z0-9_.-]{1,128})$/;

function streamOf(
  stream: string | undefined,
  streamArn: string | undefined,
): { streamName: string; streamTarget: StreamName; region: string | undefined } {
  if (streamArn !== undefined) {
    if (stream !== undefined) throw invalidOption("stream and streamArn are both given: give one of them");
    const found = STREAM_ARN.exec(nonEmptyText("streamArn", streamArn));
    if (found?.[1] === undefined || found[2] === undefined) {
      throw invalidOption("streamArn must look like arn:aws:kinesis:<region>:<account>:stream/<name>");
    }
    return { streamName: found[2], streamTarget: { StreamARN: streamArn }, region: found[1] };
  }
  if (stream === undefined)
    throw invalidOption("stream is missing: give the stream's name, or its ARN as streamArn");
  if (!STREAM_NAME.test(nonEmptyText("stream", stream))) {
    throw invalidOption(
      "stream must be a stream's name: 1 to 128 letters, digits, '_', '.' or '-' (an ARN goes into streamArn)",
    );
  }
  return { streamName: stream, streamTarget: { StreamName: stream }, region: undefined };
}

function initialPositionOf(
  position: "TRIM_HORIZON" | "LATEST" | { readonly at: Date } | undefined,
  clock: Clock,
): InitialPosition {
  if (position === undefined || position === "TRIM_HORIZON") return { type: "trim-horizon" };
  if (position === "LATEST") return { type: "latest" };
  const timestampMs =
    typeof position === "object" && position.at instanceof Date ? position.at.getTime() : Number.NaN;
  if (Number.isNaN(timestampMs)) {
    throw invalidOption('initialPosition must be "TRIM_HORIZON", "LATEST" or { at: a valid Date }');
  }
  if (timestampMs < 0) throw invalidOption(`initialPosition.at ${BEFORE_ALL}`);
  if (timestampMs > clock.now())
    throw invalidOption("initialPosition.at lies in the future: give a moment that has passed");
  return { type: "at-timestamp", timestampMs };
}

/** A row that held it would be no lease to anybody. */
const BEFORE_ALL = "lies before 1970, before there was any stream: give a later moment";

function untilOf(
  until: { readonly at: Date } | undefined,
  initialPosition: InitialPosition,
  clock: Clock,
): number | undefined {
  if (until === undefined) return undefined;
  const untilMs = until.at instanceof Date ? until.at.getTime() : Number.NaN;
  if (Number.isNaN(untilMs)) throw invalidOption("until must be { at: a valid Date }");
  if (untilMs < 0) throw invalidOption(`until.at ${BEFORE_ALL}`);
  const fromMs =
    initialPosition.type === "latest"
      ? clock.now()
      : initialPosition.type === "at-timestamp"
        ? initialPosition.timestampMs
        : undefined;
  if (fromMs !== undefined && untilMs <= fromMs)
    throw invalidOption("until.at must be later than initialPosition, or nothing is between them");
  return untilMs;
}

/** Checked again, for those who wrote the object by hand. */
function retrievalOf(
  retrieval: Polling | FanOut | undefined,
  application: string,
  streamName: string,
): Polling | FanOut {
  if (retrieval === undefined) return polling();
  if (retrieval.type === "polling") {
    const { type: _type, ...options } = retrieval;
    return polling(options);
  }
  if (retrieval.type !== "fan-out")
    throw invalidOption("retrieval must be polling({ ... }) or fanOut({ ... })");
  const { type: _type, ...given } = retrieval;
  // What `fanOut` returned says undefined for what was left out, and its options may not.
  const options: FanOutOptions = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  const { consumerName, consumerArn } = options;
  if (consumerName === undefined && consumerArn === undefined) checkConsumerName("application", application);
  const checked = fanOut(options);
  const ofStream = consumerArn === undefined ? streamName : partsOf(consumerArn)?.streamName;
  if (ofStream !== streamName)
    throw invalidOption(
      `retrieval.consumerArn is a consumer of stream ${ofStream}, and this connector reads ${streamName}`,
    );
  return checked;
}

function credentialsOf(given: ConnectorOptions<unknown, unknown>["credentials"]): {
  readonly kinesis: Credentials | undefined;
  readonly dynamodb: Credentials | undefined;
} {
  if (given === undefined || typeof given === "function") return { kinesis: given, dynamodb: given };
  if (typeof given === "object" && given !== null) {
    if ("kinesis" in given || "dynamodb" in given) {
      checkOptions("credentials", given, { kinesis: true, dynamodb: true });
      checkCredentials("credentials.kinesis", given.kinesis);
      checkCredentials("credentials.dynamodb", given.dynamodb);
      return { kinesis: given.kinesis, dynamodb: given.dynamodb };
    }
    checkCredentials("credentials", given);
    if ("accessKeyId" in given) return { kinesis: given, dynamodb: given };
  }
  throw invalidOption(
    "credentials must be keys, a function that fetches them, or { kinesis, dynamodb } of either",
  );
}

function leaseTableOf(leaseTable: string | LeaseTable | undefined, application: string): string | LeaseTable {
  if (typeof leaseTable === "object") return leaseTable;
  if (isTableName(leaseTable ?? application)) return leaseTable ?? application;
  throw invalidOption(
    leaseTable === undefined
      ? "application names the lease table too, and must be 3 to 255 letters, digits, '_', '.' or '-'; or give leaseTable"
      : "leaseTable must be 3 to 255 letters, digits, '_', '.' or '-'",
  );
}

/** Records and signatures must not travel in the clear by accident, whoever names the endpoint; `isUsed` only where a client is made. */
function endpointOf(
  service: "kinesis" | "dynamodb",
  endpoint: string | undefined,
  { allowInsecure, isUsed }: { readonly allowInsecure: boolean; readonly isUsed: boolean },
): string | undefined {
  const option = `endpoints.${service}`;
  if (isUsed) namedEndpoint(endpoint, `AWS_ENDPOINT_URL_${service.toUpperCase()}`, allowInsecure, option);
  else if (endpoint !== undefined) checkedEndpoint(endpoint, allowInsecure, option);
  return endpoint;
}

function wireFormatOf(format: WireFormat | undefined): WireFormat {
  if (format === undefined) return "auto";
  if (format === "auto" || format === "cbor" || format === "json") return format;
  throw invalidOption('wireFormat must be "auto", "cbor" or "json"');
}

function gapPolicyOf(policy: "stop" | "continue" | undefined): "stop" | "continue" {
  if (policy === undefined || policy === "stop" || policy === "continue") return policy ?? "stop";
  throw invalidOption('onRetentionGap must be "stop" or "continue"');
}
