import type { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { type AwsConnection, type AwsConnectionOptions, connectAws } from "@kinesis-connectors/aws";
import { dataApiSdk } from "./load-sdk.js";

/** Options of the connection to the Redshift Data API. `requestTimeoutMs` covers the client's own repetitions and is 30,000 by default. */
export type DataApiConnectionOptions = AwsConnectionOptions<RedshiftDataClient>;

/** A client with its time limit. */
export type DataApiConnection = AwsConnection<RedshiftDataClient>;

/** The client repeats a call this often by itself, under the same ClientToken; the engine's back-off takes over after that. */
const MAX_SDK_ATTEMPTS = 3;

/**
 * Makes the connection; nothing is sent yet.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function connect(options: DataApiConnectionOptions): DataApiConnection {
  return connectAws(options, {
    endpointVariable: "AWS_ENDPOINT_URL_REDSHIFT_DATA",
    requestTimeoutMs: 30_000,
    create: async (config) => {
      const { RedshiftDataClient: Client } = await dataApiSdk();
      return new Client({ ...config, maxAttempts: MAX_SDK_ATTEMPTS });
    },
  });
}
