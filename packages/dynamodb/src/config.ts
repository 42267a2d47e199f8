import type { AwsConnectionConfig, RecordVersion } from "@kinesis-connectors/aws";
import type { Emitter, KinesisRecord } from "@kinesis-connectors/core";
import {
  type Condition,
  type ConfigContext,
  type FieldReference,
  fieldReader,
  type JsonSchema,
  type ModuleFunction,
  predicateOf,
  readSchema,
  type Resolved,
} from "@kinesis-connectors/core/config";
import { dynamoDbEmitter } from "./dynamodb-emitter.js";
import type { ItemUpdate } from "./items/update.js";
import type {
  DynamoDbEmitterOptions,
  DynamoDbTableOptions,
  GuardOptions,
  TombstoneOptions,
  UpdateMode,
} from "./settings.js";

/** Options of all modes, in a configuration file. */
export interface DynamoDbTableConfig
  extends AwsConnectionConfig, Pick<DynamoDbTableOptions, "table" | "maxConcurrency"> {
  readonly type: string;
}

/** Options of modes that replace whole items. */
export interface VersionConfig {
  /**
   * The field with the version that a record has of its own, for streams that repeat or reorder records, or a module's function of item and record.
   * Default: the position alone.
   */
  readonly version?: FieldReference | ModuleFunction;
}

/** Options of modes that may remove items. */
export interface RemovalConfig {
  /** Says which items are removals: a condition on their fields, or a module's function of item and record. Default: none. */
  readonly isRemoved?: Condition | ModuleFunction;
}

/** Writes an item only over an older one. */
export interface GuardedConfig
  extends DynamoDbTableConfig, GuardOptions, TombstoneOptions, VersionConfig, RemovalConfig {
  readonly mode?: "guarded";
}

/** Writes items 25 at a time over whatever is there. */
export interface PutConfig extends DynamoDbTableConfig, RemovalConfig {
  readonly mode: "put";
}

/** Changes items by expressions, each record once. */
export interface UpdateConfig
  extends DynamoDbTableConfig, GuardOptions, Pick<UpdateMode<unknown>, "positionPer"> {
  readonly mode: "update";
  /** A module's function of item and record that gives the change: see the option `update` of `dynamoDbEmitter`. */
  readonly update: ModuleFunction;
}

/** Every record removes its item: a tombstone takes its place. */
export interface DeleteConfig extends DynamoDbTableConfig, GuardOptions, TombstoneOptions, VersionConfig {
  readonly mode: "delete";
}

/** `type: dynamodb`: the options of `dynamoDbEmitter`. */
export type DynamoDbConfig = GuardedConfig | PutConfig | UpdateConfig | DeleteConfig;

type Item = Readonly<Record<string, unknown>>;
type IsRemoved = (item: Item, record: KinesisRecord) => boolean;
type VersionOf = (item: Item, record: KinesisRecord) => RecordVersion;
type UpdateOf = (item: Item, record: KinesisRecord) => ItemUpdate;

/** Describes `DynamoDbConfig`. */
export const schema: JsonSchema = readSchema(new URL("../config.schema.json", import.meta.url));

/** All of it, whatever the mode. */
type LooseConfig = Resolved<
  Omit<GuardedConfig, "mode"> & Partial<Pick<UpdateConfig, "update" | "positionPer">>
> & { readonly mode?: DynamoDbConfig["mode"] };

/**
 * The emitter of a configuration file.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export async function create(
  config: Resolved<DynamoDbConfig>,
  context: ConfigContext,
): Promise<Emitter<Item>> {
  const { type: _type, isRemoved, version, update, ...options }: LooseConfig = config;
  const functions = {
    ...(isRemoved === undefined ? {} : { isRemoved: await isRemovedOf(isRemoved, context) }),
    ...(version === undefined ? {} : { version: await versionOf(version, context) }),
    ...(update === undefined ? {} : { update: await context.functionOf<UpdateOf>(update) }),
  };
  return dynamoDbEmitter<Item>({ ...options, ...functions } as DynamoDbEmitterOptions<Item>);
}

async function isRemovedOf(
  isRemoved: Resolved<Condition | ModuleFunction>,
  context: ConfigContext,
): Promise<IsRemoved> {
  return "module" in isRemoved
    ? context.functionOf<IsRemoved>(isRemoved)
    : predicateOf("isRemoved", isRemoved);
}

async function versionOf(
  version: Resolved<FieldReference | ModuleFunction>,
  context: ConfigContext,
): Promise<VersionOf> {
  if ("module" in version) return context.functionOf<VersionOf>(version);
  const read = fieldReader("version.path", version.path);
  // What is no version makes the record a dead letter, with the reason.
  return (item) => read(item) as RecordVersion;
}
