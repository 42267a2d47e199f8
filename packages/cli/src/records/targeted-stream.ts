import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import type { ConnectionFlags } from "../app/flags.js";
import { streamInFile, type Where, whereOf } from "../connection/target.js";

/**
 * The stream that a command reads, and the way to it.
 * @throws CliError `KC_USAGE` where neither the command line nor a file names one
 */
export async function targetedStream(
  context: CliContext,
  flags: ConnectionFlags,
  given: string | undefined,
): Promise<{ readonly where: Where; readonly stream: string }> {
  const where = await whereOf(context, flags);
  const stream = given ?? (await streamInFile(context, flags));
  if (stream === undefined)
    throw new CliError("KC_USAGE", "no stream is named: give STREAM, or --config with a file that names it");
  return { where, stream };
}
