import { KinesisConnectorError } from "@kinesis-connectors/core";
import { CliError } from "./errors.js";

/** An error of a library under its own code, as the command shows it; any other error as it is. */
export function asCliError(thrown: unknown): unknown {
  if (!KinesisConnectorError.isInstance(thrown)) return thrown;
  // What the library calls an option is a flag here.
  const message = thrown.message.replaceAll(/\bshardIds\b/g, "--shard");
  return new CliError(thrown.code, message, { cause: thrown });
}
