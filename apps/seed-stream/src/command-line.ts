import { existsSync, statSync } from "node:fs";
import { parseArgs, type ParseArgsConfig } from "node:util";

/** A bad flag: one sentence that names it, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** `parseArgs` with a usage error instead of a stack trace. */
export function readFlags<Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>>["values"] {
  try {
    return parseArgs(config).values;
  } catch (thrown) {
    throw new UsageError(
      `${thrown instanceof Error ? thrown.message : "the flags cannot be read"}; --help lists the flags`,
    );
  }
}

/** A flag that takes a whole number of at least `min`. */
export function wholeNumberFlag(flag: string, value: string, min = 1): number {
  const number = Number(value);
  if (value.trim() !== "" && Number.isSafeInteger(number) && number >= min) return number;
  throw new UsageError(`--${flag} takes a whole number of at least ${min}, but got ${JSON.stringify(value)}`);
}

/** A flag that names a readable file, or - for standard input. */
export function inputFlag(path: string): string {
  if (path === "-") return path;
  if (!existsSync(path)) throw new UsageError(`--input: there is no file ${path}`);
  if (!statSync(path).isFile()) throw new UsageError(`--input: ${path} is not a file`);
  return path;
}

/** Flags that every sample has: shards of its stream, seed of its input, JSON on the last line. A sample spreads them among its own. */
export const SAMPLE_FLAGS = {
  shards: { type: "string", default: "2" },
  seed: { type: "string", default: "1" },
  json: { type: "boolean", default: false },
} as const;

/** Runs an app: a usage error ends it with code 2, any other with code 1, each in one sentence. `DEBUG=1` shows the stack. */
export async function runApp(name: string, app: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await app();
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    process.stderr.write(`${name}: ${error.message}\n`);
    if (process.env["DEBUG"] !== undefined) process.stderr.write(`${error.stack}\n`);
    const usage = error instanceof UsageError || ("code" in error && error.code === "KC_OPTION_INVALID");
    process.exitCode = usage ? 2 : 1;
  }
}

/** Runs an app that has `--help` from here: it prints `usage`. */
export async function runSample(name: string, usage: string, app: () => Promise<number>): Promise<void> {
  await runApp(name, async () => {
    if (!process.argv.includes("--help")) return app();
    process.stdout.write(`${usage}\n`);
    return 0;
  });
}
