import type { ErrorCode } from "@kinesis-connectors/core";

/** What a command says with its exit status, beside 0 for done. */
export const EXIT = {
  failed: 1,
  /** The command line or a configuration file cannot be understood. */
  usage: 2,
  /** Nothing was changed, because it would not have been safe. */
  refused: 3,
  unhealthy: 4,
  interrupted: 130,
} as const;

/** Names of the command's own errors; what a library throws keeps its own. */
export type CliErrorCode =
  /**
   * The command line or a configuration file cannot be understood. Exit 2.
   * Cure: write it as the message and `--help` say; of a file it names line and column.
   */
  | "KC_USAGE"
  /**
   * There is no such stream, application, shard or object. Exit 1.
   * Cure: check the name, the region and the endpoint.
   */
  | "KC_NOT_FOUND"
  /**
   * Nothing was changed, because it would not have been safe, or something is there already. Exit 3.
   * Cure: do first what the message says.
   */
  | "KC_REFUSED"
  /**
   * Nobody answers in time, or what answers is not well. Exit 4.
   * Cure: look at what the message names, with `status`, `lag` and the log.
   */
  | "KC_UNHEALTHY"
  /**
   * The command did not come to its end. Exit 1.
   * Cure: see the message: it says what failed and why.
   */
  | "KC_FAILED";

/** What is not here is a failure. */
const EXIT_OF: Readonly<Partial<Record<CliErrorCode | ErrorCode, number>>> = {
  KC_USAGE: EXIT.usage,
  KC_OPTION_INVALID: EXIT.usage,
  KC_REFUSED: EXIT.refused,
  KC_STEERING_REFUSED: EXIT.refused,
  KC_UNHEALTHY: EXIT.unhealthy,
};

/** An end of a command that its user has to be told about: one sentence with the cure. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliErrorCode | ErrorCode;

  constructor(code: CliErrorCode | ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): number {
    return EXIT_OF[this.code] ?? EXIT.failed;
  }
}

/** What is shown of an error: its code and its sentence, never its stack. */
export interface ShownError {
  readonly code: string;
  readonly message: string;
}

/** The code and sentence of whatever was thrown. */
export function shownError(thrown: unknown): ShownError {
  if (thrown instanceof CliError) return { code: thrown.code, message: thrown.message };
  if (!(thrown instanceof Error)) return { code: "KC_FAILED", message: String(thrown) };
  return { code: "KC_FAILED", message: thrown.message === "" ? thrown.name : thrown.message };
}

/** The exit status of whatever was thrown. */
export function exitCodeOf(thrown: unknown): number {
  return thrown instanceof CliError ? thrown.exitCode : EXIT.failed;
}
