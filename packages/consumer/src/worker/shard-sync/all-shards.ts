import {
  asError,
  backoffMs,
  type Clock,
  KinesisConnectorError,
  type Random,
  sleep,
} from "@kinesis-connectors/core";
import {
  isForGood,
  isKind,
  type KinesisApi,
  type ListedShard,
  type ShardListFilter,
} from "../../kinesis/kinesis-api.js";

/** What a listing of shards is made with. */
export interface ShardListing {
  readonly kinesis: Pick<KinesisApi, "listShards">;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

// amazon-kinesis-client repeats a limited ListShards 50 times, 1,500 ms apart.
const MAX_ATTEMPTS = 50;
const BACKOFF = { baseDelayMs: 200, maxDelayMs: 1_500 };

/**
 * All shards, page by page. The filter goes with the first page only. A token that expired begins the listing anew.
 * @throws KinesisConnectorError `KC_STREAM_MISSING` or `KC_READ_REFUSED`, with the cure; `KinesisCallError` when the stream has not
 * answered for about a minute, which may be tried again later
 */
export async function listAllShards(
  listing: ShardListing,
  filter?: ShardListFilter,
): Promise<readonly ListedShard[]> {
  const { kinesis, clock, random, signal } = listing;
  let shards: ListedShard[] = [];
  let nextToken: string | undefined;
  for (let attempt = 1; ;) {
    try {
      const page = await kinesis.listShards(nextToken === undefined ? { filter } : { nextToken }, signal);
      shards.push(...page.shards);
      nextToken = page.nextToken;
      attempt = 1;
      if (nextToken === undefined) return shards;
    } catch (thrown) {
      if (signal.aborted) throw asError(thrown);
      requireRepeatable(thrown);
      if (attempt === MAX_ATTEMPTS) throw asError(thrown);
      if (isKind(thrown, "expired-token")) {
        shards = [];
        nextToken = undefined;
      }
      await sleep(clock, backoffMs(attempt, BACKOFF, random), signal);
      signal.throwIfAborted();
      attempt += 1;
    }
  }
}

function requireRepeatable(thrown: unknown): void {
  if (KinesisConnectorError.isInstance(thrown)) throw thrown;
  if (isKind(thrown, "not-found"))
    throw new KinesisConnectorError(
      "KC_STREAM_MISSING",
      "the stream does not exist any more; check its name and region, or stop the connector of a deleted stream",
      { cause: thrown },
    );
  if (isForGood(thrown)) throw listingRefused(thrown);
}

/** The error for shards that cannot be listed, with the cure. */
export function listingRefused(thrown: unknown): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_READ_REFUSED",
    `the shards of the stream cannot be listed: ${asError(thrown).message}; allow kinesis:ListShards and check region and credentials`,
    { cause: thrown },
  );
}
