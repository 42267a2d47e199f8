import type { StreamRecord } from "@kinesis-connectors/consumer/reading";
import { compareSequenceNumbers, invalidOption, KinesisConnectorError } from "@kinesis-connectors/core";

/** A record as an event source mapping of Kinesis hands it over (Lambda developer guide, "Process Amazon Kinesis Data Streams records with Lambda"). */
export interface KinesisEventRecord {
  /** `<shard id>:<sequence number>`. */
  readonly eventID: string;
  /** The ARN of the stream, or of the registered consumer that it is read with. */
  readonly eventSourceARN: string;
  readonly kinesis: {
    readonly sequenceNumber: string;
    readonly partitionKey: string;
    /** Base64. */
    readonly data: string;
    /** Epoch seconds, with a fraction. */
    readonly approximateArrivalTimestamp: number;
  };
}

/** The event of one invocation; `KinesisStreamEvent` of `@types/aws-lambda` is one. */
export interface KinesisEvent {
  readonly Records: readonly KinesisEventRecord[];
}

/** The part of an invocation's context that is used here; `Context` of `@types/aws-lambda` is one. */
export interface InvocationContext {
  readonly awsRequestId: string;
  /** The function's ARN, with the alias or version that the mapping calls. */
  readonly invokedFunctionArn: string;
  readonly getRemainingTimeInMillis: () => number;
}

/** The answer of an invocation. An empty list is success; the lowest sequence number named is where the service goes on, everything from there on comes again. */
export interface KinesisBatchResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

/** The records of one shard in an event, in their order. */
export interface ShardRecords {
  readonly shardId: string;
  readonly streamArn: string;
  /** At least one. */
  readonly records: readonly StreamRecord[];
}

/**
 * The records of an event, by shard. The service fills an event from one shard; others that call a function may not.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for an event that is not as one of Kinesis is: what stands in it would land wrong, twice or not at all
 */
export function shardsOf(event: KinesisEvent): readonly ShardRecords[] {
  if (!Array.isArray(event?.Records)) throw notOfKinesis("it has no Records");
  const shards = new Map<string, { shardId: string; streamArn: string; records: StreamRecord[] }>();
  for (const given of event.Records as readonly unknown[]) {
    const { eventID, eventSourceARN, kinesis } = recordOf(given);
    const { streamArn } = partsOf(eventSourceARN);
    const shardId = SHARD_OF_EVENT_ID.exec(eventID)?.[1];
    if (shardId === undefined)
      throw notOfKinesis("the eventID of a record is not <shard id>:<sequence number>");
    const key = `${streamArn} ${shardId}`;
    let shard = shards.get(key);
    if (shard === undefined) shards.set(key, (shard = { shardId, streamArn, records: [] }));
    const { sequenceNumber, partitionKey } = kinesis;
    const before = shard.records.at(-1)?.sequenceNumber;
    // What comes behind its successor would be taken for something that was delivered before.
    if (before !== undefined && compareSequenceNumbers(before, sequenceNumber) >= 0)
      throw notOfKinesis(
        `after record ${before} of ${shardId} comes ${sequenceNumber}, and a shard's records rise: hand the event on as Lambda gave it, aggregates not taken apart`,
      );
    shard.records.push({
      sequenceNumber,
      partitionKey,
      data: bytesOf(kinesis.data),
      // Rounded: the fraction is one of milliseconds, and a record read from the stream itself has the same.
      arrivalTimeMs: Math.round(kinesis.approximateArrivalTimestamp * 1_000),
    });
  }
  return [...shards.values()];
}

/** `<shard id>:<sequence number>`. */
const SHARD_OF_EVENT_ID = /^([a-zA-Z0-9_.-]{1,128}):[0-9]+$/;

function recordOf(given: unknown): KinesisEventRecord {
  const record = (given ?? {}) as Partial<KinesisEventRecord>;
  const { eventID, eventSourceARN, kinesis } = record;
  if (typeof eventID !== "string" || typeof kinesis?.sequenceNumber !== "string")
    throw notOfKinesis("a record of it has no kinesis.sequenceNumber or no eventID");
  if (!/^[0-9]+$/.test(kinesis.sequenceNumber))
    throw notOfKinesis("a kinesis.sequenceNumber is no whole number");
  if (typeof kinesis.partitionKey !== "string" || typeof kinesis.data !== "string")
    throw notOfKinesis(
      "a record of it has no text as kinesis.data or kinesis.partitionKey; a middleware that decodes records must not stand before the handler",
    );
  if (!(kinesis.approximateArrivalTimestamp >= 0) || !Number.isFinite(kinesis.approximateArrivalTimestamp))
    throw notOfKinesis("a record of it has no number as kinesis.approximateArrivalTimestamp");
  return { eventID, eventSourceARN: eventSourceARN ?? "", kinesis };
}

/** Whoever decodes leaves out what is no base64, without a word. */
function bytesOf(base64: string): Uint8Array {
  const data = Buffer.from(base64, "base64");
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  if (base64.length % 4 === 0 && data.length === (base64.length / 4) * 3 - padding) return data;
  throw notOfKinesis(
    `kinesis.data of a record is no base64 (${base64.length} characters); a middleware that decodes records must not stand before the handler`,
  );
}

/**
 * Looks whether a context is one of Lambda's.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function requireContext(context: InvocationContext): void {
  const given = (context ?? {}) as Partial<InvocationContext>;
  const missing =
    typeof given.getRemainingTimeInMillis !== "function"
      ? "a function getRemainingTimeInMillis, and without it an invocation cannot let go before Lambda ends it"
      : typeof given.awsRequestId !== "string"
        ? "a text awsRequestId"
        : typeof given.invokedFunctionArn !== "string"
          ? "a text invokedFunctionArn"
          : undefined;
  if (missing === undefined) return;
  throw invalidOption(
    `the handler's second argument lacks ${missing}: hand it the context that Lambda gives`,
  );
}

/** `arn:aws:kinesis:<region>:<account>:stream/<name>`, with `/consumer/<name>:<time>` behind it for a registered consumer. */
const SOURCE_ARN =
  /^(arn:aws[a-z-]{0,20}:kinesis:([a-z0-9-]{1,40}):\d{12}:stream\/([a-zA-Z0-9_.-]{1,128}))(?:\/consumer\/.+)?$/;

/**
 * What the ARN of a source says of the stream itself.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for another one than that of a Kinesis stream
 */
export function partsOf(eventSourceArn: string): {
  readonly streamArn: string;
  readonly region: string;
  readonly stream: string;
} {
  const [, streamArn, region, stream] = SOURCE_ARN.exec(eventSourceArn) ?? [];
  if (streamArn === undefined || region === undefined || stream === undefined)
    throw notOfKinesis("the eventSourceARN of a record is not that of a Kinesis stream");
  return { streamArn, region, stream };
}

function notOfKinesis(reason: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_OPTION_INVALID",
    `the event does not come from an event source mapping of a Kinesis stream: ${reason}; give the function such a mapping, and nothing else that calls it`,
  );
}
