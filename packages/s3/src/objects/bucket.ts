import { HeadBucketCommand } from "@aws-sdk/client-s3";
import { limited } from "@kinesis-connectors/aws";
import { type Logger, systemClock, systemRandom } from "@kinesis-connectors/core";
import type { S3Connection } from "../connection.js";
import { cureAtOpen, refusal, statusOf } from "../failures.js";
import type { EmitterSettings } from "../settings.js";
import { fileShelf } from "./body.js";

/**
 * Looks whether the spool's folder takes files and whether the bucket is there, before anything is read.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED`
 */
export async function lookBeforeStart(
  connection: S3Connection,
  {
    object: { bucket, expectedBucketOwner },
    spoolDir,
  }: Pick<EmitterSettings<unknown>, "object" | "spoolDir">,
  { signal, logger }: { readonly signal: AbortSignal; readonly logger: Logger },
): Promise<void> {
  if (spoolDir !== undefined)
    await (await fileShelf(spoolDir, `probe-${systemRandom.uuid()}.spool`))[Symbol.asyncDispose]();
  try {
    await limited(connection, { signal, clock: systemClock }, (abortSignal) =>
      connection.client.send(
        new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: expectedBucketOwner }),
        { abortSignal },
      ),
    );
  } catch (error) {
    signal.throwIfAborted();
    const cause = cureAtOpen(error);
    if (cause !== undefined) throw refusal(`the bucket "${bucket}" (option bucket)`, cause, error);
    // Looking at a bucket takes a right that writing to it does not: the first write tells.
    logger.debug({ bucket, status: statusOf(error) }, "the bucket could not be looked at; going on");
  }
}
