import db, { type Index, type Table } from "dynalite/db/index.js";
import type { Clock } from "../clock.js";
import { promised, type Engine, type Json } from "./engine.js";
import { DynamoDbError, validationError } from "./errors.js";
import type { Gate } from "./gate.js";
import { itemsOf } from "./tables.js";

/** Global secondary indexes that come and go after the table was made. */
export interface Indexes {
  /** Whether an UpdateTable is about indexes being created or deleted. */
  readonly concerns: (input: Json) => boolean;
  /** Answers such an UpdateTable. */
  readonly update: (input: Json) => Promise<Json>;
  /** Refuses to read an index that is still being filled. */
  readonly checkReadable: (table: string, index: unknown) => void;
}

interface IndexUpdate {
  readonly Create?: Index & Json;
  readonly Delete?: { readonly IndexName: string };
  readonly Update?: Json;
}

/** Starts with every index as dynalite knows it. */
export function createIndexes(engine: Engine, gate: Gate, clock: Clock, indexDelayMs: number): Indexes {
  const creating = new Set<string>();
  const updatesOf = (input: Json): readonly IndexUpdate[] =>
    (input["GlobalSecondaryIndexUpdates"] as readonly IndexUpdate[] | undefined) ?? [];

  const change = async (name: string, edit: (table: Table) => void): Promise<Table> => {
    const table = structuredClone(await engine.table(name));
    edit(table);
    await promised<undefined>((callback) => {
      engine.store.tableDb.put(name, table, callback);
    });
    return table;
  };

  const finish = (name: string, index: string): void => {
    creating.delete(`${name}/${index}`);
    void gate.alone(async () => {
      await change(name, (table) => {
        table.TableStatus = "ACTIVE";
        for (const each of table.GlobalSecondaryIndexes ?? []) {
          if (each.IndexName === index) each.IndexStatus = "ACTIVE";
        }
      }).catch((error: unknown) => {
        // The table may be gone by now, which ends its index as well.
        if (!(error instanceof DynamoDbError)) throw error;
      });
    });
  };

  const create = async (name: string, wanted: Index & Json, input: Json): Promise<Table> => {
    const definitions = (input["AttributeDefinitions"] as Table["AttributeDefinitions"] | undefined) ?? [];
    const table = await change(name, (edited) => {
      const known = new Map(edited.AttributeDefinitions.map((each) => [each.AttributeName, each]));
      for (const definition of definitions) known.set(definition.AttributeName, definition);
      checkNewIndex(edited, wanted, known);
      edited.AttributeDefinitions = [...known.values()];
      edited.TableStatus = "UPDATING";
      (edited.GlobalSecondaryIndexes ??= []).push({
        ...wanted,
        IndexStatus: "CREATING",
        IndexSizeBytes: 0,
        ItemCount: 0,
        IndexArn: `${edited.TableArn}/index/${wanted.IndexName}`,
        ProvisionedThroughput: wanted["ProvisionedThroughput"] ?? {
          ReadCapacityUnits: 0,
          WriteCapacityUnits: 0,
          NumberOfDecreasesToday: 0,
        },
      });
    });
    creating.add(`${name}/${wanted.IndexName}`);
    for await (const item of itemsOf(engine, name)) {
      await promised<undefined>((callback) => {
        db.updateIndexes(engine.store, table, undefined, item, callback);
      });
    }
    clock.setTimer(indexDelayMs, () => {
      finish(name, wanted.IndexName);
    });
    return table;
  };

  const remove = async (name: string, index: string): Promise<Table> => {
    const table = await change(name, (edited) => {
      const left = (edited.GlobalSecondaryIndexes ?? []).filter((each) => each.IndexName !== index);
      if (left.length === (edited.GlobalSecondaryIndexes ?? []).length) {
        throw new DynamoDbError("ResourceNotFoundException", `Requested resource not found: index ${index}`);
      }
      if (left.length > 0) edited.GlobalSecondaryIndexes = left;
      else delete edited.GlobalSecondaryIndexes;
    });
    await promised<undefined>((callback) => {
      engine.store.deleteIndexDb("Global", name, index, callback);
    });
    return table;
  };

  return {
    concerns: (input) => updatesOf(input).some((update) => update.Create ?? update.Delete),
    update: (input) =>
      gate.alone(async () => {
        const name = String(input["TableName"]);
        const [update, ...more] = updatesOf(input);
        if (update === undefined || more.length > 0) {
          throw new DynamoDbError(
            "LimitExceededException",
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
          );
        }
        const { TableStatus } = await engine.table(name);
        if (TableStatus !== "ACTIVE") {
          throw new DynamoDbError(
            "ResourceInUseException",
            `Attempt to change a resource which is still in use: Table is being updated: ${name}`,
          );
        }
        const table =
          update.Create === undefined
            ? await remove(name, update.Delete?.IndexName ?? "")
            : await create(name, update.Create, input);
        return { TableDescription: table };
      }),
    checkReadable: (table, index) => {
      if (typeof index === "string" && creating.has(`${table}/${index}`)) {
        throw validationError(`Cannot read from backfilling global secondary index: ${index}`);
      }
    },
  };
}

function checkNewIndex(table: Table, wanted: Index, definitions: ReadonlyMap<string, unknown>): void {
  const existing = table.GlobalSecondaryIndexes ?? [];
  if (existing.some((index) => index.IndexName === wanted.IndexName)) {
    throw validationError(
      `Attempting to create an index which already exists: ${wanted.IndexName} in table: ${table.TableName}`,
    );
  }
  for (const key of wanted.KeySchema) {
    if (!definitions.has(key.AttributeName)) {
      throw validationError(
        `One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [${key.AttributeName}]`,
      );
    }
  }
}
