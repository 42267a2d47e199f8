import { resolve } from "node:path";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import { atMsOf } from "../app/inputs.js";
import { whereOf } from "../connection/target.js";
import { inFlags, OF_LETTERS } from "../replay/in-flags.js";
import type { LetterFlags } from "./flags.js";
import { installedS3, type Letter, type LetterSource } from "./installed-s3.js";

/** Where dead letters are read from. */
export interface Letters {
  readonly bucket: string;
  readonly prefix: string | undefined;
  readonly endpoint: string | undefined;
  /** Whether only some of those that are there are meant. */
  readonly isNarrowed: boolean;
  /** Those that are meant, object by object. */
  readonly read: (keys?: readonly string[]) => AsyncGenerator<Letter, void>;
}

/**
 * The dead letters that a command is about.
 * @throws CliError `KC_USAGE` where neither the command line nor a file names a bucket
 */
export async function lettersOf(context: CliContext, flags: LetterFlags): Promise<Letters> {
  const { cwd, signal, clock } = context;
  const file = await inFile(context, flags);
  const bucket = flags.bucket ?? file.bucket;
  if (bucket === undefined)
    throw new CliError(
      "KC_USAGE",
      "no bucket is named: give --bucket, or --config with a file whose deadLetters are on S3",
    );
  const isOfFile = flags.bucket === undefined || flags.bucket === file.bucket;
  const prefix = flags.prefix ?? (isOfFile ? file.prefix : undefined);
  const where = await whereOf(context, flags);
  const region = flags.region ?? (isOfFile ? file.region : undefined) ?? where.region;
  const endpoint = flags.endpointS3 ?? (isOfFile ? file.endpoint : undefined);
  const source: LetterSource = {
    bucket,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(where.allowInsecure ? { allowInsecure: true } : {}),
    signal,
  };
  const sinceMs = flags.since === undefined ? undefined : atMsOf(flags.since, clock.now());
  const codes = flags.code === undefined ? undefined : new Set(flags.code);
  const { replayDeadLetters } = await installedS3(cwd);
  return { bucket, prefix, endpoint, isNarrowed: sinceMs !== undefined || codes !== undefined, read };

  async function* read(keys?: readonly string[]): AsyncGenerator<Letter, void> {
    const what = keys === undefined ? (prefix === undefined ? {} : { prefix }) : { keys };
    try {
      for await (const letter of replayDeadLetters({ ...source, ...what })) {
        if (sinceMs !== undefined && letter.arrivalTimeMs < sinceMs) continue;
        if (codes !== undefined && !codes.has(letter.errorCode)) continue;
        yield letter;
      }
    } catch (thrown) {
      throw inFlags(thrown, OF_LETTERS);
    }
  }
}

/** The sentence for a place without such dead letters. */
export function nothingThere({ bucket, prefix, isNarrowed }: Letters): string {
  return prefix === undefined
    ? `there are no such dead letters in ${bucket}: check --bucket${isNarrowed ? ", --since and --code" : ""}`
    : `there are no such dead letters below ${bucket}/${prefix}: check --prefix${isNarrowed ? ", --since and --code" : ""}`;
}

interface InFile {
  readonly bucket?: string;
  readonly prefix?: string;
  readonly region?: string;
  readonly endpoint?: string;
}

/** What a file says of its dead letters. */
async function inFile({ cwd, env }: CliContext, { config }: LetterFlags): Promise<InFile> {
  if (config === undefined) return {};
  const { loadSource } = await import("@kinesis-connectors/config");
  const { redacted } = await loadSource(resolve(cwd, config), { env });
  const { deadLetters } = (redacted ?? {}) as { readonly deadLetters?: Readonly<Record<string, unknown>> };
  if (deadLetters?.["type"] !== "s3") return {};
  const texts = ["bucket", "prefix", "region", "endpoint"].flatMap((name) => {
    const value = deadLetters[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  return Object.fromEntries(texts);
}
