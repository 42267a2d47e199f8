import type { MaybePromise } from "../maybe-promise.js";

/**
 * A secret in a configuration file: where it comes from, `{ env: NAME }` or `{ file: PATH }`, or the text itself (which `${NAME}` may stand in). It is shown
 * as `***` wherever the configuration is shown.
 */
export type Secret = string | SecretOfEnv | SecretOfFile;

/** A secret in an environment variable. */
export interface SecretOfEnv {
  /** Name of the variable. */
  readonly env: string;
}

/** A secret in a file, such as one that Docker or Kubernetes mounts. */
export interface SecretOfFile {
  /** Path of the file, from the folder of the configuration file. Line ends behind the secret are left out. */
  readonly file: string;
}

/** A function of the user's own, where no option says it in data. */
export interface ModuleFunction {
  /** The module that has the function as its default export: a path from the folder of the configuration file (`./transform.mjs`), or a package. */
  readonly module: string;
}

/** A configuration as `create` is given it: secrets are texts by then. */
export type Resolved<Config> = Config extends SecretOfEnv | SecretOfFile
  ? never
  : Config extends object
    ? { readonly [Key in keyof Config]: Resolved<Config[Key]> }
    : Config;

/** A JSON Schema of draft 7, as an object. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** What is around the configuration of one part. */
export interface ConfigContext {
  /**
   * Loads a function of the user's own. The type is what the option takes; nobody checks it.
   * @throws KinesisConnectorError `KC_OPTION_INVALID` when there is no such module, or its default export is no function
   */
  readonly functionOf: <Fn>(given: ModuleFunction) => Promise<Fn>;
  /**
   * Creates a part out of another package that the user installed: a format for objects, by its `type`. It is loaded as a destination is, from
   * `<type>/config`.
   * @throws KinesisConnectorError `KC_OPTION_INVALID` when it is not installed, or has no configuration for files
   */
  readonly part: <Part>(config: { readonly type: string }) => Promise<Part>;
}

/**
 * What the module `<package>/config` of a destination exports, so that a configuration file can name the package as a `type`. All but `create` is
 * optional.
 *
 * @example
 * ```ts
 * export const schema = { type: "object", required: ["type", "path"], properties: { type: {}, path: { type: "string" } }, additionalProperties: false };
 *
 * export function create(config: { readonly path: string }): Emitter<unknown> {
 *   return fileEmitter(config);
 * }
 * ```
 */
export interface ConfigModule<Config, Part> {
  /** Describes the configuration, `type` included. Secrets are marked `writeOnly`. Default: any options are taken, and `create` checks them. */
  readonly schema?: JsonSchema;
  /** Makes the part. What it throws as `KC_OPTION_INVALID`, naming the option first, is shown at the option's place in the file. */
  readonly create: (config: Resolved<Config>, context: ConfigContext) => MaybePromise<Part>;
  /** Makes what takes dead letters, where that is not what `create` makes. Default: `create`. */
  readonly deadLetters?: (config: never, context: ConfigContext) => unknown;
  /** Describes the configuration of `deadLetters`. Default: `schema`. */
  readonly deadLettersSchema?: JsonSchema;
  /** Makes what tells another emitter of the batches that are written, from their plans: the texts to send. Default: there is nothing to tell. */
  readonly notifications?: (config: Resolved<Config>) => (plan: never) => readonly string[];
}
