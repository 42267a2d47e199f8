import type { Secret } from "@kinesis-connectors/core/config";
import type { AwsConnectionOptions } from "./connection.js";

/** Keys of an AWS account or session. Better left out: then they come from where the AWS SDK looks, such as the role of the machine. */
export interface CredentialsConfig {
  /** Id of the access key, which is no secret. */
  readonly accessKeyId: string;
  /**
   * The secret of the access key.
   * @writeOnly true
   */
  readonly secretAccessKey: Secret;
  /**
   * Of temporary keys.
   * @writeOnly true
   */
  readonly sessionToken?: Secret;
}

/** The options of a connection to a service of AWS that are data, for configuration files. */
export interface AwsConnectionConfig extends Pick<
  AwsConnectionOptions<unknown>,
  | "region"
  | "endpoint"
  | "allowInsecure"
  | "connectionTimeoutMs"
  | "requestTimeoutMs"
  | "maxSockets"
  | "proxy"
> {
  /** Default: the SDK's chain (environment, profile, role of the machine). */
  readonly credentials?: CredentialsConfig;
}
