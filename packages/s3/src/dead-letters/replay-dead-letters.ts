import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import {
  KinesisConnectorError,
  systemClock,
  wholeNumber,
  checkOptions,
  type OptionNames,
} from "@kinesis-connectors/core";
import { AWS_CONNECTION_OPTIONS, limited, type RequestBounds } from "@kinesis-connectors/aws";
import { connect, type S3Connection, type S3ConnectionOptions } from "../connection.js";
import { s3Sdk } from "../load-sdk.js";
import { errorCodeOf, readCureOf, summaryOf } from "../failures.js";
import { linesOf } from "./lines.js";
import { MAX_DEAD_LETTER_LINE_BYTES } from "../limits.js";
import { parseDeadLetter, type ReplayedRecord } from "./parse-dead-letter.js";
import { checkedPrefix } from "../requests.js";
import { DEAD_LETTER_EXTENSION } from "./s3-dead-letters.js";
import { checkedBucket } from "../settings.js";

/** Options of `replayDeadLetters`. */
export interface ReplayOptions extends S3ConnectionOptions {
  /** The bucket of the dead letters. */
  readonly bucket: string;
  /** Reads all objects of dead letters under this prefix, in key order. Needs s3:ListBucket. Default: the whole bucket. */
  readonly prefix?: string;
  /** Reads exactly these objects, in this order, and lists nothing. Excludes `prefix`. */
  readonly keys?: readonly string[];
  /** Account that has to own the bucket. Default: not checked. */
  readonly expectedBucketOwner?: string;
  /** Longest line that is read, in bytes, after decompression. Default 16 MiB. */
  readonly maxLineBytes?: number;
  /** Aborted: reading ends, and rejects. Default: it goes to the end. */
  readonly signal?: AbortSignal;
}

const NAMES: OptionNames<ReplayOptions> = {
  ...AWS_CONNECTION_OPTIONS,
  forcePathStyle: true,
  bucket: "required",
  prefix: true,
  keys: true,
  expectedBucketOwner: true,
  maxLineBytes: true,
  signal: true,
};

/**
 * Reads dead letters back, object by object, line by line, without keeping an object in memory.
 *
 * @example
 * ```ts
 * for await (const record of replayDeadLetters({ bucket: "orders-dead-letters", prefix: "orders" })) {
 *   await putAgain(record.partitionKey, record.data);
 * }
 * ```
 * @throws KinesisConnectorError `KC_READ_REFUSED` for an object or line that cannot be read, naming key and line; `KC_OPTION_INVALID`
 */
export async function* replayDeadLetters(options: ReplayOptions): AsyncGenerator<ReplayedRecord, void> {
  checkOptions("replayDeadLetters", options, NAMES);
  const bucket = checkedBucket(options.bucket);
  if (options.keys !== undefined && options.prefix !== undefined) {
    throw new KinesisConnectorError("KC_OPTION_INVALID", "keys cannot be given beside prefix");
  }
  const prefix = checkedPrefix(options.prefix ?? "");
  const maxLineBytes = wholeNumber("maxLineBytes", options.maxLineBytes ?? MAX_DEAD_LETTER_LINE_BYTES, {
    min: 1,
  });
  const connection = connect(options);
  const limits = { signal: options.signal ?? new AbortController().signal, clock: systemClock };
  const source = { bucket, expectedBucketOwner: options.expectedBucketOwner };
  try {
    await connection.checkEndpoint();
    for await (const key of options.keys ?? keysUnder(connection, source, prefix, limits)) {
      yield* recordsOf(connection, source, key, maxLineBytes, limits);
    }
  } finally {
    connection.close();
  }
}

interface Source {
  readonly bucket: string;
  readonly expectedBucketOwner: string | undefined;
}

async function* keysUnder(
  connection: S3Connection,
  source: Source,
  prefix: string,
  limits: RequestBounds,
): AsyncGenerator<string, void> {
  const { ListObjectsV2Command } = await s3Sdk();
  let token: string | undefined;
  do {
    const request = new ListObjectsV2Command({
      Bucket: source.bucket,
      ExpectedBucketOwner: source.expectedBucketOwner,
      Prefix: prefix === "" ? undefined : `${prefix}/`,
      ContinuationToken: token,
    });
    const page = await limited(connection, limits, (abortSignal) =>
      connection.client.send(request, { abortSignal }),
    ).catch((error: unknown) => {
      limits.signal.throwIfAborted();
      throw refused(`the list of ${source.bucket}/${prefix}`, error);
    });
    for (const { Key } of page.Contents ?? []) {
      if (Key?.includes(DEAD_LETTER_EXTENSION) === true) yield Key;
    }
    token = page.NextContinuationToken;
  } while (token !== undefined);
}

async function* recordsOf(
  connection: S3Connection,
  source: Source,
  key: string,
  maxLineBytes: number,
  limits: RequestBounds,
): AsyncGenerator<ReplayedRecord, void> {
  let lineNumber = 0;
  try {
    for await (const line of linesOf(bytesOf(connection, source, key, limits), maxLineBytes)) {
      lineNumber += 1;
      yield parseDeadLetter(line, key);
    }
  } catch (error) {
    limits.signal.throwIfAborted();
    throw refused(`${source.bucket}/${key} at line ${Math.max(1, lineNumber)}`, error);
  }
}

/** The object's bytes, decompressed; each chunk has the time of one request to arrive, so a stalled body ends in an error. */
async function* bytesOf(
  connection: S3Connection,
  source: Source,
  key: string,
  limits: RequestBounds,
): AsyncGenerator<Uint8Array, void> {
  const { Body, ContentEncoding } = await limited(connection, limits, async (abortSignal) => {
    const { GetObjectCommand } = await s3Sdk();
    return connection.client.send(
      new GetObjectCommand({
        Bucket: source.bucket,
        Key: key,
        ExpectedBucketOwner: source.expectedBucketOwner,
      }),
      { abortSignal },
    );
  });
  if (!(Body instanceof Readable)) throw new Error("S3 answered GetObject without a body");
  const stream: Readable = ContentEncoding === "gzip" ? gunzipped(Body) : Body;
  const chunks: AsyncIterator<unknown> = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await limited(connection, limits, () => chunks.next());
      if (done === true) return;
      if (value instanceof Uint8Array) yield value;
    }
  } finally {
    Body.destroy();
    stream.destroy();
  }
}

/** `pipe` forwards no errors: a body that breaks off must end the decompression too. */
function gunzipped(body: Readable): Readable {
  const gunzip = createGunzip();
  body.once("error", (error) => gunzip.destroy(error));
  return body.pipe(gunzip);
}

function refused(what: string, error: unknown): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_READ_REFUSED",
    `${what} cannot be read (${errorCodeOf(error)}): ${readCureOf(error)}`,
    { cause: summaryOf(error) },
  );
}
