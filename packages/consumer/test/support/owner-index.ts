import { type DynamoDBClient, UpdateTableCommand } from "@aws-sdk/client-dynamodb";

/** Gives a lease table the index of leases by their owner, as KCL 3.x workers do. */
export async function createOwnerIndex(client: DynamoDBClient, tableName: string): Promise<void> {
  await client.send(
    new UpdateTableCommand({
      TableName: tableName,
      AttributeDefinitions: [
        { AttributeName: "leaseOwner", AttributeType: "S" },
        { AttributeName: "leaseKey", AttributeType: "S" },
      ],
      GlobalSecondaryIndexUpdates: [
        {
          Create: {
            IndexName: "LeaseOwnerToLeaseKeyIndex",
            KeySchema: [
              { AttributeName: "leaseOwner", KeyType: "HASH" },
              { AttributeName: "leaseKey", KeyType: "RANGE" },
            ],
            Projection: { ProjectionType: "KEYS_ONLY" },
          },
        },
      ],
    }),
  );
}
