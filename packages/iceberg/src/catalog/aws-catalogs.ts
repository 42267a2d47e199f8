import type { AwsCredentials } from "@kinesis-connectors/aws";
import { checkOptions, invalidOption, nonEmptyText, type OptionNames } from "@kinesis-connectors/core";
import { sigV4 } from "./authorization.js";
import type { Catalog } from "./catalog.js";
import { CATALOG_CONNECTION_OPTIONS, type CatalogConnectionOptions, restCatalog } from "./rest-catalog.js";

/** Options of `glueCatalog`. */
export interface GlueCatalogOptions extends CatalogConnectionOptions {
  /** Of the catalog. */
  readonly region: string;
  /**
   * Which catalog: an account's id, or `<account>:s3tablescatalog/<table bucket>` for a table bucket that is mounted in Glue. Default: that of the
   * caller's account.
   */
  readonly catalogId?: string;
  /** Keys, or what fetches them. Default: the SDK's chain (environment, profile, role of the machine). */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
  /** Only for other addresses than Glue's own, such as a VPC endpoint. Default `https://glue.<region>.amazonaws.com/iceberg`. */
  readonly uri?: string;
}

/** Options of `s3TablesCatalog`. */
export interface S3TablesCatalogOptions extends CatalogConnectionOptions {
  /** `arn:aws:s3tables:<region>:<account>:bucket/<name>`; requests go to its region. */
  readonly tableBucketArn: string;
  /** Keys, or what fetches them. Default: the SDK's chain (environment, profile, role of the machine). */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
  /** Only for other addresses than the service's own, such as a VPC endpoint. Default `https://s3tables.<region>.amazonaws.com/iceberg`. */
  readonly uri?: string;
}

const GLUE_NAMES: OptionNames<GlueCatalogOptions> = {
  ...CATALOG_CONNECTION_OPTIONS,
  region: "required",
  catalogId: true,
  credentials: true,
  uri: true,
};
const S3_TABLES_NAMES: OptionNames<S3TablesCatalogOptions> = {
  ...CATALOG_CONNECTION_OPTIONS,
  tableBucketArn: "required",
  credentials: true,
  uri: true,
};

/** "Amazon S3 Tables Iceberg REST endpoint": the warehouse is the table bucket's ARN, in its partition. */
const TABLE_BUCKET_ARN =
  /^arn:(aws[\w-]*):s3tables:([a-z0-9-]+):\d{12}:bucket\/[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/**
 * The Glue Data Catalog ("Connecting to the Data Catalog using AWS Glue Iceberg REST endpoint").
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function glueCatalog(options: GlueCatalogOptions): Catalog {
  checkOptions("glueCatalog", options, GLUE_NAMES);
  const { region, catalogId, credentials, uri, ...connection } = options;
  nonEmptyText("region", region);
  if (catalogId !== undefined) nonEmptyText("catalogId", catalogId);
  return restCatalog({
    ...connection,
    uri: uri ?? `https://glue.${region}.${domainOf(region)}/iceberg`,
    ...(catalogId === undefined ? {} : { warehouse: catalogId }),
    auth: sigV4({ region, service: "glue", ...(credentials === undefined ? {} : { credentials }) }),
  });
}

/**
 * A table bucket of S3 Tables by its own catalog ("Accessing tables using the Amazon S3 Tables Iceberg REST endpoint").
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function s3TablesCatalog(options: S3TablesCatalogOptions): Catalog {
  checkOptions("s3TablesCatalog", options, S3_TABLES_NAMES);
  const { tableBucketArn, credentials, uri, ...connection } = options;
  const region = TABLE_BUCKET_ARN.exec(tableBucketArn)?.[2];
  if (region === undefined)
    throw invalidOption(
      "tableBucketArn must be an ARN such as arn:aws:s3tables:eu-central-1:123456789012:bucket/lake",
    );
  return restCatalog({
    ...connection,
    uri: uri ?? `https://s3tables.${region}.${domainOf(region)}/iceberg`,
    warehouse: tableBucketArn,
    auth: sigV4({ region, service: "s3tables", ...(credentials === undefined ? {} : { credentials }) }),
  });
}

/** The domain of AWS's partition in China is another one ("AWS service endpoints"). */
function domainOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}
