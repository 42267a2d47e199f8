import { setMaxListeners } from "node:events";
import type { CompletedPart } from "@aws-sdk/client-s3";
import type { Logger } from "@kinesis-connectors/core";
import type { Body } from "./body.js";
import { limited, type RequestBounds, within } from "@kinesis-connectors/aws";
import type { S3Connection } from "../connection.js";
import { s3Sdk } from "../load-sdk.js";
import { errorCodeOf, failureOf, requireOfS3, statusOf } from "../failures.js";
import { headersOf, type ObjectSettings, target } from "./object-headers.js";
import { BATCH_ID } from "./object-metadata.js";
import { splitIntoParts } from "../requests.js";

/** One object to be written, if nothing is at its key. */
export interface NewObject {
  readonly key: string;
  readonly body: Body;
  readonly batchId: string;
  readonly metadata: Record<string, string>;
}

/** What is at a key. `unreadable`: S3 answered 403, which it does for a missing object too where listing is not allowed. */
export type Occupant = "ours" | "other" | "missing" | "unreadable";

/** How long the removal of a failed upload's parts may take: a shard that lost its lease must not wait for it. */
const ABORT_TIMEOUT_MS = 2_000;

type Context = RequestBounds & { readonly logger: Logger };

/**
 * Writes an object if nothing is at its key: in one request, or in parts when it is large. Rejects with the SDK's error.
 * @param isConditional false: over whatever is there, for names that stand for their bytes at stores without conditional writes
 */
export async function putIfAbsent(
  connection: S3Connection,
  settings: ObjectSettings,
  object: NewObject,
  context: Context,
  isConditional: boolean = true,
): Promise<void> {
  if (object.body.length > settings.multipartAboveBytes) {
    await putInParts(connection, settings, object, context, isConditional);
    return;
  }
  const bytes = await object.body.read(0, object.body.length);
  const { key, metadata } = object;
  await within(connection.requestTimeoutMs, context, (listed) =>
    connection.put(settings, { key, metadata, bytes, isConditional }, { listed, clock: context.clock }),
  );
}

/** Looks at what a key holds. Rejects with the SDK's error when that cannot be told now. */
export async function occupantOf(
  connection: S3Connection,
  settings: Pick<ObjectSettings, "bucket" | "expectedBucketOwner" | "requestPayer">,
  key: string,
  batchId: string,
  limits: RequestBounds,
): Promise<Occupant> {
  try {
    const { Metadata } = await limited(connection, limits, async (abortSignal) => {
      const { HeadObjectCommand } = await s3Sdk();
      return connection.client.send(new HeadObjectCommand(target(settings, key)), { abortSignal });
    });
    return Metadata?.[BATCH_ID] === batchId ? "ours" : "other";
  } catch (error) {
    limits.signal.throwIfAborted();
    // A HEAD has no body, so the status is all that is told.
    const status = statusOf(error);
    if (status === 404) return "missing";
    if (status === 403) return "unreadable";
    throw error;
  }
}

async function putInParts(
  connection: S3Connection,
  settings: ObjectSettings,
  object: NewObject,
  context: Context,
  isConditional: boolean,
): Promise<void> {
  const { UploadId } = await limited(connection, context, async (abortSignal) => {
    const { CreateMultipartUploadCommand } = await s3Sdk();
    return connection.client.send(
      new CreateMultipartUploadCommand({ ...headersOf(settings, object), ChecksumAlgorithm: "CRC32" }),
      { abortSignal },
    );
  });
  if (UploadId === undefined) throw new Error("S3 answered CreateMultipartUpload without an UploadId");
  try {
    const parts = await putParts(connection, settings, object, UploadId, context);
    await complete(connection, settings, object, { UploadId, parts, isConditional }, context);
  } catch (error) {
    // Also after a failed Complete: where that was applied after all, there is no upload left to abort, and the object stays.
    await abort(connection, settings, object.key, UploadId, context);
    throw error;
  }
}

/** Uploads a few parts at a time; the first failure stops all of them. Settles when none is under way any more. */
async function putParts(
  connection: S3Connection,
  settings: ObjectSettings,
  object: NewObject,
  uploadId: string,
  context: Context,
): Promise<CompletedPart[]> {
  const failed = new AbortController();
  const onAbort = (): void => failed.abort(context.signal.reason);
  // Each uploader listens once; Node warns of a leak above ten listeners.
  setMaxListeners(settings.partConcurrency + 1, failed.signal);
  // Not AbortSignal.any: on a signal that lives as long as the shard it keeps memory for each upload (nodejs/node#54614).
  context.signal.addEventListener("abort", onAbort, { once: true });
  if (context.signal.aborted) onAbort();
  const limits = { clock: context.clock, signal: failed.signal };
  const waiting = splitIntoParts(object.body.length, settings.partBytes).values();
  const done: CompletedPart[] = [];
  const uploader = async (): Promise<void> => {
    // All of them take from one iterator, so each part is taken once.
    for (const { partNumber, start, end } of waiting) {
      const bytes = await object.body.read(start, end);
      const answer = await limited(connection, limits, async (abortSignal) => {
        const { UploadPartCommand } = await s3Sdk();
        return connection.client.send(
          new UploadPartCommand({
            ...target(settings, object.key),
            UploadId: uploadId,
            PartNumber: partNumber,
            Body: bytes,
            ContentLength: end - start,
            ChecksumAlgorithm: "CRC32",
          }),
          { abortSignal },
        );
      });
      requireOfS3("UploadPart", answer);
      done.push({ PartNumber: partNumber, ETag: answer.ETag, ChecksumCRC32: answer.ChecksumCRC32 });
    }
  };
  let firstError: unknown;
  const watched = async (): Promise<void> => {
    try {
      await uploader();
    } catch (error) {
      firstError ??= error;
      failed.abort(firstError);
    }
  };
  await Promise.all(Array.from({ length: settings.partConcurrency }, watched));
  context.signal.removeEventListener("abort", onAbort);
  if (firstError !== undefined) throw firstError;
  return done.sort((left, right) => (left.PartNumber ?? 0) - (right.PartNumber ?? 0));
}

async function complete(
  connection: S3Connection,
  settings: ObjectSettings,
  object: NewObject,
  upload: { readonly UploadId: string; readonly parts: CompletedPart[]; readonly isConditional: boolean },
  context: Context,
): Promise<void> {
  const { UploadId, parts, isConditional } = upload;
  try {
    // S3 may answer 200 and send an error in the body while it puts the parts together; the SDK's client sees that and throws.
    const answer = await limited(connection, context, async (abortSignal) => {
      const { CompleteMultipartUploadCommand } = await s3Sdk();
      return connection.client.send(
        new CompleteMultipartUploadCommand({
          ...target(settings, object.key),
          UploadId,
          MultipartUpload: { Parts: parts },
          ...(isConditional ? { IfNoneMatch: "*" } : {}),
        }),
        { abortSignal },
      );
    });
    requireOfS3("CompleteMultipartUpload", answer);
  } catch (error) {
    context.signal.throwIfAborted();
    // It may have been applied and its answer lost: the object itself tells, and saves a second upload. What is taken is looked at
    // by the caller, in the same way as after PutObject.
    if (failureOf(error).kind !== "retry") throw error;
    if (await isThereNow(connection, settings, object, context)) return;
    throw error;
  }
}

async function isThereNow(
  connection: S3Connection,
  settings: ObjectSettings,
  object: NewObject,
  context: Context,
): Promise<boolean> {
  try {
    return (await occupantOf(connection, settings, object.key, object.batchId, context)) === "ours";
  } catch (error) {
    context.signal.throwIfAborted();
    context.logger.debug(
      { key: object.key, code: errorCodeOf(error) },
      "could not look whether the upload was completed; it is repeated",
    );
    return false;
  }
}

/** Frees the parts of a failed upload. Best effort: what stays is for the bucket's lifecycle rule. */
async function abort(
  connection: S3Connection,
  settings: ObjectSettings,
  key: string,
  uploadId: string,
  context: Context,
): Promise<void> {
  // Its own signal: an upload is freed also when the shard was lost in the middle of it.
  const limits = { clock: context.clock, signal: new AbortController().signal };
  const requestTimeoutMs = Math.min(ABORT_TIMEOUT_MS, connection.requestTimeoutMs);
  try {
    await limited({ requestTimeoutMs }, limits, async (abortSignal) => {
      const { AbortMultipartUploadCommand } = await s3Sdk();
      return connection.client.send(
        new AbortMultipartUploadCommand({ ...target(settings, key), UploadId: uploadId }),
        { abortSignal },
      );
    });
  } catch (error) {
    if (errorCodeOf(error) === "NoSuchUpload") return;
    context.logger.warn(
      { key, uploadId, code: errorCodeOf(error) },
      "an unfinished upload could not be aborted; a lifecycle rule (AbortIncompleteMultipartUpload) removes its parts",
    );
  }
}
