import type { Logger } from "@kinesis-connectors/core";

import { createKinesisClient, createSubscriptionClient } from "./aws-clients.js";
import type { ConnectorOptions, ConnectorSettings } from "../options.js";
import { sdkKinesis } from "./sdk-kinesis.js";
import type { KinesisAccess } from "../engines/shard-engines.js";

/** The caller's own way to Kinesis, or one made of the options. */
export function kinesisAccess<Model, Output, Plan, DeadLetterPlan>(
  options: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
  settings: ConnectorSettings,
  logger: Logger,
  onWireFallback: () => void,
): KinesisAccess {
  const { streamTarget } = settings;
  if (options.kinesisApi !== undefined) return { api: options.kinesisApi };
  const own = options.clients?.kinesis;
  if (own !== undefined) return { api: sdkKinesis(own, streamTarget) };
  const kinesis = { ...settings.kinesis, onWireFallback };
  const client = createKinesisClient(kinesis, logger);
  const api = sdkKinesis(client, streamTarget, {
    ownsClient: true,
    subscriptionClient: () => createSubscriptionClient(kinesis, logger),
  });
  return { api, credentials: () => client.config.credentials() };
}
