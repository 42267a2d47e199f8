import type { ConnectionOptions as TlsOptions } from "node:tls";
import { isLoopback } from "@kinesis-connectors/aws";
import {
  checkOptions,
  invalidOption,
  nonEmptyText,
  type OptionNames,
  wholeNumber,
} from "@kinesis-connectors/core";

/** Options of TLS to the server. */
export interface PostgresTlsOptions {
  /** Certificates of the authority that signed the server's, PEM: for Amazon RDS its bundle. Default: Node's own list. */
  readonly ca?: string | Buffer;
  /** The client's certificate, PEM, where the server asks for one. */
  readonly cert?: string | Buffer;
  /** The key of `cert`, PEM. */
  readonly key?: string | Buffer;
}

/** The server, the database and the user. */
export interface PostgresConnectionOptions {
  /** Name or address of the server, or the folder of its socket (`/var/run/postgresql`). Give the writer of a cluster. */
  readonly host: string;
  /** Default 5432. */
  readonly port?: number;
  /** The database that holds the tables. */
  readonly database: string;
  /** The role to connect as; its rights are in the README. */
  readonly user: string;
  /**
   * The user's password, or a function that fetches it, called for each new connection: the token of RDS IAM authentication lasts 15 minutes. Default: the
   * variable `PGPASSWORD`, or none.
   */
  readonly password?: string | (() => string | Promise<string>);
  /**
   * TLS, the server's certificate and name verified: true, or with an authority of one's own. False sends rows readable. Default: true, but for servers
   * on this machine.
   */
  readonly tls?: boolean | PostgresTlsOptions;
}

/** Names of the options within `connection`. */
export const CONNECTION_OPTIONS: OptionNames<PostgresConnectionOptions> = {
  host: "required",
  port: true,
  database: "required",
  user: "required",
  password: true,
  tls: { ca: true, cert: true, key: true },
};

/** A connection's options, checked and complete. */
export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | (() => string | Promise<string>) | undefined;
  readonly tls: TlsOptions | false;
}

const DEFAULT_PORT = 5432;

/**
 * Checks the option `connection`: its members, or a URL such as `postgres://user:password@host:5432/database?sslmode=verify-full`. Of a URL's parameters
 * there is `sslmode` alone: `disable`, or `require` and `verify-full`, which both verify the certificate.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option; the message never holds a password
 */
export function connectionSettings(
  factory: string,
  connection: string | PostgresConnectionOptions,
): ConnectionSettings {
  const given = typeof connection === "string" ? optionsOfUrl(connection) : connection;
  if (typeof given !== "object" || given === null)
    throw invalidOption(
      "connection must be a URL that begins with postgres://, or give host, database and user",
    );
  checkOptions(`${factory}, within connection,`, given, CONNECTION_OPTIONS);
  const host = nonEmptyText("connection.host", given.host);
  const { password, tls = !isOnThisMachine(host) } = given;
  if (password !== undefined && typeof password !== "string" && typeof password !== "function")
    throw invalidOption("connection.password must be a text, or a function that gives one");
  if (typeof tls !== "boolean" && (typeof tls !== "object" || tls === null))
    throw invalidOption("connection.tls must be true, false or { ca }");
  return {
    host,
    port: wholeNumber("connection.port", given.port ?? DEFAULT_PORT, { min: 1, max: 65_535 }),
    database: nonEmptyText("connection.database", given.database),
    user: nonEmptyText("connection.user", given.user),
    password: typeof password === "function" ? async () => checkedPassword(await password()) : password,
    tls: tls === false ? false : { ...(tls === true ? {} : tls), rejectUnauthorized: true },
  };
}

/** Refuses a function that gives anything but a text, before the server is told a password of "undefined". */
function checkedPassword(password: unknown): string {
  if (typeof password === "string" && password !== "") return password;
  throw invalidOption("connection.password, a function, must give a text that is not empty");
}

/** A socket's folder, or a name or address of loopback. */
function isOnThisMachine(host: string): boolean {
  return host.startsWith("/") || host === "::1" || isLoopback(host);
}

function optionsOfUrl(text: string): PostgresConnectionOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "postgres:" && url.protocol !== "postgresql:"))
    throw invalidOption("connection must be a URL such as postgres://user@host:5432/database");
  const stranger = [...url.searchParams.keys()].find((name) => name !== "sslmode");
  if (stranger !== undefined)
    throw invalidOption(
      `connection has the parameter ${stranger}, which is none of ours: of a URL there is sslmode, and an object takes the rest`,
    );
  const mode = url.searchParams.get("sslmode");
  if (mode !== null && !SSL_MODES.has(mode))
    throw invalidOption("connection takes as sslmode disable, require or verify-full");
  const password = decoded(url.password);
  const host = decoded(url.hostname);
  return {
    host: host.startsWith("[") ? host.slice(1, -1) : host,
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    database: decoded(url.pathname.slice(1)),
    user: decoded(url.username),
    ...(password === "" ? {} : { password }),
    ...(mode === null ? {} : { tls: mode !== "disable" }),
  };
}

const SSL_MODES: ReadonlySet<string> = new Set(["disable", "require", "verify-full"]);

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalidOption("connection has a % that is no escape: write %25 for it");
  }
}
