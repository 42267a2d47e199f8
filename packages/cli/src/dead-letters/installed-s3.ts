import { CliError } from "../app/errors.js";
import { installed } from "../app/installed.js";

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
 * `@kinesis-connectors/s3` as the user installed it.
 * @throws CliError `KC_FAILED` where it is not there
 */
export async function installedS3(cwd: string): Promise<InstalledS3> {
  const s3 = await installed(cwd, "@kinesis-connectors/s3");
  if (s3 !== undefined) return s3 as InstalledS3;
  throw new CliError(
    "KC_FAILED",
    "dead letters on S3 are read by @kinesis-connectors/s3, which is not installed here: npm install @kinesis-connectors/s3",
  );
}
