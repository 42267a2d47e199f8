import type { Clock } from "../clock.js";
import { batchGet, batchWrite, type LeavesOut } from "./batches.js";
import { createEngine, type EngineOptions, type Json } from "./engine.js";
import { DynamoDbError } from "./errors.js";
import { createGate } from "./gate.js";
import { createIndexes } from "./indexes.js";
import { createTables } from "./tables.js";
import { createTransactions } from "./transactions.js";

/** DynamoDB without its wire: one operation, one promise. */
export interface Database {
  /**
   * Runs one operation.
   *
   * @param leavesOut which entries of a batch stay unprocessed; only the Batch operations look at it
   * @throws {DynamoDbError} what DynamoDB would answer
   */
  readonly run: (operation: string, input: Json, leavesOut: LeavesOut) => Promise<Json>;
  /** Names of the key attributes of a table; none when there is no such table. */
  readonly keyNames: (table: string) => Promise<readonly string[]>;
}

/** Operations that change something; the others may be cut and repeated without a trace. */
const CHANGES = /^(?:BatchWrite|Create|Delete|Put|Tag|TransactWrite|Untag|Update)/;

/** Whether an operation changes anything. */
export function isChange(operation: string): boolean {
  return CHANGES.test(operation);
}

/** Starts without tables. */
export function createDatabase(options: EngineOptions & { readonly clock: Clock }): Database {
  const { clock } = options;
  const engine = createEngine(options);
  const gate = createGate();
  const tables = createTables(engine, gate, clock);
  const indexes = createIndexes(engine, gate, clock, options.tableDelayMs);
  const transactions = createTransactions(engine, gate, tables, clock);

  /** A failed condition tells the item it failed on: both are read in one moment, with nobody else inside. */
  const withItemOnFailure = (operation: string, input: Json): Promise<Json> => {
    const { ReturnValuesOnConditionCheckFailure: _wanted, ...request } = input;
    return gate.alone(async () => {
      try {
        return await engine.call(operation, request);
      } catch (error) {
        if (!(error instanceof DynamoDbError) || error.code !== "ConditionalCheckFailedException")
          throw error;
        const TableName = String(input["TableName"]);
        const source = (input["Key"] ?? input["Item"]) as Json;
        const names = await tables.keyNames(TableName);
        const Key = Object.fromEntries(names.map((name) => [name, source[name]]));
        const { Item } = await engine.call("GetItem", { TableName, Key, ConsistentRead: true });
        const details = Item === undefined ? {} : { Item };
        throw new DynamoDbError(error.code, error.message, { status: error.status, details });
      }
    });
  };

  return {
    run: async (operation, input, leavesOut) => {
      for (const table of tablesOf(input)) await tables.sweep(table);
      switch (operation) {
        case "TransactWriteItems":
          return transactions.write(input);
        case "TransactGetItems":
          return transactions.get(input);
        case "BatchWriteItem":
          return gate.shared(() => batchWrite(engine, input, leavesOut));
        case "BatchGetItem":
          return gate.shared(() => batchGet(engine, input, leavesOut));
        default:
      }
      if (operation === "UpdateTable" && indexes.concerns(input)) return indexes.update(input);
      if (input["ReturnValuesOnConditionCheckFailure"] === "ALL_OLD") {
        return withItemOnFailure(operation, input);
      }
      indexes.checkReadable(String(input["TableName"]), input["IndexName"]);
      return gate.shared(
        async () => (await tables.answer(operation, input)) ?? engine.call(operation, input),
      );
    },
    keyNames: async (table) => {
      try {
        return await tables.keyNames(table);
      } catch (error) {
        if (error instanceof DynamoDbError) return [];
        throw error;
      }
    },
  };
}

/** Tables that a request names, wherever it names them. */
export function tablesOf(input: Json): readonly string[] {
  const { TableName, RequestItems, TransactItems } = input;
  if (typeof TableName === "string") return [TableName];
  if (typeof RequestItems === "object" && RequestItems !== null) return Object.keys(RequestItems);
  if (!Array.isArray(TransactItems)) return [];
  const named = (TransactItems as readonly Json[])
    .flatMap((item) => Object.values(item ?? {}))
    .map((action) => (action as Json | null)?.["TableName"])
    .filter((name) => typeof name === "string");
  return [...new Set(named)];
}
