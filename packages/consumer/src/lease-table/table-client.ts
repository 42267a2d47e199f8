import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type AwsCommand, keepRequests, later, withFreshSession } from "@kinesis-connectors/aws";
import { dynamoDbSdk } from "../kinesis/clients/load-dynamodb-sdk.js";

type Sdk = Awaited<ReturnType<typeof dynamoDbSdk>>;

/** DynamoDB as the tables of leases call it. */
export interface TableClient {
  /** Sends one command. Gives its output, or throws the SDK's error. */
  readonly send: <Input extends object, Output>(
    command: (sdk: Sdk) => AwsCommand<Input, Output>,
    input: Input,
  ) => Promise<Output>;
}

/**
 * A client, whose calls may take another time than it was made for: connections, credentials and the time of the server are shared with it. The SDK is
 * loaded with the first call.
 *
 * @param requestTimeoutMs undefined: the client's own
 */
export function tableClient(made: () => Promise<DynamoDBClient>, requestTimeoutMs?: number): TableClient {
  const options = requestTimeoutMs === undefined ? undefined : { requestTimeout: requestTimeoutMs };
  return {
    send: async (command, input) => {
      const Command = command(await dynamoDbSdk());
      const client: Sender = partsOf(await made());
      const output = await withFreshSession(client, () =>
        options === undefined ? client.send(new Command(input)) : client.send(new Command(input), options),
      );
      // The client's types leave open whose output it is: it is that of the operation that was asked for.
      return output as never;
    },
  };
}

/**
 * A client, most of whose steps requests to the one table pass by after the first of their kind (`keepRequests`).
 *
 * @param requestTimeoutMs as above
 */
export function keptTableClient(made: () => Promise<DynamoDBClient>, requestTimeoutMs?: number): TableClient {
  const request = later(
    async () => {
      const client = await made();
      return { client, send: keepRequests(client, { requestTimeoutMs }) };
    },
    () => undefined,
  );
  return {
    send: async (command, input) => {
      const { client, send } = await request.made();
      const Command = command(await dynamoDbSdk());
      return await withFreshSession(client, () => send(Command, input));
    },
  };
}

interface Sender {
  readonly send: (command: object, options?: object) => Promise<unknown>;
}

/** The client's types know each command by itself, and none of all. */
function partsOf(client: object): Sender {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return client as Sender;
}
