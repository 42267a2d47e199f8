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
import type { Cluster, Redis } from "ioredis";

/** Options of TLS to the server. */
export interface RedisTlsOptions {
  /** Certificates of the authority that signed the server's, PEM. Default: Node's own list. */
  readonly ca?: string | Buffer;
  /** The client's certificate, PEM, where the server asks for one. */
  readonly cert?: string | Buffer;
  /** The key of `cert`, PEM. */
  readonly key?: string | Buffer;
}

/** The server and the user. */
export interface RedisConnectionOptions {
  /** Name or address of the server: the primary's. */
  readonly host: string;
  /** Default 6379. */
  readonly port?: number;
  /** The user of Redis's access control list. Default: `default`. */
  readonly username?: string;
  /** The password, or a function that fetches it, called for each new connection: a token of IAM authentication lasts 15 minutes. */
  readonly password?: string | (() => string | Promise<string>);
  /** The number of the database. Default 0. */
  readonly database?: number;
  /** TLS, the server's certificate and name verified. Default false. */
  readonly tls?: boolean | RedisTlsOptions;
}

/** Options of `redisLeaseTable`. */
export interface RedisLeaseTableOptions {
  /** Names the key of the rows, `kc:leases:<application>`: that of `startConnector`. */
  readonly application: string;
  /**
   * The server: a URL such as `redis://user:password@host:6379/0`, `rediss://` for TLS, or its parts. The table has one connection of its own, which is made
   * anew when it breaks.
   */
  readonly connection?: string | RedisConnectionOptions;
  /** In place of `connection`, a client of yours: a `Cluster`, or one that asks Sentinel for the primary. The table does not close it. */
  readonly client?: Redis | Cluster;
  /** The key of the rows, a hash. Default `kc:leases:<application>`. */
  readonly key?: string;
  /**
   * How many replicas must have a write before it counts (WAIT). Default 0. It makes a failover that forgets a write unlikely, not impossible: which replica
   * becomes the primary is not Redis's promise. Needs `connection`.
   */
  readonly waitReplicas?: number;
  /** How long an answer may take, in milliseconds; also that of the replicas. Default 3,000. Keep it to a third of the failover time of the leases at most. */
  readonly requestTimeoutMs?: number;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /** Time, for tests. Default: the machine's. */
  readonly clock?: Clock;
  /** Randomness of the back-off, for tests. Default: the machine's. */
  readonly random?: Random;
}

const CONNECTION: OptionNames<RedisConnectionOptions> = {
  host: "required",
  port: true,
  username: true,
  password: true,
  database: true,
  tls: { ca: true, cert: true, key: true },
};

const NAMES: OptionNames<RedisLeaseTableOptions> = {
  application: "required",
  connection: CONNECTION,
  client: true,
  key: true,
  waitReplicas: true,
  requestTimeoutMs: true,
  logger: true,
  clock: true,
  random: true,
};

const DEFAULT_TIMEOUT_MS = 3_000;
const DEFAULT_PORT = 6_379;
const PROTOCOLS: ReadonlySet<string> = new Set(["redis:", "rediss:", "valkey:", "valkeys:"]);

/** Where to connect to, checked. */
export type ConnectionSettings = RedisConnectionOptions & {
  readonly port: number;
  readonly database: number;
};

/** The options, checked and complete. */
export interface TableSettings {
  readonly key: string;
  readonly way: { readonly client: Redis | Cluster } | { readonly connection: ConnectionSettings };
  readonly waitReplicas: number;
  readonly requestTimeoutMs: number;
}

/**
 * Checks the options.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option; the message never holds a password
 */
export function tableSettings(options: RedisLeaseTableOptions): TableSettings {
  checkOptions("redisLeaseTable", options, NAMES);
  const { connection, client, waitReplicas = 0, requestTimeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const application = nonEmptyText("application", options.application);
  if ((connection === undefined) === (client === undefined))
    throw invalidOption("redisLeaseTable takes either connection or client, and needs one of them");
  if (client !== undefined && waitReplicas !== 0)
    throw invalidOption(
      "waitReplicas needs connection: a client may send the question to another connection than the write",
    );
  return {
    key: nonEmptyText("key", options.key ?? `kc:leases:${application}`),
    way: client === undefined ? { connection: connectionSettings(connection ?? "") } : { client },
    waitReplicas: wholeNumber("waitReplicas", waitReplicas, { min: 0, max: 15 }),
    requestTimeoutMs: wholeNumber("requestTimeoutMs", requestTimeoutMs, { min: 1 }),
  };
}

function connectionSettings(connection: string | RedisConnectionOptions): ConnectionSettings {
  const given = typeof connection === "string" ? optionsOfUrl(connection) : connection;
  if (typeof given !== "object" || given === null)
    throw invalidOption("connection must be a URL that begins with redis:// or rediss://, or give host");
  const { password, tls = false, database = 0, port = DEFAULT_PORT } = given;
  nonEmptyText("connection.host", given.host);
  if (password !== undefined && typeof password !== "string" && typeof password !== "function")
    throw invalidOption("connection.password must be a text, or a function that gives one");
  if (typeof tls !== "boolean" && (typeof tls !== "object" || tls === null))
    throw invalidOption("connection.tls must be true, false or { ca }");
  return {
    ...given,
    port: wholeNumber("connection.port", port, { min: 1, max: 65_535 }),
    database: wholeNumber("connection.database", database, { min: 0 }),
  };
}

function optionsOfUrl(text: string): RedisConnectionOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !PROTOCOLS.has(url.protocol) || url.hostname === "")
    throw invalidOption("connection must be a URL such as redis://user@host:6379/0");
  if (url.search !== "")
    throw invalidOption("connection takes no parameters behind a ?: an object takes what a URL cannot say");
  const [username, password] = [decoded(url.username), decoded(url.password)];
  const database = url.pathname.slice(1);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    ...(database === "" ? {} : { database: Number(database) }),
    tls: url.protocol === "rediss:" || url.protocol === "valkeys:",
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalidOption("connection has a % that is no escape: write %25 for it");
  }
}
