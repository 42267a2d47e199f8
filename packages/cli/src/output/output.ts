import type { OutputStream } from "./streams.js";

/**
 * Text of JSON in which no character steers a terminal: JSON escapes those below a blank only, and a record may hold the others, which can stand inside
 * its texts alone.
 */
export function printableJson(text: string): string {
  return text.replaceAll(
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    /[\u007F-\u009F\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Where a command writes: results to standard output, everything else to standard error. */
export interface Output {
  /** One line of the result. */
  readonly line: (text: string) => void;
  /** The whole result as one JSON object on one line. */
  readonly json: (value: unknown) => void;
  /** A line for whoever watches: progress, cost, advice. */
  readonly note: (text: string) => void;
  /** Clears the terminal, to draw anew; nothing where the result is no terminal. */
  readonly clear: () => void;
  /** Characters that a line may have; undefined where the result is no terminal. */
  readonly width: () => number | undefined;
  /** Marks what wants attention, on a terminal and without NO_COLOR. */
  readonly warn: (text: string) => string;
}

/** The streams of a process as an `Output`. */
export function outputTo(
  stdout: OutputStream,
  stderr: OutputStream,
  env: Readonly<Record<string, string | undefined>>,
): Output {
  // https://no-color.org: any value but an empty one.
  const isColoured = stdout.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  return {
    line: (text) => void stdout.write(`${text}\n`),
    json: (value) => void stdout.write(`${printableJson(JSON.stringify(value))}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    clear: () => {
      if (stdout.isTTY === true) stdout.write("\u001B[H\u001B[J");
    },
    width: () => (stdout.isTTY === true ? stdout.columns : undefined),
    warn: (text) => (isColoured ? `\u001B[33m${text}\u001B[39m` : text),
  };
}
