import type { CredentialsConfig } from "@kinesis-connectors/aws";
import type { ConnectorOptions, FanOutOptions, PollingOptions } from "@kinesis-connectors/consumer";

/** Reads by GetRecords. */
export interface PollingConfig extends PollingOptions {
  readonly type: "polling";
}

/** Reads by SubscribeToShard (enhanced fan-out). */
export interface FanOutConfig extends FanOutOptions {
  readonly type: "fan-out";
}

/** A moment. */
export interface PositionAtConfig {
  /** ISO 8601 with its zone: `2026-11-29T03:00:00Z`. */
  readonly at: string;
}

/** Credentials by service, where the stream lies in another account than the lease table. */
export interface ServiceCredentialsConfig {
  /** For the stream. Default: the SDK's. */
  readonly kinesis?: CredentialsConfig;
  /** For the lease table. Default: the SDK's. */
  readonly dynamodb?: CredentialsConfig;
}

/** The stream, and how it is read. */
export interface SourceConfig extends Pick<
  ConnectorOptions<unknown, unknown>,
  | "stream"
  | "streamArn"
  | "region"
  | "endpoints"
  | "allowInsecure"
  | "proxy"
  | "wireFormat"
  | "maxReadAheadBytes"
  | "onRetentionGap"
> {
  /** The position at which shards without a checkpoint begin. Default `TRIM_HORIZON`: the oldest record that the stream still keeps. */
  readonly initialPosition?: "TRIM_HORIZON" | "LATEST" | PositionAtConfig;
  /** Reads what arrived before this moment, and ends: see the option `until` of `startConnector`. Default: reads on and on. */
  readonly until?: PositionAtConfig;
  /** Default `type: polling`. */
  readonly retrieval?: PollingConfig | FanOutConfig;
  /** Default: where the AWS SDK looks for them. `kinesis` and `dynamodb` where the stream lies in another account than the lease table. */
  readonly credentials?: CredentialsConfig | ServiceCredentialsConfig;
}
