// dynalite 4.0.0 (Apache-2.0) ships no types. Only what engine.ts and indexes.ts use is declared, from its source;
// the version is pinned exactly because these are its inner modules.
declare module "dynalite/db/index.js" {
  export interface DynaliteError {
    readonly statusCode: number;
    readonly body: { readonly __type: string; readonly message?: string; readonly Message?: string };
  }
  export type Callback<Value> = (error: unknown, value: Value) => void;
  export type Item = Readonly<Record<string, unknown>>;
  export interface KeyElement {
    readonly AttributeName: string;
    readonly KeyType: string;
  }
  export interface Index {
    readonly IndexName: string;
    readonly KeySchema: readonly KeyElement[];
    IndexStatus?: string;
    readonly [name: string]: unknown;
  }
  export interface Table {
    readonly TableName: string;
    TableStatus: string;
    readonly TableArn: string;
    readonly KeySchema: readonly KeyElement[];
    AttributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: string }[];
    GlobalSecondaryIndexes?: Index[];
    readonly [name: string]: unknown;
  }
  export interface TableDb {
    awsAccountId: string;
    awsRegion: string;
    readonly lock: (key: string, callback: (release: (done: () => void) => () => void) => void) => void;
    readonly put: (key: string, table: Table, callback: Callback<undefined>) => void;
  }
  /** An iterator of abstract-level 3, over a snapshot of everything stored. */
  export interface LevelIterator {
    readonly close: () => Promise<void>;
  }
  /** The one database of level behind all tables. */
  export interface Level {
    keys: (options: object) => LevelIterator;
    values: (options: object) => LevelIterator;
  }
  export interface Store {
    readonly db: Level;
    readonly tableDb: TableDb;
    readonly getTable: (name: string, checkStatus: boolean, callback: Callback<Table>) => void;
    readonly deleteIndexDb: (
      type: "Local" | "Global",
      table: string,
      index: string,
      callback: Callback<undefined>,
    ) => void;
  }
  const db: {
    readonly create: (options: {
      readonly createTableMs: number;
      readonly deleteTableMs: number;
      readonly updateTableMs: number;
    }) => Store;
    readonly updateIndexes: (
      store: Store,
      table: Table,
      existing: Item | undefined,
      item: Item | undefined,
      callback: Callback<undefined>,
    ) => void;
  };
  export default db;
}

declare module "dynalite/validations/index.js" {
  const validations: {
    readonly checkTypes: (data: object, types: object) => object;
    readonly checkValidations: (data: object, types: object, custom: unknown, store: object) => void;
  };
  export default validations;
}
