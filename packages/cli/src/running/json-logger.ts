import type { Clock, Logger } from "@kinesis-connectors/core";
import { printableJson } from "../output/output.js";
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
      const head = { time: new Date(clock.now()).toISOString(), level: name, message };
      // A field never stands for one of these three, by which a line is found.
      write(printableJson(JSON.stringify({ ...head, ...fields, ...head }, written)));
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

/** What JSON has no word for is a text: a line that cannot be written must not stop what it tells of. */
function written(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
