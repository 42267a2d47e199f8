import {
  type ApplicationText,
  ArgumentScannerError,
  type Command,
  formatMessageForArgumentScannerError,
  text_en,
} from "@stricli/core";
import { kebab } from "./command.js";
import type { CliContext } from "./context.js";
import { shownError } from "./errors.js";

type Parameters = Command<CliContext>["parameters"];

/**
 * What goes wrong, as a sentence on a line of its own, or as the object that programs read.
 * @param parameters those of the command that the line names
 */
export function textFor(isJson: boolean, parameters: Parameters = {}): ApplicationText {
  const shown = (code: string, message: string): string =>
    isJson ? JSON.stringify({ error: { code, message } }) : `kinesis-connectors: ${message}`;
  const thrown = (exception: unknown): string => {
    const { code, message } = shownError(exception);
    return shown(code, message);
  };
  return {
    ...text_en,
    exceptionWhileParsingArguments: (exception) =>
      shown(
        "KC_USAGE",
        missing(exception, parameters) ??
          asTyped(
            withoutStack(text_en.exceptionWhileParsingArguments.call({}, exception, false)),
            parameters,
          ),
      ),
    exceptionWhileLoadingCommandFunction: thrown,
    exceptionWhileLoadingCommandContext: thrown,
    exceptionWhileRunningCommand: thrown,
    commandErrorResult: thrown,
    noCommandRegisteredForInput: ({ input, corrections }) => shown("KC_USAGE", strange(input, corrections)),
  };
}

/** What a flag or a word takes, as its help has it. */
interface Told {
  readonly brief: string;
  readonly placeholder?: string;
  readonly values?: readonly string[];
}

/** The sentence for a flag or a word that is not there: what to give. Undefined for everything else. */
function missing(exception: unknown, { flags = {}, positional }: Parameters): string | undefined {
  if (!(exception instanceof ArgumentScannerError)) return undefined;
  const sentence = formatMessageForArgumentScannerError(exception, {
    UnsatisfiedFlagError: ({ externalFlagName, nextFlagName }) => {
      const told: Told | undefined = Object.entries(flags).find(
        ([name]) => kebab(name) === kebab(externalFlagName),
      )?.[1];
      const value = told?.values?.join("|") ?? told?.placeholder ?? "VALUE";
      const instead = nextFlagName === undefined ? "" : `, and --${nextFlagName} stands in its place`;
      return `--${externalFlagName} ${value} is missing${instead}${told === undefined ? "" : `: ${told.brief}`}; --help has an explanation of each flag`;
    },
    UnsatisfiedPositionalError: ({ placeholder }) => {
      const words: readonly Told[] =
        positional === undefined
          ? []
          : positional.kind === "tuple"
            ? positional.parameters
            : [positional.parameter];
      const told = words.find((word) => word.placeholder === placeholder);
      return `${placeholder} is missing${told === undefined ? "" : `: ${told.brief}`}; --help has an explanation of each word`;
    },
  });
  return sentence === exception.message ? undefined : sentence;
}

function strange(input: string, corrections: readonly string[]): string {
  if (input.startsWith("-")) return `the command comes first, and ${input} behind it; --help lists them`;
  if (corrections.length === 0) return `there is no command ${input}; --help lists them`;
  return `there is no command ${input}: did you mean ${corrections.join(" or ").replaceAll("`", "")}?`;
}

/** With flags as help and completion write them: the parser names them as the code does. */
function asTyped(text: string, { flags = {} }: Parameters): string {
  return text.replaceAll(/--([a-z]+(?:[A-Z][a-z]*)+)\b/g, (written, name: string) =>
    Object.hasOwn(flags, name) ? `--${kebab(name)}` : written,
  );
}

/** A parser's own error is shown with its stack: the first line says it all. */
function withoutStack(text: string): string {
  return text
    .split("\n")
    .filter((line) => !/^\s+at /.test(line))
    .join(" ")
    .replace("(TypeError: ", "(")
    .replace(/: TypeError: /, ": ");
}
