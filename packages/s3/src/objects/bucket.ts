import { firstLook, limited } from "@kinesis-connectors/aws";
import { type Logger, systemRandom } from "@kinesis-connectors/core";
import type { S3Connection } from "../connection.js";
import { s3Sdk } from "../load-sdk.js";
import { cureAtOpen, refusal, statusOf } from "../failures.js";
import { objectKey } from "../requests.js";
import type { EmitterSettings } from "../settings.js";
import { fileSpool } from "./body.js";
import { PROBE_NAME, requireConditionalWrites } from "./conditional-writes.js";

/**
 * Looks whether the spool's folder takes files, whether the bucket is there, and whether a store that is not S3 keeps If-None-Match, before
 * anything is read.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED`
 */
export async function lookBeforeStart(
  connection: S3Connection,
  {
    object,
    prefix,
    spoolDir,
    conditionalWrites,
  }: Pick<EmitterSettings<unknown>, "object" | "prefix" | "spoolDir" | "conditionalWrites">,
  opening: { readonly signal: AbortSignal; readonly logger: Logger },
): Promise<void> {
  const { signal, logger } = opening;
  const { bucket, expectedBucketOwner } = object;
  if (spoolDir !== undefined)
    await (await fileSpool(spoolDir, `probe-${systemRandom.uuid()}.spool`))[Symbol.asyncDispose]();
  const endpoint = await firstLook(connection, opening, {
    look: (bounds) =>
      limited(connection, bounds, async (abortSignal) => {
        const { HeadBucketCommand } = await s3Sdk();
        return connection.client.send(
          new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: expectedBucketOwner }),
          { abortSignal },
        );
      }),
    cureAtOpen,
    refusal: (cure, error) => refusal(`the bucket "${bucket}" (option bucket)`, cure, error),
    unsure: (error) =>
      logger.debug({ bucket, status: statusOf(error) }, "the bucket could not be looked at; going on"),
  });
  if (conditionalWrites === "trusted") return;
  const probe = objectKey(prefix, PROBE_NAME, "");
  await requireConditionalWrites(connection, object, probe, endpoint, { signal, logger });
}
