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
    docs: withOptionalWords(spec),
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

/** A positional or flag, as far as a line of usage tells of it. */
interface Told {
  readonly placeholder?: string;
  readonly optional?: boolean;
  readonly kind?: string;
  readonly default?: unknown;
}

/** Usage with what may stand behind the command besides what must: `pause [APP]`. The flags that may be there have a list of their own. */
function withOptionalWords<Docs extends object>(spec: {
  readonly docs: Docs;
  readonly parameters: { readonly positional?: unknown; readonly flags?: unknown };
}): Docs & { readonly customUsage?: readonly string[] } {
  const { parameters = [] } = (spec.parameters.positional ?? {}) as { readonly parameters?: readonly Told[] };
  if (!Array.isArray(parameters) || !parameters.some(({ optional }) => optional === true)) return spec.docs;
  const flags = Object.entries((spec.parameters.flags ?? {}) as Readonly<Record<string, Told>>)
    .filter(([, told]) => told.kind === "parsed" && told.optional !== true && told.default === undefined)
    .map(([name, { placeholder = "value" }]) => `(--${kebab(name)} ${placeholder})`);
  const words = parameters.map(({ placeholder = "arg", optional }) =>
    optional === true ? `[${placeholder}]` : `<${placeholder}>`,
  );
  return { ...spec.docs, customUsage: [[...flags, ...words].join(" ")] };
}

/** The name of a flag as it stands on the command line. */
export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
