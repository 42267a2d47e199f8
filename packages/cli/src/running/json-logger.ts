import type { Clock, Logger } from "@kinesis-connectors/core";
import { LOG_LEVELS, type LogLevel } from "./log-level.js";

/** A logger whose level may be set while it is in use: by the admin server's `log-level`. */
export interface LevelledLogger extends Logger {
  level: LogLevel;
}

/** Lines of JSON, one for each message: time, level, message, and the fields that were given. */
export function jsonLogger(
  write: (line: string) => void,
  { clock, level }: { readonly clock: Clock; readonly level: LogLevel },
): LevelledLogger {
  let least = LOG_LEVELS.indexOf(level);
  const at =
    (name: LogLevel): Logger[LogLevel] =>
    (fields, message) => {
      if (LOG_LEVELS.indexOf(name) < least) return;
      write(JSON.stringify({ time: new Date(clock.now()).toISOString(), level: name, message, ...fields }));
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    get level() {
      return LOG_LEVELS[least] ?? "info";
    },
    set level(wanted: LogLevel) {
      const index = LOG_LEVELS.indexOf(wanted);
      if (index === -1) throw new RangeError(`level takes ${LOG_LEVELS.join(", ")}`);
      least = index;
    },
  };
}
