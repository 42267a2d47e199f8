import type { BufferOptions, PipelinePolicies } from "@kinesis-connectors/core";
import type { ConnectorOptions, LeaseOptions } from "@kinesis-connectors/consumer";
import type { LeaseStoreConfig } from "./lease-store-config.js";
import type { AdminConfig, TelemetryConfig } from "./process-config.js";
import type { SourceConfig } from "./source-config.js";
import type { FilterConfig, TransformConfig } from "./transform-config.js";

/** A part out of a package that is installed beside the file. */
export interface PartConfig {
  /**
   * The package: `s3`, `redshift`, `dynamodb`, `kinesis`, `opensearch`, `postgres`, `iceberg`, `firehose` or `sqs` for `@kinesis-connectors/<type>`, or the name of any other package that has the
   * module `<name>/config`.
   */
  readonly type: string;
  /** The package's own options. */
  readonly [option: string]: unknown;
}

/** A connector in a file: the options of `startConnector` and `definePipeline`, written down. */
export interface ConnectorFile
  extends
    Pick<ConnectorOptions<unknown, unknown>, "application" | "workerId" | "stopDeadlineMs">,
    PipelinePolicies {
  /** The schema, for editors of JSON. */
  readonly $schema?: string;
  /** Of the way in which these files are written. */
  readonly version: 1;
  /** The stream, and how it is read. */
  readonly source: SourceConfig;
  /**
   * Name of the lease table in DynamoDB, or the URL of another store: `{ url: { env: LEASES_URL } }`. Default: the application's name, in DynamoDB. It is
   * created when missing.
   */
  readonly leaseTable?: string | LeaseStoreConfig;
  /** The way in which workers share the shards. */
  readonly leases?: LeaseOptions;
  /** How records are decoded. Default `decode: json`. */
  readonly transform?: TransformConfig;
  /** What is kept. Default: everything. */
  readonly filter?: FilterConfig;
  /** The thresholds at which a batch is written. */
  readonly buffer?: BufferOptions;
  /**
   * The destination.
   * @part emitter
   */
  readonly emitter: PartConfig;
  /**
   * Takes the names of the objects that the destination has written, each once they are there: `{ type: kinesis, stream }` beside s3, for a second stage that
   * loads them.
   * @part announce
   */
  readonly announce?: PartConfig;
  /**
   * Takes the records that cannot be decoded, transformed or written. Default: none, and such a record stops the shard.
   * @part deadLetters
   */
  readonly deadLetters?: PartConfig;
  /**
   * Runs the pipelines of the shards in so many worker threads, 1 to 64, each shard in one of them. Each thread reads this file for itself. Default: everything
   * in one thread.
   */
  readonly threads?: number;
  /** What is measured, and where it goes. */
  readonly telemetry?: TelemetryConfig;
  /** HTTP of the process: health, metrics, state. Default: none. */
  readonly admin?: AdminConfig;
}
