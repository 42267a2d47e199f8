import type { KinesisApi, ReaderContext } from "@kinesis-connectors/consumer/reading";
import {
  asError,
  type Clock,
  errorFields,
  type Logger,
  type Random,
  type ShardSource,
} from "@kinesis-connectors/core";
import { fullHashKeyRange, type HashKeyRange } from "@kinesis-connectors/wire";

import type { Connection } from "../connection.js";
import { partsOf } from "../event.js";
import { streamReader } from "./later.js";

/** Options of `Streams`. */
export interface StreamsOptions {
  /** A port of the caller's own. */
  readonly kinesisApi: ((streamArn: string) => KinesisApi) | undefined;
  readonly connection: Connection;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The streams themselves, for what an event does not hold: the rest of a prepared batch, and the hash keys of a shard. Nothing of it is loaded, and nothing
 * asked, before it is needed: three invocations in four never do.
 */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #apis = new Map<string, Promise<KinesisApi>>();
  readonly #ranges = new Map<string, Promise<ReadonlyMap<string, HashKeyRange>>>();

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  /** A shard, to be read from the stream. */
  async sourceOf(
    streamArn: string,
    context: Omit<ReaderContext, "api" | "stream">,
    signal: AbortSignal,
  ): Promise<ShardSource> {
    const api = await this.#apiOf(streamArn);
    const { shardSource } = await streamReader();
    signal.throwIfAborted();
    return shardSource({ ...context, api, stream: partsOf(streamArn).stream });
  }

  /**
   * The hash keys of a shard, from one listing for each cold start. All of them where the function may not list: an aggregate of another shard, as a producer
   * sends for a moment after a reshard, is then delivered here and where it belongs.
   */
  async rangeOf(streamArn: string, shardId: string, signal: AbortSignal): Promise<HashKeyRange> {
    let ranges = this.#ranges.get(streamArn);
    if (ranges === undefined || !(await known(ranges, shardId))) {
      const asked = this.#listed(streamArn, signal);
      ranges = asked;
      this.#ranges.set(streamArn, asked);
      // What failed, or was given up, is asked again by the next invocation.
      const forget = (): void => {
        if (this.#ranges.get(streamArn) === asked) this.#ranges.delete(streamArn);
      };
      signal.addEventListener("abort", forget, { once: true });
      asked.then(() => signal.removeEventListener("abort", forget), forget);
    }
    return (await ranges).get(shardId) ?? fullHashKeyRange;
  }

  async #listed(streamArn: string, signal: AbortSignal): Promise<ReadonlyMap<string, HashKeyRange>> {
    const { clock, random, logger } = this.#options;
    const kinesis = await this.#apiOf(streamArn);
    try {
      const { listRanges } = await streamReader();
      return await listRanges({ kinesis, clock, random, signal });
    } catch (thrown) {
      signal.throwIfAborted();
      logger.warn(
        { ...errorFields(asError(thrown)) },
        "the shards cannot be listed, so aggregates of another shard are not told apart after a reshard; allow kinesis:ListShards",
      );
      return new Map();
    }
  }

  #apiOf(streamArn: string): Promise<KinesisApi> {
    let api = this.#apis.get(streamArn);
    if (api === undefined) {
      api = this.#connected(streamArn);
      this.#apis.set(streamArn, api);
      api.catch(() => this.#apis.delete(streamArn));
    }
    return api;
  }

  async #connected(streamArn: string): Promise<KinesisApi> {
    const { kinesisApi, connection, logger } = this.#options;
    if (kinesisApi !== undefined) return kinesisApi(streamArn);
    const { connect } = await streamReader();
    return await connect(streamArn, connection, logger);
  }
}

/** Shards come to be by a reshard: a listing of before does not have them, and an empty one that was refused is not asked for again. */
async function known(ranges: Promise<ReadonlyMap<string, HashKeyRange>>, shardId: string): Promise<boolean> {
  const found = await ranges;
  return found.size === 0 || found.has(shardId);
}
