import { KinesisConnectorError } from "@kinesis-connectors/core";

/** A defect of a configuration file, and where it is. */
export interface Problem {
  /** The file, as it was named. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The option, as a path: `emitter.bucket`. Empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and what to do about it; never a secret. */
  readonly message: string;
}

/** The error of a file that cannot be used, with all that is wrong with it. */
export class ConfigError extends KinesisConnectorError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super("KC_OPTION_INVALID", problems.map(problemLine).join("\n"));
    this.problems = problems;
  }
}

/** `pipeline.yaml:5:3 emitter.bukcet is not an option of s3; did you mean bucket?` */
export function problemLine({ file, line, column, message }: Problem): string {
  return `${file}:${line}:${column} ${message}`;
}
