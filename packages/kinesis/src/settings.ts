import { AWS_CONNECTION_OPTIONS } from "@kinesis-connectors/aws";
import {
  type Batch,
  type KinesisRecord,
  jsonOfOutput,
  wholeNumber,
  checkOptions,
  type OptionNames,
  invalidOption,
  poisonRecord,
} from "@kinesis-connectors/core";
import {
  DEFAULT_AGGREGATE_BYTES,
  DEFAULT_MAX_RECORD_BYTES,
  LARGEST_RECORD_BYTES,
  MAX_LARGE_REQUEST_BYTES,
  MAX_PARTITION_KEY_BYTES,
  MAX_REQUEST_BYTES,
} from "./limits.js";
import type { KinesisEmitterOptions } from "./options.js";

const NAMES: OptionNames<KinesisEmitterOptions<unknown>> = {
  ...AWS_CONNECTION_OPTIONS,
  stream: true,
  streamArn: true,
  data: true,
  partitionKey: true,
  explicitHashKey: true,
  ordering: true,
  aggregate: { maxBytes: true, maxRecords: true },
  positionField: true,
  maxRecordBytes: true,
  wireFormat: true,
};

/** How the stream is named in requests. */
export type StreamTarget = { readonly StreamName: string } | { readonly StreamARN: string };

/** `KinesisEmitterOptions`, checked and complete. */
export interface KinesisSettings<Output> {
  /** For messages: the name, also when an ARN was given. */
  readonly streamName: string;
  readonly target: StreamTarget;
  /** The region of the ARN. */
  readonly region: string | undefined;
  readonly data: (output: Output, record: KinesisRecord, batch: Batch<Output>) => Uint8Array | string;
  readonly partitionKey: (output: Output, record: KinesisRecord) => string;
  readonly explicitHashKey: (output: Output, record: KinesisRecord) => string | undefined;
  readonly ordering: "partition-key" | "none";
  readonly aggregate: { readonly maxBytes: number; readonly maxRecords?: number } | undefined;
  readonly maxRecordBytes: number;
  readonly maxRequestBytes: number;
}

// CreateStream, StreamName: 1 to 128 characters of [a-zA-Z0-9_.-].
const STREAM_NAME = /^[a-zA-Z0-9_.-]{1,128}$/;
const STREAM_ARN = /^arn:aws[a-z-]{0,20}:kinesis:([a-z0-9-]{1,40}):\d{12}:stream\/([a-zA-Z0-9_.-]{1,128})$/;

/**
 * Checks the options and fills in what was left out.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function settingsFrom<Output>(options: KinesisEmitterOptions<Output>): KinesisSettings<Output> {
  checkOptions("kinesisEmitter", options, NAMES);
  const { ordering = "partition-key", partitionKey, explicitHashKey } = options;
  if (ordering !== "partition-key" && ordering !== "none")
    throw invalidOption('ordering must be "partition-key" or "none"');
  for (const name of ["data", "partitionKey", "explicitHashKey"] as const) {
    if (options[name] !== undefined && typeof options[name] !== "function")
      throw invalidOption(`${name} must be a function of the output and its record`);
  }
  const maxRecordBytes = wholeNumber("maxRecordBytes", options.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES, {
    min: DEFAULT_MAX_RECORD_BYTES,
    max: LARGEST_RECORD_BYTES,
  });
  return {
    ...streamOf(options),
    data: dataOf(options),
    partitionKey: partitionKey ?? ((_output, record) => record.partitionKey),
    // The source's own hash key belongs to the source's own partition key.
    explicitHashKey:
      explicitHashKey ??
      ((_output, record) => (partitionKey === undefined ? record.explicitHashKey : undefined)),
    ordering,
    aggregate: aggregateOf(options.aggregate, maxRecordBytes),
    maxRecordBytes,
    maxRequestBytes: maxRecordBytes > DEFAULT_MAX_RECORD_BYTES ? MAX_LARGE_REQUEST_BYTES : MAX_REQUEST_BYTES,
  };
}

function streamOf<Output>({
  stream,
  streamArn,
}: KinesisEmitterOptions<Output>): Pick<KinesisSettings<Output>, "streamName" | "target" | "region"> {
  if (streamArn !== undefined) {
    if (stream !== undefined) throw invalidOption("stream and streamArn are both given: give one of them");
    const found = typeof streamArn === "string" ? STREAM_ARN.exec(streamArn) : null;
    if (found?.[1] === undefined || found[2] === undefined)
      throw invalidOption("streamArn must look like arn:aws:kinesis:<region>:<account>:stream/<name>");
    return { streamName: found[2], target: { StreamARN: streamArn }, region: found[1] };
  }
  if (stream === undefined)
    throw invalidOption("stream is missing: give the stream's name, or its ARN as streamArn");
  if (typeof stream !== "string" || !STREAM_NAME.test(stream))
    throw invalidOption(
      "stream must be a stream's name: 1 to 128 letters, digits, '_', '.' or '-' (an ARN goes into streamArn)",
    );
  return { streamName: stream, target: { StreamName: stream }, region: undefined };
}

function aggregateOf(
  aggregate: KinesisEmitterOptions<unknown>["aggregate"],
  maxRecordBytes: number,
): KinesisSettings<unknown>["aggregate"] {
  if (aggregate === undefined || aggregate === false) return undefined;
  if (aggregate === true) return { maxBytes: DEFAULT_AGGREGATE_BYTES };
  if (typeof aggregate !== "object" || aggregate === null)
    throw invalidOption("aggregate must be true, false or { maxBytes, maxRecords }");
  const { maxBytes = DEFAULT_AGGREGATE_BYTES, maxRecords } = aggregate;
  return {
    // The key of the aggregate counts against the record too, and is not known yet.
    maxBytes: wholeNumber("aggregate.maxBytes", maxBytes, {
      min: 1,
      max: maxRecordBytes - MAX_PARTITION_KEY_BYTES,
    }),
    ...(maxRecords === undefined
      ? {}
      : { maxRecords: wholeNumber("aggregate.maxRecords", maxRecords, { min: 1, max: 100_000 }) }),
  };
}

function dataOf<Output>(options: KinesisEmitterOptions<Output>): KinesisSettings<Output>["data"] {
  const { data, positionField } = options;
  if (positionField === undefined) return data ?? dataAsItIs;
  if (typeof positionField !== "string" || positionField === "")
    throw invalidOption("positionField must be the name of a field");
  if (data !== undefined)
    throw invalidOption("positionField cannot be given beside data: let data write the position itself");
  return (output, record, batch) => withPosition(output, positionField, record, batch);
}

/** Bytes and texts as they are, everything else as JSON, its numbers with all their digits. */
export function dataAsItIs(output: unknown): Uint8Array | string {
  return output instanceof Uint8Array || typeof output === "string" ? output : jsonOfOutput(output);
}

/** The output's JSON with one more field at its end. Put into the text, so that an own `toJSON` of the output counts. */
function withPosition(
  output: unknown,
  field: string,
  { sequenceNumber, subSequenceNumber }: KinesisRecord,
  { stream, shardId }: Pick<Batch<never>, "stream" | "shardId">,
): string {
  const document = output instanceof Uint8Array ? "" : jsonOfOutput(output);
  if (!document.startsWith("{"))
    throw poisonRecord(
      "the position is written into JSON objects only; let data(...) write it into anything else",
    );
  if (typeof output === "object" && output !== null && Object.hasOwn(output, field))
    throw poisonRecord("the output has a field of the name given as positionField: choose another name");
  const position = JSON.stringify({ stream, shardId, sequenceNumber, subSequenceNumber });
  const separator = document === "{}" ? "" : ",";
  return `${document.slice(0, -1)}${separator}${JSON.stringify(field)}:${position}}`;
}
