import {
  checkOptions,
  type Clock,
  invalidOption,
  type Logger,
  nonEmptyText,
  type OptionNames,
  type Random,
  wholeNumber,
} from "@kinesis-connectors/core";

/** Options of TLS to the server. */
export interface MysqlTlsOptions {
  /** Certificates of the authority that signed the server's, PEM: for Amazon RDS its bundle. Default: Node's own list. */
  readonly ca?: string | Buffer;
  /** The client's certificate, PEM, where the server asks for one. */
  readonly cert?: string | Buffer;
  /** The key of `cert`, PEM. */
  readonly key?: string | Buffer;
}

/** The server, the database and the user. */
export interface MysqlConnectionOptions {
  /** Name or address of the server: the writer's of a cluster. */
  readonly host: string;
  /** Default 3306. */
  readonly port?: number;
  /** The database that the tables of leases are in. It must exist. */
  readonly database: string;
  /** The user to connect as. */
  readonly user: string;
  /** The user's password, or a function that fetches it, called for each new connection: the token of RDS IAM authentication lasts 15 minutes. */
  readonly password?: string | (() => string | Promise<string>);
  /** TLS, the server's certificate and name verified: true, or with an authority of one's own. Default: true, but for servers on this machine. */
  readonly tls?: boolean | MysqlTlsOptions;
}

/** Options of `mysqlLeaseTable`. */
export interface MysqlLeaseTableOptions {
  /** Names the table, `kc_leases_<application>`: that of `startConnector`. */
  readonly application: string;
  /** The server: a URL such as `mysql://user:password@host:3306/database`, or its parts. */
  readonly connection: string | MysqlConnectionOptions;
  /** The table, in the connection's database. Default `kc_leases_<application>`. */
  readonly table?: string;
  /** Whether a missing table is created. Default true; needs the right CREATE. */
  readonly createTable?: boolean;
  /** Connections at most. Default 4: a row's write takes a moment, and others wait for their turn. */
  readonly maxConnections?: number;
  /** How long an answer may take, in milliseconds. Default 3,000. Keep it to a third of the failover time of the leases at most. */
  readonly requestTimeoutMs?: number;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /** Time, for tests. Default: the machine's. */
  readonly clock?: Clock;
  /** Randomness of the back-off, for tests. Default: the machine's. */
  readonly random?: Random;
}

const CONNECTION: OptionNames<MysqlConnectionOptions> = {
  host: "required",
  port: true,
  database: "required",
  user: "required",
  password: true,
  tls: { ca: true, cert: true, key: true },
};

const NAMES: OptionNames<MysqlLeaseTableOptions> = {
  application: "required",
  connection: CONNECTION,
  table: true,
  createTable: true,
  maxConnections: true,
  requestTimeoutMs: true,
  logger: true,
  clock: true,
  random: true,
};

const DEFAULT_PORT = 3_306;
const DEFAULT_TIMEOUT_MS = 3_000;
const DEFAULT_CONNECTIONS = 4;
/** Names of tables are of 64 characters at most (MySQL manual, "Identifier Length Limits"). */
const MAX_TABLE_NAME = 64;

/** Where to connect to, checked. */
export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | (() => string | Promise<string>) | undefined;
  readonly tls: MysqlTlsOptions | false;
}

/** The options, checked and complete. */
export interface TableSettings {
  readonly table: string;
  readonly connection: ConnectionSettings;
  readonly createTable: boolean;
  readonly maxConnections: number;
  readonly requestTimeoutMs: number;
}

/**
 * Checks the options.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option; the message never holds a password
 */
export function tableSettings(options: MysqlLeaseTableOptions): TableSettings {
  checkOptions("mysqlLeaseTable", options, NAMES);
  const {
    createTable = true,
    maxConnections = DEFAULT_CONNECTIONS,
    requestTimeoutMs = DEFAULT_TIMEOUT_MS,
  } = options;
  if (options.connection === undefined)
    throw invalidOption("connection is missing: mysqlLeaseTable needs it");
  const application = nonEmptyText("application", options.application);
  const table = nonEmptyText("table", options.table ?? `kc_leases_${application}`);
  if (table.length > MAX_TABLE_NAME || /[\0/\\.]/.test(table))
    throw invalidOption(
      `the name of the table, ${JSON.stringify(table.slice(0, 100))}, must be of ${MAX_TABLE_NAME} characters at most, without / \\ and .: give table`,
    );
  return {
    table,
    connection: connectionSettings(options.connection),
    createTable,
    maxConnections: wholeNumber("maxConnections", maxConnections, { min: 1, max: 100 }),
    requestTimeoutMs: wholeNumber("requestTimeoutMs", requestTimeoutMs, { min: 1 }),
  };
}

function connectionSettings(connection: string | MysqlConnectionOptions): ConnectionSettings {
  const given = typeof connection === "string" ? optionsOfUrl(connection) : connection;
  if (typeof given !== "object" || given === null)
    throw invalidOption(
      "connection must be a URL that begins with mysql://, or give host, database and user",
    );
  const host = nonEmptyText("connection.host", given.host);
  const { password, tls = !isLoopback(host) } = given;
  if (password !== undefined && typeof password !== "string" && typeof password !== "function")
    throw invalidOption("connection.password must be a text, or a function that gives one");
  if (typeof tls !== "boolean" && (typeof tls !== "object" || tls === null))
    throw invalidOption("connection.tls must be true, false or { ca }");
  return {
    host,
    port: wholeNumber("connection.port", given.port ?? DEFAULT_PORT, { min: 1, max: 65_535 }),
    database: nonEmptyText("connection.database", given.database),
    user: nonEmptyText("connection.user", given.user),
    password,
    tls: tls === true ? {} : tls,
  };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function optionsOfUrl(text: string): MysqlConnectionOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["mysql:", "mariadb:"].includes(url.protocol) || url.hostname === "")
    throw invalidOption("connection must be a URL such as mysql://user@host:3306/database");
  if (url.search !== "")
    throw invalidOption("connection takes no parameters behind a ?: an object takes what a URL cannot say");
  const password = decoded(url.password);
  return {
    host: decoded(url.hostname).replace(/^\[(.*)\]$/, "$1"),
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    database: decoded(url.pathname.slice(1)),
    user: decoded(url.username),
    ...(password === "" ? {} : { password }),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalidOption("connection has a % that is no escape: write %25 for it");
  }
}
