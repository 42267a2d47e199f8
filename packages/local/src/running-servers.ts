import { startDynamoDbServer, type DynamoDbServer } from "./dynamodb/dynamodb-server.js";
import { LocalAwsError } from "./errors.js";
import { type FirehoseServer, startFirehoseServer } from "./firehose/firehose-server.js";
import { type IcebergServer, startIcebergServer } from "./iceberg/iceberg-server.js";
import { startKinesisServer, type KinesisServer } from "./kinesis/server.js";
import type { LocalAwsOptions } from "./local-options.js";
import { startOpenSearchServer, type OpenSearchServer } from "./opensearch/opensearch-server.js";
import { startRedshiftServer, type RedshiftServer } from "./redshift/redshift-server.js";
import { startS3Server, type S3Server } from "./s3/s3-server.js";
import { type SqsServer, startSqsServer } from "./sqs/sqs-server.js";
import type { SharedParts } from "./shared-parts.js";

/** The servers that run; undefined for those that were left out. */
export interface Running {
  readonly kinesis: KinesisServer | undefined;
  readonly s3: S3Server | undefined;
  readonly dynamodb: DynamoDbServer | undefined;
  readonly opensearch: OpenSearchServer | undefined;
  readonly redshift: RedshiftServer | undefined;
  readonly iceberg: IcebergServer | undefined;
  readonly firehose: FirehoseServer | undefined;
  readonly sqs: SqsServer | undefined;
}

/** Starts what the options ask for, all at once; when one cannot start, none is left running. */
export async function startServers(options: LocalAwsOptions, shared: SharedParts): Promise<Running> {
  const {
    kinesis = {},
    s3 = {},
    dynamodb = {},
    opensearch = {},
    redshift = false,
    iceberg = false,
    firehose = false,
    sqs = false,
  } = options;
  if (iceberg !== false && s3 === false)
    throw new LocalAwsError(
      "KC_LOCAL_BAD_OPTION",
      "[local] iceberg keeps its tables in the local S3: start without `s3: false`",
    );
  // Redshift and Iceberg reach the objects; they ask only when a call has come, and by then S3 runs.
  const objects: { s3: S3Server | undefined } = { s3: undefined };
  const starts = [
    Promise.resolve(
      kinesis === false
        ? undefined
        : startKinesisServer(shared, {
            ...(options.limits === undefined ? {} : { limits: options.limits }),
            ...kinesis,
          }),
    ),
    s3 === false
      ? Promise.resolve(undefined)
      : startS3Server({ ...shared, ...s3, portOption: "s3.port" }).then((server) => (objects.s3 = server)),
    Promise.resolve(
      dynamodb === false
        ? undefined
        : startDynamoDbServer({ ...shared, ...dynamodb, portOption: "dynamodb.port" }),
    ),
    Promise.resolve(
      opensearch === false
        ? undefined
        : startOpenSearchServer({ ...shared, ...opensearch, portOption: "opensearch.port" }),
    ),
    Promise.resolve(
      redshift === false
        ? undefined
        : startRedshiftServer({
            ...shared,
            ...redshift,
            portOption: "redshift.port",
            objects: {
              read: (bucket, key) => objects.s3?.read(bucket, key),
              list: (bucket, prefix) => objects.s3?.list(bucket, prefix),
            },
          }),
    ),
    Promise.resolve(
      firehose === false
        ? undefined
        : startFirehoseServer({ ...shared, ...firehose, portOption: "firehose.port" }),
    ),
    Promise.resolve(
      sqs === false ? undefined : startSqsServer({ ...shared, ...sqs, portOption: "sqs.port" }),
    ),
  ] as const;
  const catalog = starts[1].then((files) =>
    iceberg === false || files === undefined
      ? undefined
      : startIcebergServer({
          ...shared,
          ...iceberg,
          portOption: "iceberg.port",
          files,
          filesUrl: files.url,
        }),
  );
  const started = await Promise.allSettled([...starts, catalog]);
  const failure = started.find((outcome) => outcome.status === "rejected");
  if (failure) {
    // One port that is taken must not leave the other servers running.
    for (const outcome of started) if (outcome.status === "fulfilled") await outcome.value?.close();
    throw failure.reason;
  }
  return {
    kinesis: await starts[0],
    s3: await starts[1],
    dynamodb: await starts[2],
    opensearch: await starts[3],
    redshift: await starts[4],
    iceberg: await catalog,
    firehose: await starts[5],
    sqs: await starts[6],
  };
}
