import type { AwsCredentials, ProxyOption } from "@kinesis-connectors/aws";

/** How AWS is reached. */
export interface Connection {
  readonly region: string | undefined;
  readonly credentials: AwsCredentials | (() => Promise<AwsCredentials>) | undefined;
  /** Other addresses than AWS's own, by service. */
  readonly endpoints: { readonly dynamodb?: string; readonly kinesis?: string; readonly lambda?: string };
  readonly allowInsecure: boolean;
  readonly proxy: ProxyOption | undefined;
}
