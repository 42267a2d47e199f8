import { KinesisClient } from "@aws-sdk/client-kinesis";
import { checkClientEndpoint, guardEndpoint } from "@kinesis-connectors/aws";

/**
 * A client that goes where the usual variables and the profile lead it, but not over `http` to another machine: signatures and records would travel
 * readable.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming where the endpoint comes from
 */
export async function kinesisClient({
  allowInsecure,
}: {
  /** Permits `http` to other machines. */
  readonly allowInsecure: boolean;
}): Promise<KinesisClient> {
  const client = new KinesisClient();
  guardEndpoint(client, allowInsecure);
  await checkClientEndpoint(client, { allowInsecure, service: "KINESIS" });
  return client;
}
