import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  asError,
  errorFields,
  hasCode,
  invalidOption,
  KinesisConnectorError,
  type Logger,
} from "@kinesis-connectors/core";
import type { LeaseTable } from "@kinesis-connectors/leases";
import { folderOf } from "./import-part.js";

/** Where leases are kept beside DynamoDB. */
export interface LeasePlace {
  /** Of the server, with user, password and database. */
  readonly url: string;
  /** The table, or the key in Redis. Default: made of the application's name. */
  readonly table?: string | undefined;
  readonly application: string;
  readonly logger?: Logger | undefined;
}

/** A package that keeps leases, its factory, and how that calls the table. */
interface Store {
  readonly name: string;
  readonly factory: string;
  readonly tableOption: "table" | "key";
  /** How it says that the table, or the key, is not there. */
  readonly notThere: RegExp;
}

const POSTGRES: Store = {
  name: "@kinesis-connectors/postgres",
  factory: "postgresLeaseTable",
  tableOption: "table",
  // PostgreSQL manual, "PostgreSQL Error Codes": undefined_table.
  notThere: /\b42P01\b/,
};
const MYSQL: Store = {
  name: "@kinesis-connectors/leases-mysql",
  factory: "mysqlLeaseTable",
  tableOption: "table",
  notThere: /\bER_NO_SUCH_TABLE\b/,
};
const REDIS: Store = {
  name: "@kinesis-connectors/leases-redis",
  factory: "redisLeaseTable",
  tableOption: "key",
  notThere: /\bleases in Redis are gone\b/,
};

const STORES: ReadonlyMap<string, Store> = new Map([
  ["postgres:", POSTGRES],
  ["postgresql:", POSTGRES],
  ["mysql:", MYSQL],
  ["mariadb:", MYSQL],
  ["redis:", REDIS],
  ["rediss:", REDIS],
  ["valkey:", REDIS],
  ["valkeys:", REDIS],
]);

/**
 * The lease table at a URL, of the package that is installed beside a file. Nothing is asked of the server yet.
 *
 * @param file the package is looked for from its folder
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, without the password
 */
export async function leaseTableAt(place: LeasePlace, file: string): Promise<LeaseTable> {
  const { url, table, application, logger } = place;
  const store = storeOf(url);
  if (store === undefined)
    throw invalidOption(
      "url must be a URL of PostgreSQL (postgres://), MySQL or MariaDB (mysql://), or Redis or Valkey (redis://, rediss://)",
    );
  const make = await factoryOf(store, file);
  return make({
    application,
    connection: url,
    ...(table === undefined ? {} : { [store.tableOption]: table }),
    ...(logger === undefined ? {} : { logger }),
  });
}

/**
 * What is wrong with a store's server, user or table, by asking it for a row that nobody has; the table is closed afterwards. Nothing is created, and a table
 * that is not there yet is no fault, because a start creates it.
 */
export async function leaseStoreFault(table: LeaseTable, url: string): Promise<Error | undefined> {
  try {
    await table.get("validate");
    return undefined;
  } catch (thrown) {
    const error = asError(thrown);
    if (!KinesisConnectorError.isInstance(error))
      return new KinesisConnectorError(
        "KC_LEASE_TABLE",
        `the server at url cannot be reached (${errorFields(error).error}): is it running, and are its address, user and password right?`,
        { cause: error },
      );
    const said = `${error.message} ${codeIn(error.cause)}`;
    return hasCode(error, "KC_LEASE_TABLE") && storeOf(url)?.notThere.test(said) === true ? undefined : error;
  } finally {
    table.close?.();
  }
}

function codeIn(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}

function storeOf(url: string): Store | undefined {
  return URL.canParse(url) ? STORES.get(new URL(url).protocol) : undefined;
}

type Factory = (options: object) => LeaseTable;

async function factoryOf({ name, factory }: Store, file: string): Promise<Factory> {
  const beside = resolve(file);
  // Node also looks into NODE_PATH, which package managers fill for commands that they start. Yarn's Plug'n'Play has no folders.
  if (folderOf(name, dirname(beside)) === undefined && process.versions["pnp"] === undefined)
    throw invalidOption(
      `url needs the package ${name}, which is not installed beside this file: npm install ${name}`,
    );
  const path = createRequire(beside).resolve(name);
  const made: unknown = Reflect.get((await import(pathToFileURL(path).href)) as object, factory);
  if (typeof made === "function") return made as Factory;
  throw invalidOption(`url needs a newer ${name}: npm install ${name}@latest`);
}
