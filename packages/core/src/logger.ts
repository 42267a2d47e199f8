import { KinesisConnectorError } from "./errors.js";
import { isPromise } from "./maybe-promise.js";
import { hasMembers, shown } from "./options.js";
import { printable } from "./logging/printable.js";

/**
 * A logger failed at a line, which is missing in its log; the warning comes once, from the process itself. The connector goes on.
 * Cure: mend the logger that the message names.
 */
const LOGGER_BROKEN = "KC_LOGGER_BROKEN";

/**
 * Takes the log lines of a pipeline: `console` and a pino logger satisfy it as they are; `console`, which has no level, is given those from `info` on,
 * and `{ ...console }` all. Lines carry stream, shard, positions,
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

const LEVELS = ["debug", "info", "warn", "error"] as const;

const guarded = new WeakSet<object>([silentLogger]);

/**
 * A logger that decides nothing: what the caller's own throws, or rejects with, is caught, and the first of it said as a warning of the process
 * (`KC_LOGGER_BROKEN`). Control characters in what is written are escaped, so that a line stays one line.
 *
 * @param option under which the logger was given
 * @throws KinesisConnectorError `KC_OPTION_INVALID` when it lacks one of the four functions
 */
export function guardedLogger(option: string, logger: Logger): Logger {
  requireLogger(option, logger);
  if (guarded.has(logger)) return logger;
  let isSaid = false;
  const failed = (level: keyof Logger, thrown: unknown): void => {
    if (isSaid) return;
    isSaid = true;
    process.emitWarning(`${option}.${level} failed (${nameOf(thrown)}); lines of the log are missing`, {
      code: LOGGER_BROKEN,
    });
  };
  const writing =
    (level: keyof Logger): Logger[keyof Logger] =>
    (fields, message) => {
      try {
        // Some loggers write later, and give a promise of it.
        const written: unknown = logger[level](printable(fields), printable(message));
        if (isPromise(written)) Promise.resolve(written).catch((error: unknown) => failed(level, error));
      } catch (thrown) {
        failed(level, thrown);
      }
    };
  const guard: Logger = {
    // There is no level to set there, and a line a batch would fill a terminal.
    debug: logger === console ? nothing : writing("debug"),
    info: writing("info"),
    warn: writing("warn"),
    error: writing("error"),
  };
  guarded.add(guard);
  return guard;
}

/** Whatever was thrown: asking it may throw as well. */
function nameOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? thrown.name : shown(thrown);
  } catch {
    return "something that cannot be looked at";
  }
}

function requireLogger(option: string, logger: unknown): void {
  const first = LEVELS.find((level) => !hasMembers(logger) || typeof logger[level] !== "function");
  if (first === undefined) return;
  throw new KinesisConnectorError(
    "KC_OPTION_INVALID",
    hasMembers(logger)
      ? `${option}.${first} must be a function, but is ${shown(logger[first])}; console and a pino logger have all of ${LEVELS.join(", ")}`
      : `${option} must be a logger such as console, but is ${shown(logger)}`,
  );
}
