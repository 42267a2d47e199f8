import {
  type KinesisApi,
  KinesisCallError,
  type ListedShard,
  sdkKinesis,
} from "@kinesis-connectors/consumer";
import type { HashKeyRange } from "@kinesis-connectors/wire";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import { nameOf } from "../connection/stream-name.js";
import { toKinesis } from "../connection/aws.js";
import type { Where } from "../connection/target.js";

/** A stream that records are read from. */
export interface OpenStream {
  readonly api: KinesisApi;
  readonly shards: readonly ListedShard[];
  readonly close: () => void;
}

/**
 * The stream and all its shards.
 * @throws CliError `KC_NOT_FOUND` where there is no such stream
 */
export async function openStream(context: CliContext, where: Where, stream: string): Promise<OpenStream> {
  const connection = toKinesis(where);
  await connection.checkEndpoint();
  const client = await connection.made();
  const api = sdkKinesis(client, nameOf(stream));
  try {
    const shards: ListedShard[] = [];
    let nextToken: string | undefined;
    do {
      const page = await api.listShards(nextToken === undefined ? {} : { nextToken }, context.signal);
      shards.push(...page.shards);
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return { api, shards, close: () => connection.close() };
  } catch (thrown) {
    connection.close();
    if (!isKind(thrown, "not-found")) throw thrown;
    throw new CliError(
      "KC_NOT_FOUND",
      `there is no stream ${stream} in ${await client.config.region()}: check its name, --region and --endpoint-kinesis`,
      { cause: thrown },
    );
  }
}

/** Whether a call to Kinesis failed for one of these reasons. */
export function isKind(thrown: unknown, ...kinds: readonly KinesisCallError["kind"][]): boolean {
  return thrown instanceof KinesisCallError && kinds.includes(thrown.kind);
}

/** Hash keys of a shard, for the rule by which an aggregate belongs to it. */
export function rangeOf(shard: Pick<ListedShard, "startingHashKey" | "endingHashKey">): HashKeyRange {
  return { startingHashKey: BigInt(shard.startingHashKey), endingHashKey: BigInt(shard.endingHashKey) };
}

/** Ids of shards for a message, not more than a few. */
export function namesOf(shards: readonly Pick<ListedShard, "shardId">[]): string {
  const names = shards.slice(0, 5).map(({ shardId }) => shardId);
  return `${names.join(", ")}${shards.length > names.length ? ` and ${shards.length - names.length} more` : ""}`;
}
