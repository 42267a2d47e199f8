import type { S3Client } from "@aws-sdk/client-s3";
import {
  type AwsConnection,
  type AwsConnectionOptions,
  connectAws,
  HttpHandler,
  isLoopback,
} from "@kinesis-connectors/aws";
import { s3Sdk } from "./load-sdk.js";
import { keepPuts, putBy, type SendPut } from "./objects/kept-puts.js";

/**
 * Options of the connection to S3. `requestTimeoutMs` covers the client's own repetitions and is 60,000 by default; a slow line needs more for a
 * part of an upload.
 */
export interface S3ConnectionOptions extends AwsConnectionOptions<S3Client> {
  /** The bucket in the path instead of the host name. Default: true for an endpoint on this machine, else false. */
  readonly forcePathStyle?: boolean;
}

/** A client with its time limit, and a way to write objects. */
export interface S3Connection extends AwsConnection<S3Client> {
  /** Sends a PutObject (see `keepPuts`): by the client alone where the caller brought it. */
  readonly put: SendPut;
}

/** The client repeats a request this often by itself; the engine's back-off takes over after that. */
const MAX_SDK_ATTEMPTS = 3;

/**
 * Makes the connection; nothing is sent yet.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function connect(options: S3ConnectionOptions): S3Connection {
  const connection = connectAws(options, {
    endpointVariable: "AWS_ENDPOINT_URL_S3",
    requestTimeoutMs: 60_000,
    alsoOfClient: ["forcePathStyle"],
    create: async (config, endpoint) => {
      const { S3Client: Client } = await s3Sdk();
      return new Client({
        ...config,
        forcePathStyle: options.forcePathStyle ?? (endpoint !== undefined && isLoopback(endpoint.hostname)),
        maxAttempts: MAX_SDK_ATTEMPTS,
        // Otherwise each object of 2 MiB and more waits for a 100, on a connection of its own.
        expectContinueHeader: false,
      });
    },
  });
  if (options.client !== undefined) return { ...connection, put: putBy(options.client) };
  const { connectionTimeoutMs, maxSockets, proxy } = options;
  const handler = new HttpHandler({
    requestTimeoutMs: connection.requestTimeoutMs,
    ...(connectionTimeoutMs === undefined ? {} : { connectionTimeoutMs }),
    ...(maxSockets === undefined ? {} : { maxConnections: maxSockets }),
    ...(proxy === undefined ? {} : { proxy }),
  });
  return {
    ...connection,
    put: keepPuts(connection.made, handler),
    close: () => {
      handler.destroy();
      connection.close();
    },
  };
}
