import type { AwsConnectionOptions } from "@kinesis-connectors/aws";
import { credentialsFor } from "../connection/credentials.js";
import type { Where } from "../connection/target.js";

type Credentials = NonNullable<AwsConnectionOptions<never>["credentials"]>;

/** The way to a service as options of a client that is made elsewhere. */
export interface ClientOptions {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: Credentials;
  readonly allowInsecure: boolean;
  readonly proxy?: NonNullable<Where["proxy"]>;
}

/** The way to Kinesis or DynamoDB. */
export function clientOf(where: Where, service: "kinesis" | "dynamodb"): ClientOptions {
  const endpoint = service === "kinesis" ? where.endpointKinesis : where.endpointDynamodb;
  const credentials = credentialsFor(where.credentials, service);
  return {
    ...(where.region === undefined ? {} : { region: where.region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials: credentials as Credentials }),
    ...(where.proxy === undefined ? {} : { proxy: where.proxy }),
    allowInsecure: where.allowInsecure,
  };
}

/** The way to S3: credentials are where the SDK looks for them, as those of a file are of the stream and the table. */
export function s3ClientOf(where: Where, endpoint: string | undefined): Omit<ClientOptions, "credentials"> {
  const { credentials: _credentials, endpoint: _endpoint, ...client } = clientOf(where, "kinesis");
  return { ...client, ...(endpoint === undefined ? {} : { endpoint }) };
}
