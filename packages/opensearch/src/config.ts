import type { CredentialsConfig } from "@kinesis-connectors/aws";
import type { Emitter, KinesisRecord } from "@kinesis-connectors/core";
import {
  type ConfigContext,
  type FieldReference,
  fieldReader,
  type JsonSchema,
  type ModuleFunction,
  readSchema,
  type Resolved,
  type Secret,
  textReader,
} from "@kinesis-connectors/core/config";
import type { RecordVersion } from "@kinesis-connectors/aws";
import type { AwsSigning } from "./connection.js";
import { openSearchEmitter, type OpenSearchEmitterOptions } from "./opensearch-emitter.js";

/** Signs requests for a domain of Amazon OpenSearch Service (SigV4). */
export interface AwsSigningConfig extends Pick<AwsSigning, "region" | "service"> {
  /** Default: the SDK's chain (environment, profile, role of the machine). */
  readonly credentials?: CredentialsConfig;
}

/** User and password of a cluster's own users. */
export interface AuthConfig {
  /** Name of the user. */
  readonly username: string;
  /**
   * The user's password.
   * @writeOnly true
   */
  readonly password: Secret;
}

/** An API key of Elasticsearch. */
export interface ApiKeyConfig {
  /**
   * The encoded key.
   * @writeOnly true
   */
  readonly apiKey: Secret;
}

/** `type: opensearch`: the options of `openSearchEmitter`. */
export interface OpenSearchConfig extends Pick<
  OpenSearchEmitterOptions<never>,
  | "node"
  | "allowInsecure"
  | "compression"
  | "requestTimeoutMs"
  | "maxSockets"
  | "proxy"
  | "operation"
  | "dataStream"
  | "ordering"
  | "positionField"
  | "maxRequestBytes"
  | "maxRequestDocuments"
> {
  readonly type: string;
  /** Signs requests for the AWS service. Excludes `auth`. */
  readonly aws?: AwsSigningConfig;
  /** User and password of a cluster's own users, or an API key of Elasticsearch. */
  readonly auth?: AuthConfig | ApiKeyConfig;
  /**
   * Certificates of the authority that signed the node's, PEM; best `{ file: ca.pem }`. Default: Node's own list.
   * @writeOnly true
   */
  readonly ca?: Secret;
  /**
   * Name of the index, alias or data stream; dates between braces are of the record's arrival in UTC: `clicks-{yyyy.MM.dd}`. Or a module's function of
   * document and record.
   */
  readonly index: string | ModuleFunction;
  /**
   * The field that names a document, or a module's function of document and record; several documents of one id are versions of it. Default: the record's
   * position, so that each record is one document. `auto` leaves it to the service, for collections of OpenSearch Serverless that take none of the caller's.
   */
  readonly id?: "auto" | FieldReference | ModuleFunction;
  /** For `ordering: guarded`, the field with the version that a record has of its own, or a module's function. Default: the position alone. */
  readonly version?: FieldReference | ModuleFunction;
}

type Document = Readonly<Record<string, unknown>>;
type TextOf = (document: Document, record: KinesisRecord) => string;
type VersionOf = (document: Document, record: KinesisRecord) => RecordVersion;

/** Describes `OpenSearchConfig`. */
export const schema: JsonSchema = readSchema(new URL("../config.schema.json", import.meta.url));

/**
 * The emitter of a configuration file.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export async function create(
  config: Resolved<OpenSearchConfig>,
  context: ConfigContext,
): Promise<Emitter<Document>> {
  const { type: _type, index, id, version, ...options } = config;
  return openSearchEmitter<Document>({
    ...options,
    index: typeof index === "string" ? index : await context.functionOf<TextOf>(index),
    ...(id === undefined ? {} : { id: await idOf(id, context) }),
    ...(version === undefined ? {} : { version: await versionOf(version, context) }),
  });
}

async function idOf(
  id: Resolved<"auto" | FieldReference | ModuleFunction>,
  context: ConfigContext,
): Promise<TextOf | "auto"> {
  if (id === "auto") return id;
  return "module" in id ? context.functionOf<TextOf>(id) : textReader("id.path", id.path);
}

async function versionOf(
  version: Resolved<FieldReference | ModuleFunction>,
  context: ConfigContext,
): Promise<VersionOf> {
  if ("module" in version) return context.functionOf<VersionOf>(version);
  const read = fieldReader("version.path", version.path);
  // What is no version makes the record a dead letter, with the reason.
  return (document) => read(document) as RecordVersion;
}
