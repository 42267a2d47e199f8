export type {
  ConfigContext,
  ConfigModule,
  JsonSchema,
  ModuleFunction,
  Resolved,
  Secret,
  SecretOfEnv,
  SecretOfFile,
} from "./config-module.js";
export { type FieldPath, fieldReader, type FieldReference, isScalar, textReader } from "./field-path.js";
export { readSchema } from "./read-schema.js";
export {
  type AllCondition,
  type AnyCondition,
  type Condition,
  type EqualsCondition,
  type ExistsCondition,
  type GreaterThanCondition,
  type InCondition,
  type LessThanCondition,
  type NotCondition,
  predicateOf,
  type StartsWithCondition,
} from "./predicate.js";
export { nearestNames } from "../known-options.js";
