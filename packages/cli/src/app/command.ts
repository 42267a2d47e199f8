import { buildCommand, type Command, type CommandBuilderArguments } from "@stricli/core";
import type { CliContext } from "./context.js";

/** The flags of a command that has none. */
export type NoFlags = Readonly<Record<string, never>>;

type FlagsLike<Flags> = Readonly<Partial<Record<keyof Flags, unknown>>>;

type Spec<Flags extends FlagsLike<Flags>, Args extends readonly unknown[]> = Pick<
  CommandBuilderArguments<Flags, Args, CliContext>,
  "docs" | "parameters"
>;

/** What a command does. */
export type Run<Flags, Args extends readonly unknown[]> = (
  context: CliContext,
  flags: Flags,
  ...args: Args
) => Promise<void>;

/**
 * A command whose work is loaded when it runs: whoever asks for help, or completes a word, waits for no client of AWS.
 * @param load imports what the command does
 */
export function lazyCommand<Flags extends FlagsLike<Flags>, Args extends readonly unknown[] = []>(
  load: () => Promise<Run<Flags, Args>>,
  spec: NoInfer<Spec<Flags, Args>>,
): Command<CliContext> {
  return buildCommand<Flags, Args, CliContext>({
    docs: spec.docs,
    parameters: spec.parameters,
    loader: async () => {
      const run = await load();
      return async function running(this: CliContext, flags: Flags, ...args: Args) {
        try {
          await run(this, flags, ...args);
        } catch (thrown) {
          // Loaded by now, and not by whoever asks for help.
          const { asCliError } = await import("./as-cli-error.js");
          throw asCliError(thrown);
        }
      };
    },
  });
}
