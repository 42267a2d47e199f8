import { checkClientEndpoint } from "@kinesis-connectors/aws";
import type { Logger } from "@kinesis-connectors/core";

import { createKinesisClient, createSubscriptionClient } from "./aws-clients.js";
import type { ConnectorOptions, ConnectorSettings } from "./options.js";
import { sdkKinesis } from "./sdk-kinesis.js";
import type { KinesisAccess } from "./shard-engines.js";

/** The caller's own way to Kinesis, or one made of the options. */
export function kinesisAccess<Model, Output, Plan, DeadLetterPlan>(
  options: ConnectorOptions<Model, Output, Plan, DeadLetterPlan>,
  settings: ConnectorSettings,
  logger: Logger,
  onWireFallback: () => void,
): KinesisAccess {
  const { streamTarget } = settings;
  const rule = { allowInsecure: settings.kinesis.allowInsecure === true, service: "KINESIS" };
  if (options.kinesisApi !== undefined) return { api: options.kinesisApi };
  const own = options.clients?.kinesis;
  if (own !== undefined) {
    const checkEndpoint = () => checkClientEndpoint(own, { ...rule, isOwn: true });
    return { api: sdkKinesis(own, streamTarget), checkEndpoint };
  }
  const kinesis = { ...settings.kinesis, onWireFallback };
  const client = createKinesisClient(kinesis, logger);
  const api = sdkKinesis(client, streamTarget, {
    ownsClient: true,
    subscriptionClient: () => createSubscriptionClient(kinesis, logger),
  });
  return {
    api,
    credentials: () => client.config.credentials(),
    checkEndpoint: () => checkClientEndpoint(client, rule),
  };
}
