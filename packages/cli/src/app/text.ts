import { type ApplicationText, text_en } from "@stricli/core";
import { shownError } from "./errors.js";

/** What goes wrong, as a sentence on a line of its own, or as the object that programs read. */
export function textFor(isJson: boolean): ApplicationText {
  const shown = (code: string, message: string): string =>
    isJson ? JSON.stringify({ error: { code, message } }) : `kinesis-connectors: ${message}`;
  const thrown = (exception: unknown): string => {
    const { code, message } = shownError(exception);
    return shown(code, message);
  };
  return {
    ...text_en,
    exceptionWhileParsingArguments: (exception) =>
      shown("KC_USAGE", withoutStack(text_en.exceptionWhileParsingArguments.call({}, exception, false))),
    exceptionWhileLoadingCommandFunction: thrown,
    exceptionWhileLoadingCommandContext: thrown,
    exceptionWhileRunningCommand: thrown,
    commandErrorResult: thrown,
    noCommandRegisteredForInput: ({ input, corrections }) => shown("KC_USAGE", strange(input, corrections)),
  };
}

function strange(input: string, corrections: readonly string[]): string {
  if (input.startsWith("-")) return `the command comes first, and ${input} behind it; --help lists them`;
  if (corrections.length === 0) return `there is no command ${input}; --help lists them`;
  return `there is no command ${input}: did you mean ${corrections.join(" or ").replaceAll("`", "")}?`;
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
