import type { ConnectorOptions } from "@kinesis-connectors/consumer";
import type { Resolved } from "@kinesis-connectors/core/config";
import type { AdminConfig, TelemetryConfig } from "./file/process-config.js";
import type { Env } from "./document/variables.js";

/** Options of `loadConfig`. */
export interface LoadOptions {
  /** What `${NAME}` and `{ env: NAME }` are looked up in. Default: the environment of the process. */
  readonly env?: Env;
}

/** A connector out of a file, ready to be started. */
export interface LoadedConfig {
  /** The file, as it was named. */
  readonly file: string;
  readonly application: string;
  /** What `startConnector` takes. */
  readonly options: ConnectorOptions<unknown, unknown, unknown, unknown>;
  /** What `startAdmin` takes, secrets and all; undefined where the file has none. */
  readonly admin: Resolved<AdminConfig> | undefined;
  /** What is measured, and where it goes; undefined where the file says nothing. */
  readonly telemetry: Resolved<TelemetryConfig> | undefined;
  /** The configuration as it takes effect, fit to be shown: secrets are `***`. */
  readonly redacted: unknown;
  /** Closes what was made for a connector that is not started. A connector that was started closes it by itself. */
  readonly close: () => Promise<void>;
}

/** What a file says of the stream and the lease table: enough for commands that look at a connector and do not run it. */
export interface LoadedSource extends Pick<
  ConnectorOptions<unknown, unknown>,
  | "application"
  | "stream"
  | "streamArn"
  | "region"
  | "endpoints"
  | "allowInsecure"
  | "proxy"
  | "credentials"
  | "wireFormat"
  | "leases"
> {
  /** Name of the lease table. */
  readonly leaseTable: string;
  readonly admin: Resolved<AdminConfig> | undefined;
  readonly redacted: unknown;
}
