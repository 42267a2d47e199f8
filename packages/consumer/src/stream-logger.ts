import type { Logger } from "@kinesis-connectors/core";

/** The same log with the stream in every line: a process may run several connectors, and their shards have the same names. */
export function streamLogger(logger: Logger, stream: string): Logger {
  const at =
    (level: keyof Logger): Logger[keyof Logger] =>
    (fields, message) =>
      logger[level]({ stream, ...fields }, message);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
