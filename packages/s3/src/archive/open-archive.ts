import {
  checkOptions,
  comparePositions,
  guardedLogger,
  invalidOption,
  type Position,
  silentLogger,
  systemClock,
  systemRandom,
  wholeNumber,
} from "@kinesis-connectors/core";
import { connect } from "../connection.js";
import { s3Sdk } from "../load-sdk.js";
import { deadLetterLines } from "../dead-letters/dead-letter-lines.js";
import { DEAD_LETTER_EXTENSION } from "../dead-letters/s3-dead-letters.js";
import type { ArchivedContent, ArchiveFormat, ObjectContent } from "../formats/archive-format.js";
import { ndjson, raw } from "../formats/formats.js";
import { lengthPrefixed } from "../formats/length-prefixed.js";
import { records } from "../formats/records.js";
import { PositionsHash } from "../objects/positions-hash.js";
import { checkedPrefix } from "../requests.js";
import { checkedBucket } from "../settings.js";
import {
  type ArchiveFacts,
  type ArchiveObject,
  extensionOf,
  isHidden,
  rangeInKey,
} from "./archive-object.js";
import { compressionIn, decompressed } from "./decompress.js";
import { bytesOf, headOf, patiently, type ReadContext, readRefused } from "./object-bytes.js";
import { ARCHIVE_OPTIONS, type ArchiveOptions } from "./options.js";

/** An archive of S3 objects that the emitter wrote, to be read back. */
export interface Archive extends AsyncDisposable {
  readonly bucket: string;
  /** Without a slash at its end; empty for the whole bucket. */
  readonly prefix: string;
  /**
   * Its objects in the order of their keys, a page of the listing at a time. Plans and what the store was tried with are left out, and dead letters or everything else as `objects` says.
   * @throws KinesisConnectorError `KC_READ_REFUSED`
   */
  readonly list: (within?: {
    readonly startAfter?: string;
  }) => AsyncGenerator<readonly ArchiveObject[], void>;
  /**
   * What an object says about itself.
   * @throws KinesisConnectorError `KC_READ_REFUSED`, naming the object
   */
  readonly look: (key: string) => Promise<ArchiveFacts>;
  /**
   * The records of an object, in their order, some at a time. An object that does not hold what its metadata say is damaged.
   * @throws KinesisConnectorError `KC_READ_REFUSED`, naming the object; `KC_OPTION_INVALID` where no format is given for it
   */
  readonly read: (
    key: string,
    facts: ArchiveFacts,
    options?: { readonly chunkBytes?: number },
  ) => AsyncGenerator<readonly ArchivedContent[], void>;
  /**
   * Whether an object keeps the positions and times of its records: those of `records()` and dead letters do.
   * @throws KinesisConnectorError `KC_OPTION_INVALID` where no format is given for it
   */
  readonly keepsPositions: (key: string) => boolean;
  readonly close: () => Promise<void>;
}

const DEFAULT_MAX_RECORD_BYTES: number = 16 * 1024 * 1024;
const DEFAULT_CHUNK_BYTES: number = 4 * 1024 * 1024;

/**
 * Opens an archive for those who go through it object by object; `readArchive` goes through its records. Nothing is sent yet.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function openArchive(options: ArchiveOptions): Archive {
  checkOptions("openArchive", options, ARCHIVE_OPTIONS);
  const bucket = checkedBucket(options.bucket);
  const prefix = checkedPrefix(options.prefix ?? "");
  const { objects = "records" } = options;
  if (objects !== "records" && objects !== "dead-letters")
    throw invalidOption('objects must be "records" or "dead-letters"');
  const areDeadLetters = objects === "dead-letters";
  const formats = byExtension(
    areDeadLetters
      ? [deadLetterLines()]
      : (options.formats ?? [records(), ndjson(), raw(), lengthPrefixed()]),
  );
  const maxRecordBytes = wholeNumber("maxRecordBytes", options.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES, {
    min: 1,
  });
  const chunkBytes = wholeNumber("chunkBytes", options.chunkBytes ?? DEFAULT_CHUNK_BYTES, { min: 1024 });
  const { maxAttempts = 10 } = options;
  if (maxAttempts !== Number.POSITIVE_INFINITY) wholeNumber("maxAttempts", maxAttempts, { min: 1 });
  const connection = connect(options);
  const context: ReadContext = {
    connection,
    bucket,
    expectedBucketOwner: options.expectedBucketOwner,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    logger: guardedLogger("logger", options.logger ?? silentLogger),
    signal: options.signal ?? new AbortController().signal,
    maxAttempts,
  };
  let checking: Promise<unknown> | undefined;
  const checkEndpoint = async (): Promise<void> => {
    await (checking ??= connection.checkEndpoint());
  };

  async function* list({ startAfter }: { readonly startAfter?: string } = {}): AsyncGenerator<
    readonly ArchiveObject[],
    void
  > {
    await checkEndpoint();
    const { ListObjectsV2Command } = await s3Sdk();
    let token: string | undefined;
    do {
      const request = new ListObjectsV2Command({
        Bucket: bucket,
        ExpectedBucketOwner: context.expectedBucketOwner,
        Prefix: prefix === "" ? undefined : `${prefix}/`,
        StartAfter: startAfter,
        ContinuationToken: token,
      });
      const page = await patiently(context, `the list of ${bucket}/${prefix}`, (abortSignal) =>
        connection.client.send(request, { abortSignal }),
      );
      const objects = (page.Contents ?? []).flatMap(({ Key, Size, LastModified }): ArchiveObject[] => {
        if (
          Key === undefined ||
          Key.endsWith("/") ||
          isHidden(Key) ||
          Key.includes(DEAD_LETTER_EXTENSION) !== areDeadLetters
        )
          return [];
        const lastModifiedMs = LastModified?.getTime() ?? 0;
        return [{ key: Key, bytes: Size ?? 0, lastModifiedMs, range: rangeInKey(Key) }];
      });
      if (objects.length > 0) yield objects;
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  const formatOf = (key: string): ArchiveFormat => {
    const extension = compressionIn(extensionOf(key), undefined).extension;
    const found = formats.get(extension);
    if (found !== undefined) return found;
    throw invalidOption(
      `formats lacks one for objects that end in "${extension}", such as ${bucket}/${key}: give the format that wrote them`,
    );
  };

  async function* read(
    key: string,
    facts: ArchiveFacts,
    { chunkBytes: chunk = chunkBytes }: { readonly chunkBytes?: number } = {},
  ): AsyncGenerator<readonly ArchivedContent[], void> {
    await checkEndpoint();
    const format = formatOf(key);
    const { compression } = compressionIn(extensionOf(key), facts.contentEncoding);
    const { etag, bytes: byteLength } = facts;
    const slice = (start: number, end: number): Promise<Uint8Array> =>
      bytesOf(context, { key, etag }, start, end);
    const content: ObjectContent = {
      key,
      byteLength,
      slice,
      maxRecordBytes,
      chunks: () => decompressed(stored(slice, byteLength, chunk), compression),
    };
    const ids = new PositionsHash();
    let count = 0;
    let hasPositions = true;
    let before: Position | undefined;
    /** Lines of several outputs of one record are one record. */
    const isNext = ({ position }: ArchivedContent): boolean => {
      if (position === undefined) {
        hasPositions = false;
        return true;
      }
      ids.add(position);
      const isOther = before === undefined || comparePositions(before, position) !== 0;
      before = position;
      return isOther;
    };
    try {
      for await (const page of format.read(content)) {
        // Before they are handed out: a few bytes of gzip may become lines without end.
        if (count + page.length > facts.recordCount)
          throw new Error(`it holds more than the ${facts.recordCount} records that it was written with`);
        count += page.length;
        yield page.filter(isNext);
      }
      if (count !== facts.recordCount)
        throw new Error(`it holds ${count} records, and was written with ${facts.recordCount}`);
      if (hasPositions && count > 0 && ids.digest() !== facts.idsSha256)
        throw new Error("it holds records of other positions than it was written with");
    } catch (error) {
      context.signal.throwIfAborted();
      throw readRefused(`${bucket}/${key}, after ${count} records,`, error);
    }
  }

  return {
    bucket,
    prefix,
    list,
    look: async (key) => {
      await checkEndpoint();
      return await headOf(context, key);
    },
    read,
    keepsPositions: (key) => formatOf(key).keepsPositions === true,
    close: () => {
      connection.close();
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => {
      connection.close();
      return Promise.resolve();
    },
  };
}

/** An object as it is stored, some bytes at a time; the next ones are under way while those before them are looked at. */
async function* stored(
  slice: (start: number, end: number) => Promise<Uint8Array>,
  byteLength: number,
  chunkBytes: number,
): AsyncGenerator<Uint8Array, void> {
  const chunkAt = (start: number): Promise<Uint8Array> => {
    const chunk = slice(start, Math.min(start + chunkBytes, byteLength));
    // Told by whoever waits for it; nobody may, where reading ends in between.
    chunk.catch(() => undefined);
    return chunk;
  };
  let next = chunkAt(0);
  for (let start = 0; start < byteLength; start += chunkBytes) {
    const chunk = await next;
    if (start + chunkBytes < byteLength) next = chunkAt(start + chunkBytes);
    yield chunk;
  }
}

function byExtension(formats: readonly ArchiveFormat[]): ReadonlyMap<string, ArchiveFormat> {
  if (!Array.isArray(formats) || formats.length === 0)
    throw invalidOption("formats must be a list of formats, such as [records()]");
  const found = new Map<string, ArchiveFormat>();
  for (const format of formats) {
    if (typeof format?.read !== "function" || typeof format.extension !== "string")
      throw invalidOption(
        "formats must hold formats that can be read: records(), ndjson(), raw(), lengthPrefixed(), delimited(), parquet()",
      );
    if (found.has(format.extension))
      throw invalidOption(
        `formats holds two for the extension "${format.extension}": objects could be of either`,
      );
    found.set(format.extension, format);
  }
  return found;
}
