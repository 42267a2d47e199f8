import { limited } from "@kinesis-connectors/aws";
import {
  asError,
  backoffMs,
  type Clock,
  hasCode,
  KinesisConnectorError,
  type Logger,
  type Random,
  sleep,
} from "@kinesis-connectors/core";
import type { S3Connection } from "../connection.js";
import { s3Sdk } from "../load-sdk.js";
import { errorCodeOf, failureOf, readCureOf, statusOf, summaryOf } from "../failures.js";
import { type ArchiveFacts, factsOf } from "./archive-object.js";

/** The way to the objects of a bucket, for those who read. */
export interface ReadContext {
  readonly connection: S3Connection;
  readonly bucket: string;
  readonly expectedBucketOwner: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Tries of one request that S3 does not answer. */
  readonly maxAttempts: number;
}

const BACK_OFF = { baseDelayMs: 100, maxDelayMs: 10_000 } as const;
/** Tries after which an outage is told. */
const TOLD_AFTER = 4;

/**
 * A request, made again as long as S3 does not answer: an outage waits, and is told.
 * @throws KinesisConnectorError `KC_READ_REFUSED` for what no waiting mends, with `what` it was about
 */
export async function patiently<Answer>(
  context: ReadContext,
  what: string,
  request: (abortSignal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const { connection, signal, clock, random, logger, maxAttempts } = context;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await limited(connection, { signal, clock }, request);
    } catch (error) {
      signal.throwIfAborted();
      if (hasCode(error, "KC_READ_REFUSED")) throw error;
      const failure = failureOf(error);
      if (failure.kind === "expired" && attempt < maxAttempts) await renewed(connection);
      else if (failure.kind !== "retry" || attempt >= maxAttempts) throw readRefused(what, error);
      if (attempt === TOLD_AFTER)
        logger.warn(
          { what, code: errorCodeOf(error) },
          "S3 does not answer; it is asked again until it does",
        );
      await sleep(clock, backoffMs(attempt, BACK_OFF, random), signal);
      signal.throwIfAborted();
    }
  }
}

async function renewed(connection: S3Connection): Promise<void> {
  // That they are not to be had is told by the next request.
  await connection.refreshCredentials().catch(() => undefined);
}

/** What an object says about itself. */
export async function headOf(context: ReadContext, key: string): Promise<ArchiveFacts> {
  const { connection, bucket, expectedBucketOwner } = context;
  const answer = await patiently(context, `${bucket}/${key}`, async (abortSignal) => {
    const { HeadObjectCommand } = await s3Sdk();
    return connection.client.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key, ExpectedBucketOwner: expectedBucketOwner }),
      { abortSignal },
    );
  });
  try {
    return factsOf(answer);
  } catch (error) {
    throw readRefused(`${bucket}/${key}`, error);
  }
}

/**
 * Bytes `start` to `end`, exclusive, of an object that must still be the one that was looked at. A range at a time, and nothing held open in between: a
 * slow reader would find its connection cut.
 */
export async function bytesOf(
  context: ReadContext,
  { key, etag }: { readonly key: string; readonly etag: string | undefined },
  start: number,
  end: number,
): Promise<Uint8Array> {
  const { connection, bucket, expectedBucketOwner } = context;
  if (end <= start) return new Uint8Array();
  return await patiently(context, `${bucket}/${key}`, async (abortSignal) => {
    const { GetObjectCommand } = await s3Sdk();
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      ExpectedBucketOwner: expectedBucketOwner,
      Range: `bytes=${start}-${end - 1}`,
      IfMatch: etag,
    });
    const { Body } = await connection.client.send(command, { abortSignal });
    const bytes = await Body?.transformToByteArray();
    // Cut short by whatever lies between: the same again.
    if (bytes?.length !== end - start)
      throw new Error("the answer holds another number of bytes than were asked for");
    return bytes;
  });
}

/** The error for an object or a list that cannot be read: which one, and the cure. Nothing of its records. */
export function readRefused(what: string, error: unknown): KinesisConnectorError {
  if (hasCode(error, "KC_READ_REFUSED") || hasCode(error, "KC_OPTION_INVALID")) return error;
  const status = statusOf(error);
  if (status === undefined && !isOfService(error))
    return new KinesisConnectorError("KC_READ_REFUSED", `${what} cannot be read: ${asError(error).message}`, {
      cause: asError(error),
    });
  return new KinesisConnectorError(
    "KC_READ_REFUSED",
    `${what} cannot be read (${errorCodeOf(error)}): ${
      status === 412
        ? "it was replaced while it was read; nothing should write over an archive"
        : readCureOf(error)
    }`,
    { cause: summaryOf(error) },
  );
}

function isOfService(error: unknown): boolean {
  return typeof error === "object" && error !== null && "$metadata" in error;
}
