import type { ReadEvent } from "@kinesis-connectors/consumer/reading";
import type { ShardEvent } from "@kinesis-connectors/core";

/** What a replay tells, as it happens: the events of its shards, as those of a connector, and of their reading. */
export type ReplayEvent = ShardEvent | ReadEvent;
