import { limited } from "@kinesis-connectors/aws";
import { batchIdOf, type OpenContext, type ReplayedStream, systemClock } from "@kinesis-connectors/core";
import { type ArchiveFacts, factsOf, isHidden } from "./archive-object.js";
import type { S3Connection } from "../connection.js";
import { s3Sdk } from "../load-sdk.js";
import { failureOf, refusal, statusOf, summaryOf } from "../failures.js";
import type { EmitterSettings } from "../settings.js";
import { BATCH_ID } from "../objects/object-metadata.js";

/** Objects that are looked at, from folders evenly spread over the prefix, its first and its last among them: streams share prefixes by folders, or came later. */
const MAX_LOOKS = 40;
/** Pages of the listing of one folder. */
const MAX_PAGES = 20;

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
  /** What lies in a folder, folders in it among it. */
  const inFolder = async (folder: string): Promise<readonly string[]> => {
    const found: string[] = [];
    let token: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await asked(async (abortSignal) => {
        const { ListObjectsV2Command } = await s3Sdk();
        const request = new ListObjectsV2Command({
          Bucket: bucket,
          ExpectedBucketOwner: expectedBucketOwner,
          Prefix: folder === "" ? undefined : folder,
          Delimiter: "/",
          ContinuationToken: token,
        });
        return connection.client.send(request, { abortSignal });
      });
      for (const { Prefix } of answer.CommonPrefixes ?? []) if (Prefix !== undefined) found.push(Prefix);
      for (const { Key } of answer.Contents ?? []) if (Key !== undefined && Key !== folder) found.push(Key);
      token = answer.NextContinuationToken;
      if (token === undefined) break;
    }
    return found.filter((key) => !isHidden(key));
  };
  for await (const key of sampled(inFolder, prefix === "" ? "" : `${prefix}/`, MAX_LOOKS)) {
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

/** Keys of at most so many objects below a folder, evenly spread at each level of its folders. */
async function* sampled(
  inFolder: (folder: string) => Promise<readonly string[]>,
  folder: string,
  most: number,
): AsyncGenerator<string, void> {
  const chosen = spread(await inFolder(folder), most);
  for (const key of chosen)
    if (key.endsWith("/")) yield* sampled(inFolder, key, Math.max(1, Math.floor(most / chosen.length)));
    else yield key;
}

/** At most so many of a list, evenly spread, its last one in any case: in folders by date that is the newest. */
function spread<One>(list: readonly One[], most: number): readonly One[] {
  if (list.length <= most) return list;
  const step = (list.length - 1) / Math.max(1, most - 1);
  return Array.from({ length: most }, (_, nth) => list[list.length - 1 - Math.round(nth * step)] as One);
}

/** Of an object of somebody else's there are none. */
function factsIn(answer: Parameters<typeof factsOf>[0]): ArchiveFacts | undefined {
  try {
    return factsOf(answer);
  } catch {
    return undefined;
  }
}
