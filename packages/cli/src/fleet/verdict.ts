import type { ShardStatus } from "@kinesis-connectors/leases";

/** Why a shard wants attention. */
export interface Attention {
  readonly shardId: string;
  readonly rule: "unowned" | "delivery-lag" | "behind" | "no-figure";
  /** One sentence. */
  readonly reason: string;
}

/** How far a shard is behind in reading, as the stream says it. */
export type Behind = ReadonlyMap<string, number>;

/**
 * What wants attention, by the leases alone. A paused shard never does: an operator wanted it. A shard that waits for its parents has
 * nothing to deliver yet.
 */
export function attentionOf(
  shards: readonly ShardStatus[],
  behind: Behind | undefined,
  maxLagMs: number,
): readonly Attention[] {
  return shards.flatMap((shard): readonly Attention[] => {
    const { shardId, state, deliveredAgoMs } = shard;
    if (state === "ended" || state === "waiting" || state === "paused" || state === "pausing") return [];
    if (state === "unowned")
      return [
        { shardId, rule: "unowned", reason: "nobody owns it: start a worker, or see why none takes it" },
      ];
    const behindMs = behind?.get(shardId);
    if (deliveredAgoMs !== null && deliveredAgoMs > maxLagMs)
      return [{ shardId, rule: "delivery-lag", reason: "its last delivery is longer ago than allowed" }];
    if (behindMs !== undefined && behindMs > maxLagMs)
      return [{ shardId, rule: "behind", reason: "its reader is further behind than allowed" }];
    return [];
  });
}

/** Shards in work that no figure speaks for: rows that only Java writes, when the stream was not asked. */
export function withoutFigure(
  shards: readonly ShardStatus[],
  behind: Behind | undefined,
): readonly Attention[] {
  return shards
    .filter(
      ({ shardId, state, deliveredAgoMs }) =>
        (state === "reading" || state === "handoff") &&
        deliveredAgoMs === null &&
        behind?.has(shardId) !== true,
    )
    .map(({ shardId }) => ({
      shardId,
      rule: "no-figure",
      reason: "its row does not say until when it has delivered: --ask-stream reads how far behind it is",
    }));
}
