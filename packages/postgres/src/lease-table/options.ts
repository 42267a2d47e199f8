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
import {
  CONNECTION_OPTIONS,
  type ConnectionSettings,
  connectionSettings,
  type PostgresConnectionOptions,
} from "../connection/options.js";
import { quotedName, type TableName, tableName } from "../sql/identifiers.js";

/** Options of `postgresLeaseTable`. */
export interface PostgresLeaseTableOptions {
  /** Names the table, `kc_leases_<application>`: that of `startConnector`. */
  readonly application: string;
  /** The server: a URL such as `postgres://user:password@host:5432/database`, or its parts. Give the writer of a cluster. */
  readonly connection: string | PostgresConnectionOptions;
  /** The table, or `schema.table`, exactly as the catalog shows it. Default `kc_leases_<application>`. */
  readonly table?: string;
  /** Whether a missing table is created. Default true; needs the right CREATE on the schema. */
  readonly createTable?: boolean;
  /** Connections at most. Default 4: a row's write takes a moment, and others wait for their turn. */
  readonly maxConnections?: number;
  /**
   * How long the server may take for an answer, in milliseconds; a second more is left for the way. Default 2,000. Keep it, with that second, to a third of
   * the failover time of the leases at most.
   */
  readonly requestTimeoutMs?: number;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
  /** Time, for tests. Default: the machine's. */
  readonly clock?: Clock;
  /** Randomness of the back-off, for tests. Default: the machine's. */
  readonly random?: Random;
}

const NAMES: OptionNames<PostgresLeaseTableOptions> = {
  application: "required",
  connection: CONNECTION_OPTIONS,
  table: true,
  createTable: true,
  maxConnections: true,
  requestTimeoutMs: true,
  logger: true,
  clock: true,
  random: true,
};

const DEFAULT_TIMEOUT_MS = 2_000;
const DEFAULT_CONNECTIONS = 4;

/** `PostgresLeaseTableOptions`, checked and complete. */
export interface LeaseTableSettings {
  readonly table: TableName;
  readonly connection: ConnectionSettings;
  readonly createTable: boolean;
  readonly maxConnections: number;
  readonly requestTimeoutMs: number;
}

/**
 * Checks the options and fills in the defaults.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option; the message never holds a password
 */
export function leaseTableSettings(options: PostgresLeaseTableOptions): LeaseTableSettings {
  checkOptions("postgresLeaseTable", options, NAMES);
  if (options.connection === undefined)
    throw invalidOption("connection is missing: postgresLeaseTable needs it");
  const {
    createTable = true,
    maxConnections = DEFAULT_CONNECTIONS,
    requestTimeoutMs = DEFAULT_TIMEOUT_MS,
  } = options;
  const application = nonEmptyText("application", options.application);
  return {
    table: tableName(
      "table",
      options.table ?? quotedName("table, kc_leases_<application>,", `kc_leases_${application}`),
    ),
    connection: connectionSettings("postgresLeaseTable", options.connection),
    createTable,
    maxConnections: wholeNumber("maxConnections", maxConnections, { min: 1, max: 100 }),
    requestTimeoutMs: wholeNumber("requestTimeoutMs", requestTimeoutMs, { min: 1, max: 2 ** 31 - 1 }),
  };
}
