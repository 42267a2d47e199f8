import type { Emitter, KinesisRecord } from "@kinesis-connectors/core";
import {
  type Condition,
  type ConfigContext,
  type JsonSchema,
  type ModuleFunction,
  predicateOf,
  readSchema,
  type Resolved,
  type Secret,
} from "@kinesis-connectors/core/config";
import type { PostgresConnectionOptions } from "./connection/options.js";
import { insert, type InsertMode, type PostgresMode, upsert, type UpsertOptions } from "./modes.js";
import { postgresEmitter, type PostgresPlan } from "./postgres-emitter.js";
import type { PostgresEmitterOptions } from "./settings.js";

/** TLS to the server, with an authority or a certificate of one's own. */
export interface PostgresTlsConfig {
  /**
   * Certificates of the authority that signed the server's, PEM; best `{ file: ca.pem }`. Default: Node's own list.
   * @writeOnly true
   */
  readonly ca?: Secret;
  /**
   * The client's certificate, PEM, where the server asks for one.
   * @writeOnly true
   */
  readonly cert?: Secret;
  /**
   * The key of `cert`, PEM.
   * @writeOnly true
   */
  readonly key?: Secret;
}

/** The server, the database and the user. */
export interface PostgresConnectionConfig extends Pick<
  PostgresConnectionOptions,
  "host" | "port" | "database" | "user"
> {
  /**
   * The user's password. Default: the variable `PGPASSWORD`, or none.
   * @writeOnly true
   */
  readonly password?: Secret;
  /**
   * TLS, the server's certificate and name verified: true, or with an authority of one's own. False sends rows readable. Default: true, but for servers on
   * this machine.
   */
  readonly tls?: boolean | PostgresTlsConfig;
}

/** Keeps the last row of each key. */
export interface UpsertConfig extends Pick<UpsertOptions<Row>, "guarded"> {
  readonly type: "upsert";
  /** The columns that make a row the same row. The table must have a unique index on just these. */
  readonly key: readonly string[];
  /**
   * Says which rows are removals: a condition on their fields, or a module's function of row and record. They are deleted; where the mode is guarded, a
   * tombstone takes their place, and the table needs the column `kc_removed boolean`. Default: none.
   */
  readonly remove?: Condition | ModuleFunction;
}

/** `type: postgres`: the options of `postgresEmitter`. */
export interface PostgresConfig extends Pick<
  PostgresEmitterOptions<Row>,
  | "table"
  | "positions"
  | "createPositions"
  | "retentionHours"
  | "maxRowsPerStatement"
  | "maxConnections"
  | "requestTimeoutMs"
> {
  readonly type: string;
  /** The server, the database and the user. */
  readonly connection: PostgresConnectionConfig;
  /** The columns that are written, each with its type: `{ at: timestamptz, page: text, ms: integer }`. A column takes the field of its name. */
  readonly columns: Readonly<Record<string, string>>;
  /** `{ type: insert }` adds each row; `{ type: upsert, key: [id] }` keeps the last one of each key. Default: each row is added. */
  readonly mode?: InsertMode | UpsertConfig;
}

/**
 * What a row is made of.
 * @inline
 */
type Row = Readonly<Record<string, unknown>>;
type Remove = (row: Row, record: KinesisRecord) => boolean;

/** Describes `PostgresConfig`. */
export const schema: JsonSchema = readSchema(new URL("../config.schema.json", import.meta.url));

/**
 * The emitter of a configuration file.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export async function create(
  config: Resolved<PostgresConfig>,
  context: ConfigContext,
): Promise<Emitter<Row, PostgresPlan>> {
  const { type: _type, mode, ...options } = config;
  return postgresEmitter<Row>({
    ...options,
    ...(mode === undefined ? {} : { mode: await modeOf(mode, context) }),
  });
}

async function modeOf(
  mode: Resolved<InsertMode | UpsertConfig>,
  context: ConfigContext,
): Promise<PostgresMode<Row>> {
  if (mode.type !== "upsert") return insert();
  const { type: _type, remove, ...options } = mode;
  if (remove === undefined) return upsert<Row>(options);
  return upsert<Row>({
    ...options,
    remove:
      "module" in remove ? await context.functionOf<Remove>(remove) : predicateOf("mode.remove", remove),
  });
}
