import type { Connector, ConnectorProgress, ShardSnapshot } from "@kinesis-connectors/consumer";

import type { Counts } from "./counts.js";
import { ATTRIBUTES, type MetricDefinition } from "../metrics/definition.js";
import { METRICS } from "../metrics/metrics.js";
import { SHARD_COUNTERS } from "./shard-counts.js";
import type { MetricFamily, Series } from "../series.js";
import { version } from "../version.js";

type Attributes = Readonly<Record<string, string>>;
type Attached = Pick<Connector, "progress" | "ownerId">;

/** A gauge of each shard, out of its snapshot; undefined where it is not known. */
const SHARD_GAUGES: Readonly<Record<string, (shard: ShardSnapshot, nowMs: number) => number | undefined>> = {
  "delivery.lag.duration": ({ readThroughMs }, nowMs) =>
    readThroughMs === undefined ? undefined : Math.max(0, nowMs - readThroughMs) / 1000,
  "retention.left": ({ retentionLeftMs }) => seconds(retentionLeftMs),
  "buffer.records": ({ bufferedRecords }) => bufferedRecords,
  "buffer.size": ({ bufferedBytes }) => bufferedBytes,
};

const WORKER_GAUGES: Readonly<Record<string, (progress: ConnectorProgress) => number | undefined>> = {
  "read_ahead.size": ({ readAheadBytes }) => readAheadBytes,
  "read_ahead.limit": ({ maxReadAheadBytes }) => maxReadAheadBytes,
  "leases.owned": ({ shards }) => shards.filter(isOwned).length,
  "lease.renewal.delay": ({ leaseRenewals }) => leaseRenewals.longestUnrenewedMs / 1000,
  leader: ({ isLeader }) => (isLeader ? 1 : 0),
};

/** States of `shards`: all of them always have a value, so that one that ends is seen to go to 0. */
const STATES = ["reading", "waiting-for-parent", "paused"] as const;

/** Everything that there is to say now. */
export function collected(
  counts: Counts,
  connector: Attached | undefined,
  nowMs: number,
): readonly MetricFamily[] {
  return new Collection(counts, connector, nowMs).families();
}

class Collection {
  readonly #counts: Counts;
  readonly #shown: ReturnType<Counts["shards"]["shown"]>;
  readonly #progress: ConnectorProgress | undefined;
  readonly #worker: Attributes;
  readonly #nowMs: number;

  constructor(counts: Counts, connector: Attached | undefined, nowMs: number) {
    this.#counts = counts;
    this.#shown = counts.shards.shown();
    // What it was when the connector stopped is no state any more.
    this.#progress = counts.isUp === false ? undefined : connector?.progress();
    this.#worker =
      connector === undefined ? counts.common : { ...counts.common, [ATTRIBUTES.owner]: connector.ownerId };
    this.#nowMs = nowMs;
  }

  families(): readonly MetricFamily[] {
    return METRICS.map((definition) => ({ definition, series: this.#series(definition) })).filter(
      ({ series }) => series.length > 0,
    );
  }

  #series(definition: MetricDefinition): readonly Series[] {
    const { name } = definition;
    const { common, histograms, isUp, labelled, plain, subscribed, wireFormat } = this.#counts;
    const histogram = histograms.get(name);
    if (histogram !== undefined) return [{ attributes: common, histogram: histogram.snapshot() }];
    if (name in labelled) return labelled[name as keyof typeof labelled].series();
    if (name in plain) return [{ attributes: common, value: plain[name as keyof typeof plain] }];
    if (name === "subscriptions") return [{ attributes: common, value: subscribed.size }];
    if (name === "up")
      return isUp === undefined
        ? []
        : [
            {
              attributes: { ...common, version, node: process.versions.node, wire_format: wireFormat },
              value: isUp ? 1 : 0,
            },
          ];
    if (name === "shards") return this.#states();
    if (name === "lag.duration") return this.#readingLag(definition);
    return definition.kind === "counter" ? this.#shardCounter(name) : this.#gauge(definition);
  }

  #shardCounter(name: string): readonly Series[] {
    const key = SHARD_COUNTERS.find(([counter]) => counter === name)?.[1];
    if (key === undefined) return [];
    const { common, shards } = this.#counts;
    if (this.#shown === undefined) return [{ attributes: common, value: shards.total[key] }];
    return [...this.#shown.values()].map(({ attributes, counts }) => ({ attributes, value: counts[key] }));
  }

  #readingLag(definition: MetricDefinition): readonly Series[] {
    const series: { attributes: Attributes; value: number }[] = [];
    for (const { attributes, millisBehindLatest } of this.#counts.shards.owned()) {
      const value = seconds(millisBehindLatest);
      if (value !== undefined) series.push({ attributes, value });
    }
    return this.#together(definition, series);
  }

  #gauge(definition: MetricDefinition): readonly Series[] {
    const { name } = definition;
    if (this.#progress === undefined) return [];
    const ofWorker = WORKER_GAUGES[name];
    if (ofWorker !== undefined) {
      const value = ofWorker(this.#progress);
      return value === undefined ? [] : [{ attributes: this.#worker, value }];
    }
    const ofShard = SHARD_GAUGES[name];
    if (ofShard === undefined) return [];
    const series: { attributes: Attributes; value: number }[] = [];
    for (const shard of this.#progress.shards) {
      const value = isOwned(shard) ? ofShard(shard, this.#nowMs) : undefined;
      if (value === undefined) continue;
      const attributes =
        this.#shown === undefined
          ? this.#counts.common
          : (this.#shown.get(shard.shardId)?.attributes ?? this.#counts.ofShard(shard.shardId));
      series.push({ attributes, value });
    }
    return this.#together(definition, series);
  }

  /** Each shard by itself, or all of them as the definition says. */
  #together(definition: MetricDefinition, series: readonly { attributes: Attributes; value: number }[]) {
    if (this.#shown !== undefined || series.length === 0) return series;
    const values = series.map(({ value }) => value);
    const value = {
      sum: () => values.reduce((sum, one) => sum + one, 0),
      max: () => values.reduce((greatest, one) => Math.max(greatest, one)),
      min: () => values.reduce((least, one) => Math.min(least, one)),
    }[definition.across]();
    return [{ attributes: this.#counts.common, value }];
  }

  #states(): readonly Series[] {
    if (this.#progress === undefined) return [];
    const { shards } = this.#progress;
    return STATES.map((state) => ({
      attributes: { ...this.#counts.common, state },
      value: shards.filter((shard) => shard.state === state).length,
    }));
  }
}

/** A shard that waits for its parents is paid for by a lease as well. */
export function isOwned({ state }: ShardSnapshot): boolean {
  return state === "reading" || state === "paused" || state === "waiting-for-parent";
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
