import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { invalidOption, type Logger } from "@kinesis-connectors/core";
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
}

const POSTGRES: Store = {
  name: "@kinesis-connectors/postgres",
  factory: "postgresLeaseTable",
  tableOption: "table",
};
const MYSQL: Store = {
  name: "@kinesis-connectors/leases-mysql",
  factory: "mysqlLeaseTable",
  tableOption: "table",
};
const REDIS: Store = {
  name: "@kinesis-connectors/leases-redis",
  factory: "redisLeaseTable",
  tableOption: "key",
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
  const store = URL.canParse(url) ? STORES.get(new URL(url).protocol) : undefined;
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
