import type { FleetTable, LeaderLock } from "@kinesis-connectors/leases";
import { type FleetPlaces, keyOf } from "./fleet-places.js";
import { COORDINATOR_KEY, LOCK, lockOf, lockRow } from "./fleet-rows.js";
import type { TableClient } from "./table-client.js";

/** The leader's lock in DynamoDB, with the conditions of amazon-dynamodb-lock-client. */
export function dynamoDbLeaderLock(
  client: TableClient,
  places: FleetPlaces,
): Pick<FleetTable, "lock" | "takeLock" | "keepLock" | "releaseLock"> {
  const takeLock = async (mine: LeaderLock, seen: LeaderLock | undefined): Promise<boolean> => {
    const place = await places.ofLock();
    const condition =
      seen === undefined
        ? { ConditionExpression: "attribute_not_exists(#key)", names: {}, values: {} }
        : seen.isReleased
          ? {
              ConditionExpression: "attribute_exists(#key) AND attribute_exists(#released)",
              names: { "#released": LOCK.released },
              values: {},
            }
          : {
              // A row that somebody spoiled has none, or one that is no text.
              ConditionExpression:
                seen.version === ""
                  ? "attribute_exists(#key) AND (NOT attribute_type(#version, :text) OR #version = :seen)"
                  : "attribute_exists(#key) AND #version = :seen",
              names: { "#version": LOCK.version },
              values: {
                ExpressionAttributeValues: {
                  ":seen": { S: seen.version },
                  ...(seen.version === "" ? { ":text": { S: "S" } } : {}),
                },
              },
            };
    return await place.calls.isApplied("PutItem", () =>
      client.send((sdk) => sdk.PutItemCommand, {
        TableName: place.tableName,
        Item: { [place.key]: { S: COORDINATOR_KEY.leader }, ...lockRow(mine) },
        ConditionExpression: condition.ConditionExpression,
        ExpressionAttributeNames: { "#key": place.key, ...condition.names },
        ...condition.values,
      }),
    );
  };

  const stillMine = (mine: LeaderLock) => ({
    ConditionExpression: "#version = :mine AND #owner = :me",
    ExpressionAttributeNames: { "#version": LOCK.version, "#owner": LOCK.owner },
    ExpressionAttributeValues: { ":mine": { S: mine.version }, ":me": { S: mine.ownerId } },
  });

  const keepLock = async (mine: LeaderLock, version: string): Promise<boolean> => {
    const place = await places.ofLock();
    const { ExpressionAttributeNames, ExpressionAttributeValues, ConditionExpression } = stillMine(mine);
    return await place.calls.isApplied("UpdateItem", () =>
      client.send((sdk) => sdk.UpdateItemCommand, {
        ...keyOf(place, COORDINATOR_KEY.leader),
        UpdateExpression: "SET #lease = :lease, #version = :next",
        ConditionExpression,
        ExpressionAttributeNames: { ...ExpressionAttributeNames, "#lease": LOCK.lease },
        ExpressionAttributeValues: {
          ...ExpressionAttributeValues,
          ":lease": { S: `${mine.leaseMs}` },
          ":next": { S: version },
        },
      }),
    );
  };

  return {
    lock: async () => {
      const row = await places.get(await places.ofLock(), COORDINATOR_KEY.leader);
      return row === "no-table" ? undefined : lockOf(row);
    },
    takeLock,
    keepLock,
    releaseLock: async (mine) => {
      const place = await places.ofLock();
      await place.calls.isApplied("DeleteItem", () =>
        client.send((sdk) => sdk.DeleteItemCommand, {
          ...keyOf(place, COORDINATOR_KEY.leader),
          ...stillMine(mine),
        }),
      );
    },
  };
}
