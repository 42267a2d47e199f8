import { createRequire } from "node:module";
import db, { type Callback, type Level, type Store, type Table } from "dynalite/db/index.js";
import validations from "dynalite/validations/index.js";
import { DynamoDbError } from "./errors.js";

/** A JSON object as requests and answers carry it. */
export type Json = Readonly<Record<string, unknown>>;

/** dynalite's tables in memory, without its HTTP server: one call, one promise. */
export interface Engine {
  /**
   * Runs one operation that dynalite has.
   *
   * @throws {DynamoDbError} what DynamoDB would answer
   */
  readonly call: (operation: string, input: Json) => Promise<Json>;
  /**
   * The table's description as it is stored.
   *
   * @throws {DynamoDbError} `ResourceNotFoundException`
   */
  readonly table: (name: string) => Promise<Table>;
  readonly store: Store;
}

/** The operations that dynalite 4.0.0 answers right as they are. */
const OPERATIONS: readonly string[] = [
  "BatchGetItem",
  "BatchWriteItem",
  "CreateTable",
  "DeleteItem",
  "DeleteTable",
  "DescribeTable",
  "GetItem",
  "ListTables",
  "ListTagsOfResource",
  "PutItem",
  "Query",
  "Scan",
  "TagResource",
  "UntagResource",
  "UpdateItem",
  "UpdateTable",
];

type Action = (store: Store, data: object, callback: Callback<Json>) => void;
interface Validation {
  readonly types: object;
  readonly custom?: unknown;
}

const require = createRequire(import.meta.url);

/** Options of an engine. */
export interface EngineOptions {
  readonly region: string;
  readonly accountId: string;
  /** Milliseconds in CREATING, UPDATING and DELETING, measured by dynalite itself on the machine's clock. */
  readonly tableDelayMs: number;
}

/** Starts without tables. */
export function createEngine({ region, accountId, tableDelayMs }: EngineOptions): Engine {
  const store = db.create({
    createTableMs: tableDelayMs,
    deleteTableMs: tableDelayMs,
    updateTableMs: tableDelayMs,
  });
  closeIterators(store.db);
  store.tableDb.awsRegion = region;
  store.tableDb.awsAccountId = accountId;
  const operations = new Map(
    OPERATIONS.map((operation) => {
      const file = `${operation.charAt(0).toLowerCase()}${operation.slice(1)}.js`;
      const action: Action = require(`dynalite/actions/${file}`);
      const validation: Validation = require(`dynalite/validations/${file}`);
      return [operation, { action, validation }] as const;
    }),
  );
  return {
    store,
    call: async (operation, input) => {
      const found = operations.get(operation);
      if (found === undefined) {
        throw new DynamoDbError(
          "UnknownOperationException",
          `${operation} is not emulated by this local DynamoDB.`,
        );
      }
      const { action, validation } = found;
      try {
        // dynalite drops what it does not know from the object it is given: it gets one of its own.
        const data = validations.checkTypes(structuredClone(input), validation.types);
        validations.checkValidations(data, validation.types, validation.custom, store);
        return await promised<Json>((callback) => {
          action(store, data, callback);
        });
      } catch (error) {
        throw asDynamoDbError(error);
      }
    },
    table: async (name) => {
      try {
        return await promised<Table>((callback) => {
          store.getTable(name, false, callback);
        });
      } catch (error) {
        throw asDynamoDbError(error);
      }
    },
  };
}

/**
 * dynalite ends the iterator behind a Scan or Query by a method that abstract-level's iterators do not have, `return`: each would stay open, and with it
 * everything that was stored when it was opened.
 */
function closeIterators(level: Level): void {
  for (const kind of ["keys", "values"] as const) {
    const open = level[kind].bind(level);
    level[kind] = (options) => {
      const iterator = open(options);
      return Object.assign(iterator, { return: () => iterator.close() });
    };
  }
}

/** Waits for a callback of dynalite. */
export function promised<Value>(start: (callback: Callback<Value>) => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      // Not `=== null`: dynalite's own code calls back with undefined, null or an Error.
      if (error) reject(error instanceof Error ? error : new Error(JSON.stringify(error)));
      else resolve(value);
    });
  });
}

interface ErrorAnswer {
  readonly statusCode: number;
  readonly body: { readonly __type: string; readonly message?: string; readonly Message?: string };
}

function isErrorAnswer(error: unknown): error is ErrorAnswer {
  return typeof error === "object" && error !== null && "statusCode" in error && "body" in error;
}

function asDynamoDbError(error: unknown): Error {
  if (error instanceof DynamoDbError) return error;
  if (isErrorAnswer(error)) {
    const { __type: type, message, Message } = error.body;
    const code = type.slice(type.indexOf("#") + 1);
    return new DynamoDbError(code, message ?? Message ?? code, { status: error.statusCode });
  }
  return error instanceof Error ? error : new Error(String(error));
}
