import { asError, hasCode, type Logger } from "@kinesis-connectors/core";
import type { FleetTable, ModeChange, WorkerMeasures, WorkerReport } from "@kinesis-connectors/leases";
import { type FleetPlace, FleetPlaces, type FleetPlacesOptions, keyOf } from "./fleet-places.js";
import { COORDINATOR_KEY, ENTITY, modeRow, OWNER_INDEX, reportOf, reportUpdate } from "./fleet-rows.js";
import { dynamoDbLeaderLock } from "./dynamodb-leader-lock.js";
import { ATTRIBUTE, type LeaseRow } from "./lease-row.js";
import type { TableClient } from "./table-client.js";
import { tableFailure } from "./table-failures.js";

export interface DynamoDbFleetTableOptions extends FleetPlacesOptions {
  readonly logger: Logger;
  /** The same client with the short times of leases: for the calls that a lock or a lease waits for. */
  readonly urgent: TableClient;
}

/** The fleet's rows in DynamoDB, and its mode. */
export interface DynamoDbFleet extends FleetTable {
  readonly mode: () => Promise<string | undefined>;
}

/** The rows of a fleet in the tables that KCL workers use too. */
export function dynamoDbFleetTable(options: DynamoDbFleetTableOptions): DynamoDbFleet {
  const { client, urgent, logger } = options;
  const places = new FleetPlaces(options);
  let coordinatorReadable = true;
  let saidNoQuery = false;

  async function modeAt(): Promise<{ readonly place: FleetPlace; readonly row: LeaseRow } | undefined> {
    for (const place of [places.coordinator, places.leases]) {
      if (place === places.coordinator && !coordinatorReadable) continue;
      const row = await coordinatorRow(place);
      if (row !== undefined) return { place, row };
    }
    return undefined;
  }

  async function coordinatorRow(place: FleetPlace): Promise<LeaseRow | undefined> {
    try {
      const row = await places.get(place, COORDINATOR_KEY.mode);
      return row === "no-table" || row?.["cv"] === undefined ? undefined : row;
    } catch (thrown) {
      if (place !== places.coordinator || !hasCode(thrown, "KC_LEASE_TABLE")) throw thrown;
      // No rights on it: said once, then only the lease table is asked.
      coordinatorReadable = false;
      logger.warn(
        { table: place.tableName },
        "the mode of KCL 3.x workers cannot be read: allow dynamodb:GetItem on the table if such workers share this application",
      );
      return undefined;
    }
  }

  async function changeMode(change: ModeChange): Promise<boolean> {
    const found = await modeAt();
    if (found?.row["cv"]?.S !== change.from) return false;
    const row = modeRow(found?.row, change);
    const place = found?.place ?? (await places.ofLock());
    const { from } = change;
    return await place.calls.isApplied("PutItem", () =>
      client.send((sdk) => sdk.PutItemCommand, {
        TableName: place.tableName,
        Item: { ...found?.row, ...row, [place.key]: { S: COORDINATOR_KEY.mode } },
        ...(from === undefined
          ? {
              ConditionExpression: "attribute_not_exists(#key)",
              ExpressionAttributeNames: { "#key": place.key },
            }
          : {
              ConditionExpression: "#cv = :from",
              ExpressionAttributeNames: { "#cv": "cv" },
              ExpressionAttributeValues: { ":from": { S: from } },
            }),
      }),
    );
  }

  async function report(workerId: string, updatedS: number, measures?: WorkerMeasures): Promise<void> {
    const place = await places.ofReports();
    const isThere = await place.calls.repeat("UpdateItem", async () => {
      try {
        await client.send((sdk) => sdk.UpdateItemCommand, {
          ...keyOf(place, workerId),
          ...reportUpdate(updatedS, measures),
        });
        return true;
      } catch (thrown) {
        // A coordinator's table without one of reports: leaders look among the leases too.
        if (place === places.metrics && tableFailure(thrown) === "missing") return false;
        throw thrown;
      }
    });
    if (isThere) return;
    places.hasMetrics = false;
    await report(workerId, updatedS, measures);
  }

  async function reportsIn(place: FleetPlace): Promise<readonly WorkerReport[]> {
    const reports: WorkerReport[] = [];
    let start: LeaseRow | undefined;
    do {
      const page = await place.calls.repeat("Scan", async () => {
        try {
          return await client.send((sdk) => sdk.ScanCommand, {
            TableName: place.tableName,
            ...(place === places.leases
              ? {
                  FilterExpression: "#type = :report",
                  ExpressionAttributeNames: { "#type": ATTRIBUTE.entityType },
                  ExpressionAttributeValues: { ":report": { S: ENTITY.report } },
                }
              : {}),
            ...(start === undefined ? {} : { ExclusiveStartKey: start }),
          });
        } catch (thrown) {
          if (place === places.metrics && tableFailure(thrown) === "missing") return undefined;
          throw thrown;
        }
      });
      for (const row of page?.Items ?? []) {
        const parsed = reportOf(row, place);
        if (parsed !== undefined) reports.push(parsed);
      }
      start = page?.LastEvaluatedKey;
    } while (start !== undefined);
    return reports;
  }

  async function forget(seen: WorkerReport): Promise<boolean> {
    const place = seen.place === "own-table" ? places.metrics : places.leases;
    return await place.calls.isApplied("DeleteItem", () =>
      client.send((sdk) => sdk.DeleteItemCommand, {
        ...keyOf(place, seen.workerId),
        ConditionExpression: seen.updatedS === undefined ? "attribute_not_exists(#lut)" : "#lut = :seen",
        ExpressionAttributeNames: { "#lut": "lut" },
        ...(seen.updatedS === undefined
          ? {}
          : { ExpressionAttributeValues: { ":seen": { N: `${seen.updatedS}` } } }),
      }),
    );
  }

  async function assignedTo(workerId: string): Promise<readonly string[] | undefined> {
    const keys: string[] = [];
    let start: LeaseRow | undefined;
    do {
      const page = await places.leases.calls.repeat("Query", async () => {
        try {
          return await urgent.send((sdk) => sdk.QueryCommand, {
            TableName: places.leases.tableName,
            IndexName: OWNER_INDEX,
            KeyConditionExpression: "#owner = :me",
            ExpressionAttributeNames: { "#owner": ATTRIBUTE.owner },
            ExpressionAttributeValues: { ":me": { S: workerId } },
            ...(start === undefined ? {} : { ExclusiveStartKey: start }),
          });
        } catch (thrown) {
          // There is none, or it is being filled.
          if (asError(thrown).name === "ValidationException") return undefined;
          if (tableFailure(thrown) !== "denied") throw thrown;
          if (!saidNoQuery)
            logger.warn(
              { table: places.leases.tableName, index: OWNER_INDEX },
              "the index of owners cannot be asked, and the whole table is read instead: allow dynamodb:Query on it",
            );
          saidNoQuery = true;
          return undefined;
        }
      });
      if (page === undefined) return undefined;
      for (const row of page.Items ?? []) {
        const key = row[ATTRIBUTE.leaseKey]?.S;
        if (key !== undefined) keys.push(key);
      }
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return keys;
  }

  return {
    mode: async () => (await modeAt())?.row["cv"]?.S,
    changeMode,
    tableMigration: async () => await places.look(),
    report,
    retract: async (workerId) => {
      const place = await places.ofReports();
      await place.calls.repeat("DeleteItem", () =>
        client.send((sdk) => sdk.DeleteItemCommand, keyOf(place, workerId)),
      );
    },
    reports: async () => {
      const newest = new Map<string, WorkerReport>();
      for (const place of await places.reading())
        for (const seen of await reportsIn(place)) {
          const other = newest.get(seen.workerId);
          if (other === undefined || (other.updatedS ?? 0) < (seen.updatedS ?? 0))
            newest.set(seen.workerId, seen);
        }
      return [...newest.values()];
    },
    forget,
    ...dynamoDbLeaderLock(urgent, places),
    assignedTo,
    hasIndex: async () => {
      const { Table } = await places.leases.calls.repeat("DescribeTable", () =>
        client.send((sdk) => sdk.DescribeTableCommand, { TableName: places.leases.tableName }),
      );
      return (
        Table?.GlobalSecondaryIndexes?.some(
          ({ IndexName, IndexStatus }) => IndexName === OWNER_INDEX && IndexStatus === "ACTIVE",
        ) === true
      );
    },
  };
}
