/**
 * Where a pipeline writes its log: `console` and a pino logger satisfy it as they are. Lines carry stream, shard, positions,
 * sizes and codes; never a record's data. Default: silent.
 */
export interface Logger {
  readonly debug: (fields: object, message: string) => void;
  readonly info: (fields: object, message: string) => void;
  readonly warn: (fields: object, message: string) => void;
  readonly error: (fields: object, message: string) => void;
}

const nothing = (): void => undefined;

/** The default: writes nothing. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
