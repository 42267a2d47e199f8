import { checkOptions, type Logger, type OptionNames, silentLogger } from "@kinesis-connectors/core";

import type { KinesisApi } from "./kinesis-api.js";
import { kinesisAccess } from "./kinesis-access.js";
import type { KinesisClientOptions } from "./clients/kinesis-clients.js";
import type { StreamName } from "./sdk-kinesis.js";

/** Options of `connectKinesis`. */
export interface ConnectKinesisOptions extends KinesisClientOptions {
  /** By its ARN or its name. */
  readonly stream: StreamName;
  /** Default: none. */
  readonly logger?: Logger;
}

const NAMES: OptionNames<ConnectKinesisOptions> = {
  stream: "required",
  logger: true,
  region: true,
  endpoint: true,
  credentials: true,
  allowInsecure: true,
  proxy: true,
  wireFormat: true,
  onWireFallback: true,
};

/**
 * The port to one stream of Kinesis, over a client that keeps its connections and that `close` ends.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, also for an endpoint that is not encrypted and not on this machine
 */
export async function connectKinesis(options: ConnectKinesisOptions): Promise<KinesisApi> {
  checkOptions("connectKinesis", options, NAMES);
  const { stream, logger = silentLogger, ...connection } = options;
  checkOptions("stream", stream, { StreamName: true, StreamARN: true });
  const { api, checkEndpoint } = kinesisAccess({
    api: undefined,
    client: undefined,
    connection,
    streamTarget: stream,
    logger,
    onWireFallback: () => options.onWireFallback?.(),
  });
  try {
    await checkEndpoint?.();
  } catch (error) {
    api.close();
    throw error;
  }
  return api;
}
