import { limited } from "@kinesis-connectors/aws";
import { batchIdOf, type OpenContext, type ReplayedStream, systemClock } from "@kinesis-connectors/core";
import { type ArchiveFacts, factsOf, isHidden } from "../archive/archive-object.js";
import type { S3Connection } from "../connection.js";
import { s3Sdk } from "../load-sdk.js";
import { failureOf, refusal, statusOf, summaryOf } from "../failures.js";
import type { EmitterSettings } from "../settings.js";
import { BATCH_ID } from "./object-metadata.js";

/** Objects that are looked at: the first of the prefix, evenly spread over one page of its listing. */
const MAX_LOOKS = 40;

/**
 * A phrase that names an object of the stream below the prefix that another application wrote; undefined where none was found among those that were looked
 * at. Takes s3:ListBucket.
 */
export async function batchesOfOthers(
  connection: S3Connection,
  { object, prefix }: Pick<EmitterSettings<unknown>, "object" | "prefix">,
  { application, stream }: ReplayedStream,
  { signal }: OpenContext,
): Promise<string | undefined> {
  const { bucket, expectedBucketOwner } = object;
  const asked = async <Answer>(send: (abortSignal: AbortSignal) => Promise<Answer>): Promise<Answer> => {
    try {
      return await limited(connection, { signal, clock: systemClock }, send);
    } catch (error) {
      signal.throwIfAborted();
      if (statusOf(error) === 403)
        throw refusal(
          `to look for batches below ${bucket}/${prefix}`,
          's3:ListBucket and s3:GetObject are needed to see whether live batches are there; grant them, or say into: "other"',
          error,
        );
      const failure = failureOf(error);
      throw failure.kind === "refused"
        ? refusal(`${bucket}/${prefix}`, failure.cure, error)
        : summaryOf(error);
    }
  };
  const { Contents = [] } = await asked(async (abortSignal) => {
    const { ListObjectsV2Command } = await s3Sdk();
    return connection.client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        ExpectedBucketOwner: expectedBucketOwner,
        Prefix: prefix === "" ? undefined : `${prefix}/`,
      }),
      { abortSignal },
    );
  });
  const keys = Contents.flatMap(({ Key }) => (Key === undefined || isHidden(Key) ? [] : [Key]));
  const step = Math.max(1, Math.floor(keys.length / MAX_LOOKS));
  for (const key of keys.filter((_, nth) => nth % step === 0 || nth === keys.length - 1)) {
    const answer = await asked(async (abortSignal) => {
      const { HeadObjectCommand } = await s3Sdk();
      return connection.client.send(
        new HeadObjectCommand({ Bucket: bucket, Key: key, ExpectedBucketOwner: expectedBucketOwner }),
        { abortSignal },
      );
    });
    const facts = factsIn(answer);
    if (facts?.stream !== stream) continue;
    const { shardId, first, last } = facts;
    if (answer.Metadata?.[BATCH_ID] !== batchIdOf({ application, stream, shardId }, first, last))
      return `batches of stream "${stream}" that another application wrote, such as ${bucket}/${key}`;
  }
  return undefined;
}

/** Of an object of somebody else's there are none. */
function factsIn(answer: Parameters<typeof factsOf>[0]): ArchiveFacts | undefined {
  try {
    return factsOf(answer);
  } catch {
    return undefined;
  }
}
