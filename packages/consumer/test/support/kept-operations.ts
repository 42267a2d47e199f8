import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import {
  GetRecordsCommand,
  KinesisClient,
  type KinesisClientConfig,
  PutRecordsCommand,
} from "@aws-sdk/client-kinesis";
import { type AwsCommand, HttpHandler } from "@kinesis-connectors/aws";
import { kinesisProtocol, type WireFormat } from "@kinesis-connectors/wire/protocol";

export const CREDENTIALS = {
  accessKeyId: "access-key",
  secretAccessKey: "secret-key",
  sessionToken: "session+token=",
};
const COMMON = { region: "eu-central-1", credentials: CREDENTIALS, maxAttempts: 1, customUserAgent: "own/1" };

/** A request, and what makes it. */
export interface Operation {
  readonly name: string;
  readonly command: AwsCommand<object, { readonly $metadata: object }>;
  readonly input: object;
  /** As the consumer, or the emitter to Kinesis, makes it; and as everybody else does. */
  readonly ours: (endpoint: string, more?: object) => KinesisClient | DynamoDBClient;
  readonly stock: (endpoint: string, more?: object) => KinesisClient | DynamoDBClient;
  readonly answer: string;
}

const stockKinesis = (endpoint: string, more: KinesisClientConfig = {}): KinesisClient =>
  new KinesisClient({ ...COMMON, endpoint, requestHandler: new HttpHandler(), ...more });
export const oursIn =
  (wireFormat: WireFormat) =>
  (endpoint: string, more: KinesisClientConfig = {}): KinesisClient => {
    const fast = kinesisProtocol({ wireFormat });
    const client = stockKinesis(endpoint, { protocol: fast.protocol, ...more });
    client.middlewareStack.remove("loggerMiddleware");
    fast.attach(client);
    return client;
  };
const leases = (endpoint: string, more: object = {}): DynamoDBClient => {
  const client = new DynamoDBClient({ ...COMMON, endpoint, requestHandler: new HttpHandler(), ...more });
  client.middlewareStack.remove("loggerMiddleware");
  return client;
};

export const getRecords = {
  command: GetRecordsCommand as unknown as Operation["command"],
  input: { ShardIterator: "AAAA+/=", Limit: 10_000, StreamARN: "arn:aws:kinesis:eu-central-1:1:stream/o" },
  stock: stockKinesis,
  answer: JSON.stringify({
    Records: [{ SequenceNumber: "1", PartitionKey: "é", Data: "aGVsbG8=", ApproximateArrivalTimestamp: 1.5 }],
    NextShardIterator: "next",
    MillisBehindLatest: 0,
  }),
};
export const putRecords = {
  command: PutRecordsCommand as unknown as Operation["command"],
  input: {
    StreamName: "orders",
    Records: [
      { Data: Buffer.from("hello"), PartitionKey: "é" },
      { Data: Buffer.from([0, 1, 255]), PartitionKey: "b", ExplicitHashKey: "1" },
    ],
  },
  stock: stockKinesis,
  answer:
    '{"FailedRecordCount":0,"Records":[{"SequenceNumber":"1","ShardId":"s"},{"SequenceNumber":"2","ShardId":"s"}]}',
};
export const OPERATIONS: readonly Operation[] = [
  { name: "GetRecords in JSON", ours: oursIn("json"), ...getRecords },
  { name: "PutRecords in JSON", ours: oursIn("json"), ...putRecords },
  {
    name: "UpdateItem of a lease",
    command: UpdateItemCommand as unknown as Operation["command"],
    input: {
      TableName: "leases",
      Key: { leaseKey: { S: "shardId-000000000000" } },
      UpdateExpression: "SET #a = :a, #b = :b REMOVE #c",
      ConditionExpression: "#a = :was",
      ExpressionAttributeNames: { "#a": "leaseCounter", "#b": "pendingState", "#c": "é" },
      ExpressionAttributeValues: { ":a": { N: "6" }, ":was": { N: "5" }, ":b": { B: Buffer.from([0, 255]) } },
    },
    ours: leases,
    stock: leases,
    answer: "{}",
  },
  {
    name: "PutItem of a new lease",
    command: PutItemCommand as unknown as Operation["command"],
    input: {
      TableName: "leases",
      Item: {
        leaseKey: { S: "shardId-000000000000" },
        leaseCounter: { N: "0" },
        parents: { SS: ["é", "b"] },
      },
      ConditionExpression: "attribute_not_exists(#key)",
      ExpressionAttributeNames: { "#key": "leaseKey" },
    },
    ours: leases,
    stock: leases,
    answer: "{}",
  },
  {
    name: "GetItem of a lease",
    command: GetItemCommand as unknown as Operation["command"],
    input: { TableName: "leases", Key: { leaseKey: { S: "shardId-000000000000" } }, ConsistentRead: true },
    ours: leases,
    stock: leases,
    answer:
      '{"Item":{"leaseKey":{"S":"é"},"leaseCounter":{"N":"5"},"pendingState":{"B":"AP8="},"gone":{"NULL":true}}}',
  },
];
