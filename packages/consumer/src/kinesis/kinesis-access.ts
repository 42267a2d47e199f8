import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { checkClientEndpoint, type FetchCredentials } from "@kinesis-connectors/aws";
import type { Logger } from "@kinesis-connectors/core";

import {
  createKinesisClient,
  createSubscriptionClient,
  type KinesisClientOptions,
} from "./clients/kinesis-clients.js";
import type { KinesisApi } from "./kinesis-api.js";
import { kinesisLater, sdkKinesis, type StreamName } from "./sdk-kinesis.js";

/** Credentials as values. */
export type AwsIdentity = Awaited<ReturnType<KinesisClient["config"]["credentials"]>>;

/** The way to Kinesis, and the credentials that lead there. */
export interface KinesisAccess {
  readonly api: KinesisApi;
  /** What the SDK made of the caller's credentials: found once, kept until they expire or others are asked for. Absent for a way of the caller's own. */
  readonly credentials?: (options?: Parameters<FetchCredentials>[0]) => Promise<AwsIdentity>;
  /**
   * Checks where it leads, before anything is sent. Absent for a way of the caller's own.
   * @throws KinesisConnectorError `KC_OPTION_INVALID`
   */
  readonly checkEndpoint?: () => Promise<unknown>;
}

/** Options of `kinesisAccess`: the first of `api`, `client` and `connection` that is given leads to Kinesis. */
export interface KinesisAccessOptions {
  /** A way of the caller's own. */
  readonly api: KinesisApi | undefined;
  /** A client of the caller's own; it stays open. */
  readonly client: KinesisClient | undefined;
  /** Options of a client. */
  readonly connection: KinesisClientOptions;
  readonly streamTarget: StreamName;
  readonly logger: Logger;
  /** Called each time that a client made here goes from AWS-CBOR to JSON. */
  readonly onWireFallback: () => void;
}

/** The caller's own way to Kinesis, or one made of the options. */
export function kinesisAccess(options: KinesisAccessOptions): KinesisAccess {
  const { api, client: own, streamTarget, logger, onWireFallback } = options;
  if (api !== undefined) return { api };
  const rule = { allowInsecure: options.connection.allowInsecure === true, service: "KINESIS" };
  if (own !== undefined) {
    const checkEndpoint = () => checkClientEndpoint(own, { ...rule, isOwn: true });
    return { api: sdkKinesis(own, streamTarget), checkEndpoint };
  }
  const connection = { ...options.connection, onWireFallback };
  const client = createKinesisClient(connection, logger);
  const credentials = async (asked?: object): Promise<AwsIdentity> =>
    (await client.made()).config.credentials(asked);
  const made = kinesisLater(client, streamTarget, {
    ownsClient: true,
    fixedCredentials: typeof connection.credentials === "object",
    subscriptionClient: () => createSubscriptionClient({ ...connection, credentials }, logger),
  });
  return {
    api: made,
    credentials,
    checkEndpoint: async () => checkClientEndpoint(await client.made(), rule),
  };
}
