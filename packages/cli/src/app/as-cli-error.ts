import { KinesisConnectorError } from "@kinesis-connectors/core";
import { cureOf } from "./cure.js";
import { CliError, shownError } from "./errors.js";

/** An error of a library under its own code, as the command shows it; one of AWS or its client with its cure, where there is one; any other error as it is. */
export function asCliError(thrown: unknown): unknown {
  if (thrown instanceof CliError) return thrown;
  if (KinesisConnectorError.isInstance(thrown)) {
    // What the library calls an option is a flag here.
    const message = thrown.message.replaceAll(/\bshardIds\b/g, "--shard");
    return new CliError(thrown.code, message, { cause: thrown });
  }
  const cure = cureOf(thrown);
  if (cure === undefined) return thrown;
  return new CliError("KC_FAILED", `${shownError(thrown).message}: ${cure}`, { cause: thrown });
}
