import type { Logger } from "@kinesis-connectors/core";

/** A line of a log on its way to a logger in another thread. */
export interface LogLine {
  readonly level: keyof Logger;
  readonly fields: object;
  readonly message: string;
}

/** A logger whose lines are written in another thread. Fields that cannot travel are left out of theirs. */
export function distantLogger(send: (line: LogLine) => void): Logger {
  const writing =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      try {
        send({ level, fields, message });
      } catch {
        // Only the structured clone fails here: of a function, for example, that somebody's emitter put into its fields.
        send({ level, fields: plainFields(fields), message });
      }
    };
  return {
    debug: writing("debug"),
    info: writing("info"),
    warn: writing("warn"),
    error: writing("error"),
  };
}

/** Writes a line that has arrived. */
export function writeLine(logger: Logger, { level, fields, message }: LogLine): void {
  logger[level](fields, message);
}

function plainFields(fields: object): object {
  const plain = Object.entries(fields).filter(([, value]) =>
    ["string", "number", "boolean"].includes(typeof value),
  );
  return Object.fromEntries(plain);
}
