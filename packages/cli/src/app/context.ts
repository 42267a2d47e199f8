import type { Clock, Random } from "@kinesis-connectors/core";
import type { CommandContext } from "@stricli/core";
import type { Output } from "../output/output.js";
import type { InputStream } from "../output/streams.js";

/** What a command works with, besides its flags. */
export interface CliContext extends CommandContext {
  readonly out: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by Ctrl-C and by SIGTERM. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  /** What comes in on standard input, and whether somebody types it. */
  readonly input: InputStream;
  /** Ends the command with this exit status once it has returned, although nothing was thrown. */
  readonly exitWith: (code: number) => void;
}
