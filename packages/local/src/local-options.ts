import type { Clock } from "./clock.js";
import type { DynamoDbOptions } from "./dynamodb/dynamodb-server.js";
import type { FirehoseOptions } from "./firehose/firehose-server.js";
import type { NamesOf } from "./known-options.js";
import type { IcebergOptions } from "./iceberg/iceberg-server.js";
import { KINESIS_LIMIT_NAMES, type KinesisLimits } from "./kinesis/limits.js";
import type { KinesisOptions } from "./kinesis/server.js";
import type { OpenSearchOptions } from "./opensearch/opensearch-server.js";
import type { RedshiftOptions } from "./redshift/redshift-server.js";
import type { S3Options } from "./s3/s3-server.js";
import type { SqsOptions } from "./sqs/sqs-server.js";
import type { TlsFiles } from "./http/loopback-server.js";

/** Options of `startLocalAws`. Everything has a default; a server is left out with `false`. */
export interface LocalAwsOptions {
  /** Kinesis Data Streams. Default: started. */
  readonly kinesis?: KinesisOptions | false;
  /** S3. Default: started. */
  readonly s3?: S3Options | false;
  /** DynamoDB. Default: started. */
  readonly dynamodb?: DynamoDbOptions | false;
  /** OpenSearch's `_bulk`. Default: started. */
  readonly opensearch?: OpenSearchOptions | false;
  /** Redshift's Data API over PostgreSQL. Default: left out; `{}` starts it. Its COPY reads from the local S3. */
  readonly redshift?: RedshiftOptions | false;
  /** An Iceberg REST catalog. Default: left out; `{}` starts it. Its tables lie in the local S3. */
  readonly iceberg?: IcebergOptions | false;
  /** Firehose's puts, which are delivered nowhere. Default: left out; `{}` starts it. */
  readonly firehose?: FirehoseOptions | false;
  /** Queues of SQS, FIFO and standard. Default: left out; `{}` starts it. */
  readonly sqs?: SqsOptions | false;
  /** Default `eu-central-1`. */
  readonly region?: string;
  /** 12 digits; default `000000000000`. */
  readonly accountId?: string;
  /** Identifiers and chances of faults come from it: same seed, same ids. Default 1. */
  readonly seed?: number;
  /** Default: this machine's time. */
  readonly clock?: Clock;
  /** Rates and quotas of Kinesis, unless `kinesis.limits` says otherwise. Default `"aws"`. */
  readonly limits?: "aws" | "off" | Partial<KinesisLimits>;
}

const TLS_NAMES: NamesOf<TlsFiles> = { cert: true, key: true };
const KINESIS_NAMES: NamesOf<KinesisOptions> = {
  port: true,
  limits: KINESIS_LIMIT_NAMES,
  transitionMs: true,
  cbor: true,
  tls: TLS_NAMES,
  emptyPages: true,
  shardEnd: true,
  idleEventMs: true,
};
const S3_NAMES: NamesOf<S3Options> = { port: true, buckets: true, listDenied: true, tls: TLS_NAMES };
const DYNAMODB_NAMES: NamesOf<DynamoDbOptions> = { port: true, tableDelayMs: true, tls: TLS_NAMES };
const OPENSEARCH_NAMES: NamesOf<OpenSearchOptions> = {
  port: true,
  maxContentBytes: true,
  autoCreateIndex: true,
  scripts: true,
  choosesIds: true,
  tls: TLS_NAMES,
};
const REDSHIFT_NAMES: NamesOf<RedshiftOptions> = {
  port: true,
  connectionString: true,
  database: true,
  pageRows: true,
  tls: TLS_NAMES,
};
const ICEBERG_NAMES: NamesOf<IcebergOptions> = {
  port: true,
  warehouse: true,
  warehouseName: true,
  prefix: true,
  authorization: true,
  tls: TLS_NAMES,
};
const FIREHOSE_NAMES: NamesOf<FirehoseOptions> = { port: true, deliveryStreams: true, tls: TLS_NAMES };
const SQS_NAMES: NamesOf<SqsOptions> = { port: true, queues: true, tls: TLS_NAMES };
export const LOCAL_AWS_NAMES: NamesOf<LocalAwsOptions> = {
  kinesis: KINESIS_NAMES,
  s3: S3_NAMES,
  dynamodb: DYNAMODB_NAMES,
  opensearch: OPENSEARCH_NAMES,
  redshift: REDSHIFT_NAMES,
  iceberg: ICEBERG_NAMES,
  firehose: FIREHOSE_NAMES,
  sqs: SQS_NAMES,
  region: true,
  accountId: true,
  seed: true,
  clock: true,
  limits: KINESIS_LIMIT_NAMES,
};
