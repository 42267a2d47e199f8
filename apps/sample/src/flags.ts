import { existsSync, statSync } from "node:fs";
import { parseArgs } from "node:util";

/** A bad flag: one sentence that names it, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** One flag: whether it takes a text, and what that text means. */
export interface Flag<Value> {
  readonly type: "string" | "boolean";
  /** Reads what was given, undefined where nothing was. Throws a `UsageError` that names the flag and what it takes. */
  readonly read: (given: string | boolean | undefined, name: string) => Value;
}

/** Flags by their names, without the two dashes. */
export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** What flags were read as. */
export type FlagValues<Given extends Flags> = {
  readonly [Name in keyof Given]: Given[Name] extends Flag<infer Value> ? Value : never;
};

/** A flag without a value: false unless it is there. */
export const toggle: Flag<boolean> = { type: "boolean", read: (given) => given === true };

/** A flag that takes a text. Default: none. */
export const text: Flag<string | undefined> = { type: "string", read: textOf };

/** A flag that takes a whole number between two bounds, both included. `min` is 1 by default. */
export function wholeNumber(
  byDefault: number,
  { min = 1, max }: { readonly min?: number; readonly max: number },
): Flag<number> {
  return {
    type: "string",
    read: (given, name) => {
      const value = textOf(given) ?? String(byDefault);
      const number = Number(value);
      if (value.trim() !== "" && Number.isSafeInteger(number) && number >= min && number <= max)
        return number;
      throw new UsageError(
        `--${name} takes a whole number from ${min} to ${max}, but got ${JSON.stringify(value)}`,
      );
    },
  };
}

/** A flag that may be left out, without a default. */
export function optional<Value>(flag: Flag<Value>): Flag<Value | undefined> {
  return { ...flag, read: (given, name) => (given === undefined ? undefined : flag.read(given, name)) };
}

/** A flag that takes one of some words, the first by default. */
export function oneOf<const Word extends string>(...words: readonly [Word, ...Word[]]): Flag<Word> {
  return {
    type: "string",
    read: (given, name) => {
      const word = words.find((known) => known === (textOf(given) ?? words[0]));
      if (word !== undefined) return word;
      throw new UsageError(`--${name} takes ${words.join(" or ")}, but got ${JSON.stringify(given)}`);
    },
  };
}

/** A flag that takes a text with a default. */
export function textOr(byDefault: string): Flag<string> {
  return { type: "string", read: (given) => textOf(given) ?? byDefault };
}

/** A flag that must name a stream that exists. */
export const streamName: Flag<string> = {
  type: "string",
  read: (given, name) => named(given, name, "stream"),
};

/** A flag that must name a bucket that exists. S3 takes names of 3 to 63 characters (user guide, "General purpose bucket naming rules"). */
export const bucketName: Flag<string> = {
  type: "string",
  read: (given, name) => {
    const bucket = named(given, name, "bucket");
    if (bucket.length >= 3 && bucket.length <= 63) return bucket;
    throw new UsageError(
      `--${name} takes the name of a bucket, which has 3 to 63 characters, but got ${bucket.length}`,
    );
  },
};

/** A flag that names a readable file, or - for standard input. */
export const inputFile: Flag<string | undefined> = {
  type: "string",
  read: (given, name) => {
    const path = textOf(given);
    if (path === undefined || path === "-") return path;
    if (!existsSync(path)) throw new UsageError(`--${name}: there is no file ${path}`);
    if (!statSync(path).isFile()) throw new UsageError(`--${name}: ${path} is not a file`);
    return path;
  },
};

/** The flags that every sample has: shards of its stream, seed of its input, JSON on the last line. */
export const SAMPLE_FLAGS = {
  shards: wholeNumber(2, { max: 200 }),
  seed: wholeNumber(1, { min: 0, max: 2 ** 32 - 1 }),
  json: toggle,
} as const;

/** How many generated records a sample takes: all of them stay in memory. */
export function recordCount(byDefault: number): Flag<number> {
  return wholeNumber(byDefault, { max: 10_000_000 });
}

/**
 * Reads the command line.
 * @throws UsageError naming the flag and what it takes
 */
export function readFlags<Given extends Flags>(
  flags: Given,
  given: readonly string[] = process.argv.slice(2),
): FlagValues<Given> {
  const options = Object.fromEntries(Object.entries(flags).map(([name, { type }]) => [name, { type }]));
  const values = parsed(options, given);
  const read = Object.entries(flags).map(([name, flag]) => [name, flag.read(values[name], name)]);
  // Each member was read by its own flag.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(read) as FlagValues<Given>;
}

function parsed(
  options: Record<string, { readonly type: "string" | "boolean" }>,
  given: readonly string[],
): Readonly<Record<string, string | boolean | undefined>> {
  try {
    return parseArgs({ options, args: [...given] }).values;
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : "the flags cannot be read";
    throw new UsageError(`${message}; --help lists the flags`);
  }
}

function textOf(given: string | boolean | undefined): string | undefined {
  return typeof given === "string" ? given : undefined;
}

function named(given: string | boolean | undefined, name: string, what: string): string {
  const value = textOf(given) ?? "";
  if (value !== "") return value;
  throw new UsageError(`--${name} names no ${what}: give the name of one that exists`);
}
