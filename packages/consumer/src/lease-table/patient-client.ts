import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";

/**
 * The same client, whose calls may take another time than it was made for: connections, credentials and the time of the server are shared. Undefined: the
 * client itself.
 */
export function patientClient(client: DynamoDBClient, requestTimeoutMs: number | undefined): DynamoDBClient {
  if (requestTimeoutMs === undefined) return client;
  const options = { requestTimeout: requestTimeoutMs };
  const send = async (command: Parameters<DynamoDBClient["send"]>[0]): Promise<unknown> =>
    await client.send(command, options);
  const patient: DynamoDBClient = Object.create(client, { send: { value: send } });
  return patient;
}
