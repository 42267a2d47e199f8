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
export type CliErrorCode = "KC_USAGE" | "KC_NOT_FOUND" | "KC_REFUSED" | "KC_UNHEALTHY" | "KC_FAILED";

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
