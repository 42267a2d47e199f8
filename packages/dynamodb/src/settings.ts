import {
  type KinesisRecord,
  nonEmptyText,
  wholeNumber,
  checkOptions,
  type OptionNames,
  invalidOption,
} from "@kinesis-connectors/core";
import { type RecordVersion, AWS_CONNECTION_OPTIONS } from "@kinesis-connectors/aws";
import type { DynamoDbConnectionOptions } from "./connection.js";
import { DEFAULT_MAX_CONCURRENCY } from "./limits.js";
import type { ItemUpdate } from "./items/update.js";

/** Options of all modes. */
export interface DynamoDbTableOptions extends DynamoDbConnectionOptions {
  /** Name or ARN of the table. It must exist; its primary key is read once. */
  readonly table: string;
  /** Requests under way at a time, of all shards together. It is halved by each throttling and grows again. Default 64. */
  readonly maxConcurrency?: number;
}

/** Options of guarded modes. */
export interface GuardOptions {
  /** The attribute that holds the position of the last record written, as a zero-padded text. Default `kcPosition`. */
  readonly positionAttribute?: string;
}

/** Options of modes that remove items. */
export interface TombstoneOptions {
  /**
   * The table's time-to-live attribute, and how long after the record's arrival a tombstone may go. It should be longer than the
   * stream's retention. Default: tombstones stay.
   */
  readonly tombstoneExpiry?: { readonly attribute: string; readonly afterMs: number };
}

/** Options of modes that replace whole items. */
export interface VersionOptions<Item> {
  /**
   * The version that a record has of its own, for streams that repeat or reorder records, such as those of changes: an item is written only over one of
   * an older version, and among equal ones over an older position. Whole numbers of up to 40 digits (also as texts), or texts that are compared byte by
   * byte, of up to 128 visible characters of ASCII; one of the two for all records. Must be pure. A record without one is a dead letter. Default: the
   * position alone.
   */
  readonly version?: (item: Item, record: KinesisRecord) => RecordVersion;
}

/** Writes an item only over an older one. */
export interface GuardedMode<Item> extends GuardOptions, TombstoneOptions, VersionOptions<Item> {
  readonly mode?: "guarded";
  /** Says which items are removals: a tombstone takes their place. Default: none. */
  readonly isRemoved?: (item: Item, record: KinesisRecord) => boolean;
}

/** Writes items 25 at a time over whatever is there. */
export interface PutMode<Item> {
  readonly mode: "put";
  /** Says which items are removals: they are deleted. Default: none. */
  readonly isRemoved?: (item: Item, record: KinesisRecord) => boolean;
}

/** Changes items by expressions, each record once. */
export interface UpdateMode<Item> extends GuardOptions {
  readonly mode: "update";
  /** Makes the change that a record stands for. The key is taken from the item. */
  readonly update: (item: Item, record: KinesisRecord) => ItemUpdate;
  /**
   * `item`: one position for each item; for items whose records all come from one partition key. `shard`: one position for each item and
   * shard, in an attribute of its own; for counters that many shards change. Default `item`.
   */
  readonly positionPer?: "item" | "shard";
}

/** Every record removes its item: a tombstone takes its place. */
export interface DeleteMode<Item> extends GuardOptions, TombstoneOptions, VersionOptions<Item> {
  readonly mode: "delete";
}

/** Options of `dynamoDbEmitter`. */
export type DynamoDbEmitterOptions<Item> = DynamoDbTableOptions &
  (GuardedMode<Item> | PutMode<Item> | UpdateMode<Item> | DeleteMode<Item>);

const NAMES: OptionNames<DynamoDbEmitterOptions<unknown>> = {
  ...AWS_CONNECTION_OPTIONS,
  table: "required",
  maxConcurrency: true,
  mode: true,
  isRemoved: true,
  update: true,
  version: true,
  positionPer: true,
  positionAttribute: true,
  tombstoneExpiry: { attribute: true, afterMs: true },
};

/** `DynamoDbEmitterOptions`, checked and complete. */
export interface Settings<Item> {
  readonly table: string;
  readonly mode: "guarded" | "put" | "update" | "delete";
  readonly positionAttribute: string;
  readonly positionPer: "item" | "shard";
  readonly maxConcurrency: number;
  readonly isRemoved: ((item: Item, record: KinesisRecord) => boolean) | undefined;
  readonly version: ((item: Item, record: KinesisRecord) => RecordVersion) | undefined;
  readonly update: ((item: Item, record: KinesisRecord) => ItemUpdate) | undefined;
  readonly tombstoneExpiry: { readonly attribute: string; readonly afterMs: number } | undefined;
}

/** All options, whatever the mode: a program without types can give any of them. */
type LooseOptions<Item> = DynamoDbTableOptions &
  GuardOptions &
  TombstoneOptions &
  VersionOptions<Item> &
  Partial<Pick<UpdateMode<Item>, "update" | "positionPer">> &
  Pick<GuardedMode<Item>, "isRemoved"> & { readonly mode?: Settings<Item>["mode"] };

/** The options that a mode knows beside those of all. */
const OPTIONS_OF_MODE: Readonly<Record<Settings<unknown>["mode"], readonly string[]>> = {
  guarded: ["isRemoved", "positionAttribute", "tombstoneExpiry", "version"],
  put: ["isRemoved"],
  update: ["update", "positionPer", "positionAttribute"],
  delete: ["positionAttribute", "tombstoneExpiry", "version"],
};

/**
 * Checks the options and fills in the defaults.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function settingsFrom<Item>(options: DynamoDbEmitterOptions<Item>): Settings<Item> {
  checkOptions("dynamoDbEmitter", options, NAMES);
  const given: LooseOptions<Item> = options;
  const { mode = "guarded", isRemoved, update, version, tombstoneExpiry, positionPer = "item" } = given;
  if (!Object.hasOwn(OPTIONS_OF_MODE, mode))
    throw invalidOption('mode must be "guarded", "put", "update" or "delete"');
  for (const name of [
    "isRemoved",
    "update",
    "positionPer",
    "positionAttribute",
    "tombstoneExpiry",
    "version",
  ] as const) {
    if (given[name] !== undefined && !OPTIONS_OF_MODE[mode].includes(name))
      throw invalidOption(
        `${name} means nothing in the mode "${mode}": leave it out, or choose another mode`,
      );
  }
  if (mode === "update" && typeof update !== "function")
    throw invalidOption("update must be a function that gives the expressions of a record");
  if (isRemoved !== undefined && typeof isRemoved !== "function")
    throw invalidOption("isRemoved must be a function of the item");
  if (version !== undefined && typeof version !== "function")
    throw invalidOption("version must be a function of the item and its record");
  if (positionPer !== "item" && positionPer !== "shard")
    throw invalidOption('positionPer must be "item" or "shard"');
  const positionAttribute = nonEmptyText("positionAttribute", given.positionAttribute ?? "kcPosition");
  if (tombstoneExpiry !== undefined) {
    nonEmptyText("tombstoneExpiry.attribute", tombstoneExpiry.attribute);
    wholeNumber("tombstoneExpiry.afterMs", tombstoneExpiry.afterMs, { min: 1 });
    if (tombstoneExpiry.attribute === positionAttribute)
      throw invalidOption("tombstoneExpiry.attribute must not be the positionAttribute");
  }
  return {
    table: nonEmptyText("table", options.table),
    mode,
    positionAttribute,
    positionPer,
    maxConcurrency: wholeNumber("maxConcurrency", options.maxConcurrency ?? DEFAULT_MAX_CONCURRENCY, {
      min: 1,
    }),
    isRemoved,
    version,
    update,
    tombstoneExpiry,
  };
}
