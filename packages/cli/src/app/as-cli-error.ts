import { KinesisConnectorError } from "@kinesis-connectors/core";
import { CliError } from "./errors.js";

/** An error of a library under its own code, as the command shows it; any other error as it is. */
export function asCliError(thrown: unknown): unknown {
  if (!KinesisConnectorError.isInstance(thrown)) return thrown;
  return new CliError(thrown.code, thrown.message, { cause: thrown });
}
