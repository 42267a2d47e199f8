import type { StreamRecord } from "@kinesis-connectors/consumer/reading";
import { KinesisConnectorError } from "@kinesis-connectors/core";

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
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for an event that is not one of Kinesis
 */
export function shardsOf(event: KinesisEvent): readonly ShardRecords[] {
  if (!Array.isArray(event?.Records)) throw notOfKinesis("it has no Records");
  const shards = new Map<string, { shardId: string; streamArn: string; records: StreamRecord[] }>();
  for (const { eventID, eventSourceARN, kinesis } of event.Records) {
    if (typeof kinesis?.sequenceNumber !== "string" || typeof eventID !== "string")
      throw notOfKinesis("a record of it has no kinesis.sequenceNumber or no eventID");
    const shardId = eventID.slice(0, eventID.indexOf(":"));
    const { streamArn } = partsOf(eventSourceARN);
    const key = `${streamArn} ${shardId}`;
    let shard = shards.get(key);
    if (shard === undefined) shards.set(key, (shard = { shardId, streamArn, records: [] }));
    shard.records.push({
      sequenceNumber: kinesis.sequenceNumber,
      partitionKey: kinesis.partitionKey,
      data: Buffer.from(kinesis.data, "base64"),
      // Rounded: the fraction is one of milliseconds, and a record read from the stream itself has the same.
      arrivalTimeMs: Math.round(kinesis.approximateArrivalTimestamp * 1_000),
    });
  }
  return [...shards.values()];
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
