import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { CliError } from "../app/errors.js";

/** A dead letter, as `replayDeadLetters` of `@kinesis-connectors/s3` gives it. */
export interface Letter {
  readonly partitionKey: string;
  readonly explicitHashKey?: string;
  readonly data: Uint8Array;
  readonly stream: string;
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly subSequenceNumber: number;
  readonly arrivalTimeMs: number;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly attempts: number;
  /** The object that it was read from. */
  readonly key: string;
}

/** Options of `replayDeadLetters` that are used here. */
export interface LetterSource {
  readonly bucket: string;
  readonly prefix?: string;
  readonly keys?: readonly string[];
  readonly region?: string;
  readonly endpoint?: string;
  readonly allowInsecure?: boolean;
  readonly signal: AbortSignal;
}

interface InstalledS3 {
  readonly replayDeadLetters: (options: LetterSource) => AsyncIterable<Letter>;
}

/**
 * `@kinesis-connectors/s3` as the user installed it: in the folder, or with this command.
 * @throws CliError `KC_FAILED` where it is in neither
 */
export async function installedS3(cwd: string): Promise<InstalledS3> {
  for (const from of [pathToFileURL(`${cwd}/`).href, import.meta.url]) {
    const path = pathOf(from);
    if (path !== undefined) return (await import(pathToFileURL(path).href)) as InstalledS3;
  }
  throw new CliError(
    "KC_FAILED",
    "dead letters on S3 are read by @kinesis-connectors/s3, which is not installed here: npm install @kinesis-connectors/s3",
  );
}

function pathOf(from: string): string | undefined {
  try {
    return createRequire(from).resolve("@kinesis-connectors/s3");
  } catch {
    return undefined;
  }
}
