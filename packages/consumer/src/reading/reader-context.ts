import type { Clock, Position, Random } from "@kinesis-connectors/core";
import type { HashKeyRange } from "@kinesis-connectors/wire";

import type { KinesisApi } from "../kinesis/kinesis-api.js";
import type { ReadEvent } from "./read-events.js";

/** The context of every reader of a shard. */
export interface ReaderContext {
  readonly api: KinesisApi;
  readonly stream: string;
  readonly shardId: string;
  /** The shard's hash keys; the whole space where they are not known, which keeps every user record of an aggregate. */
  readonly range: HashKeyRange;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: (event: ReadEvent) => void;
  /** Wall time through which an earlier owner had dealt with everything that arrived; from the lease row, undefined where unknown. */
  readonly readThroughMs?: number | undefined;
  /** How long the stream keeps records, as far as is known; reading that is nearly so far behind looks more closely for gaps. */
  readonly retentionMs?: number | undefined;
  /**
   * Told after each answer: everything that the shard received until `throughMs` (wall time) is at or before `scannedEnd`. Once
   * the checkpoint is there too, the lease row may say so.
   */
  readonly onReadThrough?: ((throughMs: number, scannedEnd: Position | undefined) => void) | undefined;
}
