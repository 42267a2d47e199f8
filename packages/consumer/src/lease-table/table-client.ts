import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type AwsCommand, keepRequests, type SendCommand } from "@kinesis-connectors/aws";
import { dynamoDbSdk } from "../kinesis/load-sdk.js";

type Sdk = Awaited<ReturnType<typeof dynamoDbSdk>>;

/** DynamoDB as the tables of leases call it. */
export interface TableClient {
  /** Sends one command. Gives its output, or throws the SDK's error. */
  readonly send: <Input extends object, Output>(
    command: (sdk: Sdk) => AwsCommand<Input, Output>,
    input: Input,
  ) => Promise<Output>;
  /** The same for what is sent again and again, in the client's own time: past most of the SDK's steps after the first (`keepRequests`). */
  readonly sendOften: TableClient["send"];
}

/**
 * A client, whose calls may take another time than it was made for: connections, credentials and the time of the server are shared with it. The SDK is
 * loaded with the first call.
 *
 * @param requestTimeoutMs undefined: the client's own
 */
export function tableClient(made: () => Promise<DynamoDBClient>, requestTimeoutMs?: number): TableClient {
  const options = requestTimeoutMs === undefined ? [] : [{ requestTimeout: requestTimeoutMs }];
  let often: Promise<SendCommand> | undefined;
  const keeping = async (): Promise<SendCommand> => {
    try {
      return keepRequests(await made());
    } catch (error) {
      often = undefined;
      throw error;
    }
  };
  return {
    send: async (command, input) => {
      const Command = command(await dynamoDbSdk());
      const { send } = partsOf(await made());
      return (await send(new Command(input), ...options)) as never;
    },
    sendOften: async (command, input) => {
      const send = await (often ??= keeping());
      return await send(command(await dynamoDbSdk()), input);
    },
  };
}

/** A command's output is the one of the operation that it stands for: the client's types know each command by itself alone. */
function partsOf(client: DynamoDBClient): { readonly send: (...call: object[]) => Promise<unknown> } {
  return { send: async (...call) => await client.send(...(call as Parameters<DynamoDBClient["send"]>)) };
}
