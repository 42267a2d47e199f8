export type { DynamoDbConnectionOptions } from "./connection.js";
export { dynamoDbEmitter } from "./dynamodb-emitter.js";
export { itemBytesOf } from "./items/item-size.js";
export type {
  DeleteMode,
  DynamoDbEmitterOptions,
  DynamoDbTableOptions,
  GuardedMode,
  GuardOptions,
  PutMode,
  TombstoneOptions,
  UpdateMode,
  VersionOptions,
} from "./settings.js";
export type { ItemUpdate } from "./items/update.js";
