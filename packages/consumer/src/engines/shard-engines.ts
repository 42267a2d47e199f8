import type { Logger, Position, ShardContext, ShardEvent, ShardOutcome } from "@kinesis-connectors/core";
import type { HashKeyRange } from "@kinesis-connectors/wire";

import type { KinesisAccess } from "../kinesis/kinesis-access.js";
import type { ReadEvent } from "../reading/read-events.js";
import type { StreamFacts } from "../reading/shard-sources.js";

/** One run of a shard's engine, with whom it asks and whom it tells. */
export interface EngineRun extends Pick<
  ShardContext,
  "shardId" | "checkpointer" | "initialPosition" | "stopSignal" | "abortSignal"
> {
  /** The shard's hash keys. */
  readonly range: HashKeyRange;
  /** Wall time through which earlier owners had dealt with everything that arrived; undefined where unknown. */
  readonly readThroughMs: number | undefined;
  readonly observe: (event: ShardEvent | ReadEvent) => void;
  /** Told after each answer, as `ReaderContext` says. */
  readonly onReadThrough: (throughMs: number, scannedEnd: Position | undefined) => void;
}

/** Where the engines of a connector's shards run: in this thread, or in threads of their own. */
export interface ShardEngines {
  /** Where the connector's own lines go: the caller's logger, or the pipeline's. */
  readonly logger: Logger;
  /** Bytes between reading and committing now; of threads, what they told last. */
  readonly readAheadBytes: number;
  /** Aborted, with a `KinesisConnectorError` as its reason, when no engine can run any more. */
  readonly broken: AbortSignal;
  /**
   * Makes the destinations ready, before the first run. What was made ready until then is closed by `close` also after a failure.
   * @throws what the `open` of an emitter throws
   */
  readonly open: (access: KinesisAccess, facts: StreamFacts, signal: AbortSignal) => Promise<void>;
  /** Runs the engine of one shard, as `processShard` of core does. */
  readonly run: (run: EngineRun) => Promise<ShardOutcome>;
  /**
   * After the last run: closes the destinations, and waits for them no longer than `limitMs`. Rejects with the first failure of it, once everything has been
   * closed; with `KC_STOP_DEADLINE` where a destination hangs.
   */
  readonly close: (limitMs: number) => Promise<void>;
}
