import {
  nonEmptyText,
  wholeNumber,
  type KnownNames,
  type OptionNames,
  invalidOption,
} from "@kinesis-connectors/core";
import { AWS_CONNECTION_OPTIONS } from "@kinesis-connectors/aws";
import { S3_OBJECT_OPTIONS, type S3ObjectOptions } from "@kinesis-connectors/s3";
import { connect, type DataApiConnectionOptions } from "./connection.js";
import { type CopyFormat, iamRoleSql } from "./sql/copy.js";
import { columnNames, quotedText, tableName } from "./sql/identifiers.js";
import { DEFAULT_STATEMENT_TIMEOUT_MS } from "./limits.js";
import { requireFittingStatements } from "./loading/statement-size.js";
import type { LoadTarget } from "./sql/load-sql.js";
import type { Loader } from "./loading/loader.js";
import type { Database } from "./loading/statements.js";

/** Options of the target table and the connection to it, which both emitters have. */
export interface RedshiftTargetOptions extends DataApiConnectionOptions {
  /** Identifier of a provisioned cluster. Give this or `workgroup`. */
  readonly cluster?: string;
  /** Name or ARN of a serverless workgroup. Give this or `cluster`. */
  readonly workgroup?: string;
  /** Name of the database. */
  readonly database: string;
  /** The database user, for a cluster without `secretArn`. Default: the user of the caller's IAM identity. */
  readonly dbUser?: string;
  /** A secret of AWS Secrets Manager with the database user's name and password. Default: temporary credentials. */
  readonly secretArn?: string;
  /** `table` or `schema.table`, as the catalog shows it. It must exist. */
  readonly table: string;
  /** The columns that are loaded, in order. Formats that go by position need it. Default: all of the table. */
  readonly columns?: readonly string[];
  /** Columns that the table fills by itself (IDENTITY). They are not among `columns`. */
  readonly identityColumns?: readonly string[];
  /** The table that remembers what has been loaded; several tables may share one, in the same database. It must exist. Default `kc_ledger`. */
  readonly ledgerTable?: string;
  /** The role with which COPY reads the bucket: `default`, the ARN of a role, or a list of ARNs to be chained. Access keys are not accepted. */
  readonly iamRole: string | readonly string[];
  /** The region of the objects, where it is not the cluster's. */
  readonly bucketRegion?: string;
  /** After this many milliseconds a load is cancelled and tried again. Default 1,800,000. */
  readonly statementTimeoutMs?: number;
}

/** Options of the files on their way: a bucket, a prefix, and the other options of S3 objects. */
export type StagingOptions = Omit<S3ObjectOptions, "compression">;

const { compression: _compression, ...STAGING_OPTIONS } = S3_OBJECT_OPTIONS;

/** The names of all options that both emitters have. */
export const TARGET_OPTIONS: OptionNames<RedshiftTargetOptions> & { readonly staging: KnownNames } = {
  ...AWS_CONNECTION_OPTIONS,
  cluster: true,
  workgroup: true,
  database: "required",
  dbUser: true,
  secretArn: true,
  table: "required",
  columns: true,
  identityColumns: true,
  ledgerTable: true,
  iamRole: "required",
  bucketRegion: true,
  statementTimeoutMs: true,
  staging: STAGING_OPTIONS,
};

/** What differs between the loads of emitters. */
export interface LoadShape {
  /** Default: loads only add. */
  readonly mergeKeys?: readonly string[];
  /** Lines of the ledger that a load writes at most. Default 1. */
  readonly maxEntries?: number;
}

/**
 * Checks what both emitters take, and makes the connection; nothing is sent yet.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function createLoader(
  options: RedshiftTargetOptions,
  format: CopyFormat,
  isCompressed: boolean,
  { mergeKeys = [], maxEntries = 1 }: LoadShape = {},
): Loader {
  const columns = options.columns === undefined ? undefined : columnNames("columns", options.columns);
  const { identityColumns = [] } = options;
  const target: LoadTarget = {
    table: tableName("table", options.table),
    ledger: tableName("ledgerTable", options.ledgerTable ?? "kc_ledger"),
    columns,
    mergeKeys: mergeKeys.length === 0 ? [] : columnNames("mergeKeys", mergeKeys),
    identityColumns: identityColumns.length === 0 ? [] : columnNames("identityColumns", identityColumns),
    copy: {
      format,
      iamRoleSql: iamRoleSql(options.iamRole),
      isCompressed,
      regionSql: regionSql(options.bucketRegion),
    },
  };
  if (target.table.sql === target.ledger.sql)
    throw invalidOption("ledgerTable must be another table than table");
  if (target.identityColumns.length > 0 && columns === undefined)
    throw invalidOption("identityColumns needs columns: list the ones that are loaded");
  for (const column of identityColumns)
    if (options.columns?.includes(column) === true)
      throw invalidOption(`identityColumns must not name a column that is loaded (${column})`);
  requireFittingStatements(target, maxEntries);
  return {
    target,
    runner: {
      connection: connect(options),
      database: databaseOf(options),
      statementTimeoutMs: wholeNumber(
        "statementTimeoutMs",
        options.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS,
        { min: 1 },
      ),
    },
  };
}

function databaseOf(options: RedshiftTargetOptions): Database {
  const { cluster, workgroup, database, dbUser, secretArn } = options;
  if ((cluster === undefined) === (workgroup === undefined))
    throw invalidOption("give cluster or workgroup, one of them");
  if (dbUser !== undefined && (workgroup !== undefined || secretArn !== undefined))
    throw invalidOption(
      "dbUser is for a cluster without secretArn: a workgroup and a secret bring their own user",
    );
  return {
    Database: nonEmptyText("database", database),
    ...(cluster === undefined ? {} : { ClusterIdentifier: nonEmptyText("cluster", cluster) }),
    ...(workgroup === undefined ? {} : { WorkgroupName: nonEmptyText("workgroup", workgroup) }),
    ...(dbUser === undefined ? {} : { DbUser: nonEmptyText("dbUser", dbUser) }),
    ...(secretArn === undefined ? {} : { SecretArn: nonEmptyText("secretArn", secretArn) }),
  };
}

function regionSql(region: string | undefined): string | undefined {
  if (region === undefined) return undefined;
  if (typeof region !== "string" || !/^[a-z]{2}(?:-[a-z]+)+-\d$/.test(region))
    throw invalidOption("bucketRegion must be a region such as eu-central-1");
  return quotedText("bucketRegion", region);
}

/** Callers without types may bring what the ancestors took. Keys in a COPY end up in the query log of the database. */
export function refuseKeys(options: RedshiftTargetOptions): void {
  const found = Object.keys(Object(options)).find((name) =>
    /^(?:accessKey|secretKey|accessKeyId|secretAccessKey|sessionToken|access_key_id|secret_access_key|copyCredentials)$/i.test(
      name,
    ),
  );
  if (found !== undefined)
    throw invalidOption(
      `${found} is not taken: COPY authenticates by iamRole alone, and the client by credentials`,
    );
}
