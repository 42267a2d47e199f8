import type { ConnectorOptions } from "@kinesis-connectors/consumer";
import type { Logger } from "@kinesis-connectors/core";
import type { Resolved } from "@kinesis-connectors/core/config";
import type { AdminConfig, TelemetryConfig } from "./file/process-config.js";
import type { Env } from "./document/variables.js";

/** Options of `loadConfig`. */
export interface LoadOptions {
  /** What `${NAME}` and `{ env: NAME }` are looked up in. Default: the environment of the process. */
  readonly env?: Env;
  /** Is told when a lease table that is not in DynamoDB waits for its server. The connector's own is told of everything else. Default: nobody is. */
  readonly logger?: Logger;
}

/** A connector out of a file, ready to be started. */
export interface LoadedConfig {
  /** The file, as it was named. */
  readonly file: string;
  /** The name of the application, as in the file. */
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

/** Where leases are kept beside DynamoDB. */
export interface LeaseStore {
  /** With user and password: not to be shown. */
  readonly url: string;
  readonly table?: string | undefined;
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
  /** Name of the lease table in DynamoDB. Undefined where the leases are in another store. */
  readonly leaseTable: string | undefined;
  /** The other store. */
  readonly leaseStore: LeaseStore | undefined;
  readonly admin: Resolved<AdminConfig> | undefined;
  readonly redacted: unknown;
}
