import type { AwsConnectionConfig, CredentialsConfig } from "@kinesis-connectors/aws";
import type { Emitter } from "@kinesis-connectors/core";
import { type JsonSchema, readSchema, type Resolved, type Secret } from "@kinesis-connectors/core/config";
import type { S3ObjectConfig } from "@kinesis-connectors/s3/config";
import {
  bearer,
  type CatalogAuthorization,
  clientCredentials,
  type ClientCredentialsOptions,
  sigV4,
} from "./catalog/authorization.js";
import {
  glueCatalog,
  type GlueCatalogOptions,
  s3TablesCatalog,
  type S3TablesCatalogOptions,
} from "./catalog/aws-catalogs.js";
import type { Catalog } from "./catalog/catalog.js";
import { restCatalog, type RestCatalogOptions } from "./catalog/rest-catalog.js";
import { icebergEmitter, type IcebergPlan } from "./iceberg-emitter.js";
import { icebergManifestEmitter } from "./manifest-emitter.js";
import type { IcebergFileOptions, IcebergTableOptions } from "./options.js";

/** A token that goes with every request. */
export interface BearerConfig {
  readonly type: "bearer";
  /**
   * The token.
   * @writeOnly true
   */
  readonly token: Secret;
}

/** An id and a secret that are exchanged for tokens. */
export interface ClientCredentialsConfig extends Omit<ClientCredentialsOptions, "clientSecret"> {
  readonly type: "clientCredentials";
  /**
   * What only the two of them know.
   * @writeOnly true
   */
  readonly clientSecret: Secret;
}

/** Requests that are signed for a service of AWS. */
export interface SigV4Config {
  readonly type: "sigV4";
  /** The region of the catalog. */
  readonly region: string;
  /** `glue`, `s3tables`, or what a service's documentation says. */
  readonly service: string;
  /** Default: the SDK's chain. */
  readonly credentials?: CredentialsConfig;
}

/** A catalog that speaks Iceberg's REST: `restCatalog`. */
export interface RestCatalogConfig extends Omit<RestCatalogOptions, "auth" | "ca"> {
  readonly type: "rest";
  /**
   * Certificates of the authority that signed the catalog's, PEM. Default: Node's own list.
   * @writeOnly true
   */
  readonly ca?: Secret;
  /** Who asks. Default: nobody in particular. */
  readonly auth?: BearerConfig | ClientCredentialsConfig | SigV4Config;
}

/** The Glue Data Catalog: `glueCatalog`. */
export interface GlueCatalogConfig extends Omit<GlueCatalogOptions, "credentials" | "ca"> {
  readonly type: "glue";
  /**
   * Certificates of the authority that signed the catalog's, PEM. Default: Node's own list.
   * @writeOnly true
   */
  readonly ca?: Secret;
  /** Default: the SDK's chain. */
  readonly credentials?: CredentialsConfig;
}

/** A table bucket of S3 Tables: `s3TablesCatalog`. */
export interface S3TablesCatalogConfig extends Omit<S3TablesCatalogOptions, "credentials" | "ca"> {
  readonly type: "s3Tables";
  /**
   * Certificates of the authority that signed the catalog's, PEM. Default: Node's own list.
   * @writeOnly true
   */
  readonly ca?: Secret;
  /** Default: the SDK's chain. */
  readonly credentials?: CredentialsConfig;
}

/** Where the table is looked up and committed. */
export type CatalogConfig = RestCatalogConfig | GlueCatalogConfig | S3TablesCatalogConfig;

/** The S3 of the table's files. */
export interface StorageConfig
  extends
    AwsConnectionConfig,
    Pick<
      S3ObjectConfig,
      | "forcePathStyle"
      | "serverSideEncryption"
      | "sseKmsKeyId"
      | "bucketKeyEnabled"
      | "storageClass"
      | "tags"
      | "acl"
      | "requestPayer"
      | "expectedBucketOwner"
      | "multipartAboveBytes"
      | "partBytes"
      | "partConcurrency"
    > {}

/** Options of the table and its catalog. */
export interface IcebergTableConfig extends Omit<IcebergTableOptions, "catalog" | "storage"> {
  readonly type: string;
  /** The catalog that the table is in. */
  readonly catalog: CatalogConfig;
  /** Default: the SDK's. */
  readonly storage?: StorageConfig;
}

/** Appends the outputs as rows: `icebergEmitter`. */
export interface IcebergRowsConfig extends IcebergTableConfig, IcebergFileOptions {
  /** The outputs are rows (default), or announcements of files. */
  readonly loads?: "rows";
}

/** Adds the files that the outputs announce: `icebergManifestEmitter`, the second of two stages. */
export interface IcebergFilesConfig extends IcebergTableConfig {
  /** The outputs are rows (default), or announcements of files. */
  readonly loads: "files";
}

/** `type: iceberg`: the options of `icebergEmitter`, or with `loads: files` those of `icebergManifestEmitter`. */
export type IcebergConfig = IcebergRowsConfig | IcebergFilesConfig;

/** Describes `IcebergConfig`. */
export const schema: JsonSchema = readSchema(new URL("../config.schema.json", import.meta.url));

/**
 * The emitter of a configuration file.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function create(config: Resolved<IcebergConfig>): Emitter<object, IcebergPlan> | Emitter<string> {
  if (config.loads === "files") {
    const { type: _type, loads: _loads, catalog, ...options } = config;
    return icebergManifestEmitter({ ...options, catalog: catalogOf(catalog) });
  }
  const { type: _type, loads: _loads, catalog, ...options } = config;
  return icebergEmitter<object>({ ...options, catalog: catalogOf(catalog) });
}

function catalogOf(config: Resolved<CatalogConfig>): Catalog {
  switch (config.type) {
    case "glue": {
      const { type: _type, ...options } = config;
      return glueCatalog(options);
    }
    case "s3Tables": {
      const { type: _type, ...options } = config;
      return s3TablesCatalog(options);
    }
    default: {
      const { type: _type, auth, ...options } = config;
      return restCatalog(auth === undefined ? options : { ...options, auth: authOf(auth) });
    }
  }
}

function authOf(config: NonNullable<Resolved<RestCatalogConfig>["auth"]>): CatalogAuthorization {
  switch (config.type) {
    case "bearer":
      return bearer(config.token);
    case "clientCredentials": {
      const { type: _type, ...options } = config;
      return clientCredentials(options);
    }
    default: {
      const { type: _type, ...options } = config;
      return sigV4(options);
    }
  }
}
