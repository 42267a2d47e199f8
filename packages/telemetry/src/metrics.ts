import { COUNTS, DURATIONS, SIZES } from "./boundaries.js";

/** What a metric is: a `counter` only grows, a `gauge` is a state, an `up-down` adds up over processes, a `histogram` spreads values over buckets. */
export type MetricKind = "counter" | "gauge" | "up-down" | "histogram";

/** Whose number a metric is: `shard` has a series for each shard, `worker` one for each connector, with its owner id; `connector` one without. */
export type MetricScope = "shard" | "worker" | "connector";

/** A metric, as every outlet renders it. */
export interface MetricDefinition {
  /** Below `kinesis_connectors.`, as OpenTelemetry names it. */
  readonly name: string;
  /** The whole name in Prometheus text, with its unit. */
  readonly prometheus: string;
  readonly kind: MetricKind;
  /** UCUM, as OpenTelemetry has units: `{record}`, `By`, `s`; empty for a bare number. */
  readonly unit: string;
  readonly scope: MetricScope;
  /** Attributes beside those of the scope and the common ones. Their values come from closed sets. */
  readonly attributes: readonly string[];
  /** How shards come together where they have no series of their own: counters are summed. */
  readonly across: "sum" | "max" | "min";
  /** Upper bounds of the buckets of a histogram, ascending; empty for the others. */
  readonly boundaries: readonly number[];
  /** One sentence, for HELP lines and descriptions. */
  readonly description: string;
  /** The event or state that the number comes from. */
  readonly from: string;
}

/** The namespace of all of them in OpenTelemetry: the semantic conventions have none for what reads Kinesis (semconv 1.45). */
export const NAMESPACE = "kinesis_connectors";

/** Attribute keys that every series has, and those of its scope: the keys that the KCL's own OpenTelemetry backend uses (KCL 3.5, `OtelMetricsScope`). */
export const ATTRIBUTES: {
  readonly stream: "aws.kinesis.stream_name";
  readonly application: "kinesis_connectors.application";
  readonly shard: "aws.kinesis.shard.id";
  readonly owner: "service.instance.id";
} = {
  stream: "aws.kinesis.stream_name",
  application: "kinesis_connectors.application",
  shard: "aws.kinesis.shard.id",
  owner: "service.instance.id",
};

type Row = Pick<MetricDefinition, "name" | "unit" | "from" | "description"> &
  Partial<Pick<MetricDefinition, "scope" | "attributes" | "across" | "boundaries">> & {
    /** The Prometheus name between namespace and `_total`, where it is not the name with underscores. */
    readonly prometheus?: string;
  };

const define = (kind: MetricKind, { prometheus, ...row }: Row): MetricDefinition => ({
  kind,
  scope: "connector",
  attributes: [],
  across: "sum",
  boundaries: [],
  ...row,
  prometheus: `${NAMESPACE}_${prometheus ?? row.name.replaceAll(".", "_")}${kind === "counter" ? "_total" : ""}`,
});
const counter = (row: Row): MetricDefinition => define("counter", row);
const gauge = (row: Row): MetricDefinition => define("gauge", row);
const histogram = (row: Row): MetricDefinition => define("histogram", row);

/** Every metric there is. OpenTelemetry, Prometheus text and embedded metrics render this table, so that all of them say the same. */
export const METRICS: readonly MetricDefinition[] = [
  counter({
    name: "records.read",
    unit: "{record}",
    scope: "shard",
    from: "page-read.records",
    description: "User records read.",
  }),
  counter({
    name: "read.size",
    prometheus: "read_bytes",
    unit: "By",
    scope: "shard",
    from: "page-read.bytes",
    description: "Bytes of the pages read.",
  }),
  counter({
    name: "records.emitted",
    unit: "{record}",
    scope: "shard",
    from: "checkpoint-commit.emitted",
    description: "Records whose outputs are written and committed.",
  }),
  counter({
    name: "records.filtered",
    unit: "{record}",
    scope: "shard",
    from: "checkpoint-commit.filtered",
    description: "Records that the filter or transformer left out, committed.",
  }),
  counter({
    name: "records.dead_lettered",
    unit: "{record}",
    scope: "shard",
    from: "checkpoint-commit.deadLettered",
    description: "Records set aside as dead letters, committed.",
  }),
  counter({
    name: "records.inherited",
    unit: "{record}",
    scope: "shard",
    from: "checkpoint-commit.read, inherited",
    description:
      "Records of batches that an earlier owner had prepared, committed here: in no count of records read here.",
  }),
  counter({
    name: "records.foreign",
    unit: "{record}",
    scope: "shard",
    from: "aggregate-drop.records",
    description: "User records of aggregates that belong to another shard and were left out.",
  }),
  gauge({
    name: "lag.duration",
    prometheus: "lag_seconds",
    unit: "s",
    scope: "shard",
    across: "max",
    from: "page-read.millisBehindLatest / 1000",
    description: "How far reading is behind the tip of the shard.",
  }),
  gauge({
    name: "delivery.lag.duration",
    prometheus: "delivery_lag_seconds",
    unit: "s",
    scope: "shard",
    across: "max",
    from: "now - progress().shards[].readThroughMs",
    description: "Everything that arrived until so long ago is delivered and committed. The one to alarm on.",
  }),
  histogram({
    name: "delivery.latency",
    prometheus: "delivery_latency_seconds",
    unit: "s",
    boundaries: DURATIONS,
    from: "now - checkpoint-commit.oldestArrivalMs",
    description: "From the arrival of the oldest record of a batch to its commit.",
  }),
  gauge({
    name: "retention.left",
    prometheus: "retention_left_seconds",
    unit: "s",
    scope: "shard",
    across: "min",
    from: "progress().shards[].retentionLeftMs",
    description: "Until the oldest record that is not delivered is gone from the stream.",
  }),
  counter({
    name: "retention.gaps",
    unit: "{gap}",
    scope: "shard",
    from: "retention-gap",
    description: "Times that records were gone from the stream before they could be read.",
  }),
  gauge({
    name: "buffer.records",
    unit: "{record}",
    scope: "shard",
    from: "progress().shards[].bufferedRecords",
    description: "Records read and not committed.",
  }),
  gauge({
    name: "buffer.size",
    prometheus: "buffer_bytes",
    unit: "By",
    scope: "shard",
    from: "progress().shards[].bufferedBytes",
    description: "Bytes kept of records that are read and not committed.",
  }),
  gauge({
    name: "read_ahead.size",
    prometheus: "read_ahead_bytes",
    unit: "By",
    scope: "worker",
    from: "progress().readAheadBytes",
    description: "Bytes of memory that reading ahead has in use.",
  }),
  gauge({
    name: "read_ahead.limit",
    prometheus: "read_ahead_limit_bytes",
    unit: "By",
    scope: "worker",
    from: "progress().maxReadAheadBytes",
    description: "Bytes of memory that reading ahead may use.",
  }),
  counter({
    name: "flushes",
    unit: "{flush}",
    attributes: ["reason"],
    from: "buffer-flush",
    description: "Buffers flushed, by what made them due.",
  }),
  counter({
    name: "batches.emitted",
    unit: "{batch}",
    attributes: ["inherited"],
    from: "batch-emit",
    description: "Batches written to the destination; inherited ones were prepared by an earlier owner.",
  }),
  histogram({
    name: "emit.duration",
    prometheus: "emit_duration_seconds",
    unit: "s",
    boundaries: DURATIONS,
    from: "batch-emit.durationMs",
    description: "From planning a batch to its last write, retries included.",
  }),
  histogram({
    name: "batch.records",
    unit: "{record}",
    boundaries: COUNTS,
    from: "batch-emit.records",
    description: "Outputs in a batch.",
  }),
  histogram({
    name: "batch.size",
    prometheus: "batch_bytes",
    unit: "By",
    boundaries: SIZES,
    from: "batch-emit.bytes",
    description: "Bytes in a batch, as its destination counts them.",
  }),
  counter({
    name: "emit.retries",
    unit: "{attempt}",
    attributes: ["error.type"],
    from: "emit-retry",
    description: "Tries to write a batch that failed and are made again.",
  }),
  histogram({
    name: "read.duration",
    prometheus: "read_duration_seconds",
    unit: "s",
    boundaries: DURATIONS,
    from: "page-read.durationMs",
    description: "Time until a page of records was there.",
  }),
  counter({
    name: "read.retries",
    unit: "{attempt}",
    attributes: ["operation", "kind"],
    from: "read-retry",
    description: "Calls of reading that failed and are made again.",
  }),
  counter({
    name: "iterators.renewed",
    unit: "{iterator}",
    from: "iterator-renew",
    description: "Shard iterators that had expired.",
  }),
  define("up-down", {
    name: "subscriptions",
    unit: "{subscription}",
    from: "subscription-start, subscription-end",
    description: "Open subscriptions of enhanced fan-out.",
  }),
  counter({
    name: "subscriptions.ended",
    unit: "{subscription}",
    attributes: ["reason"],
    from: "subscription-end",
    description: "Subscriptions of enhanced fan-out that ended.",
  }),
  gauge({
    name: "leases.owned",
    unit: "{lease}",
    scope: "worker",
    from: "progress().shards",
    description: "Shards that this worker owns.",
  }),
  counter({
    name: "leases.taken",
    unit: "{lease}",
    attributes: ["steal"],
    from: "lease-take",
    description: "Leases taken; a steal takes one from a worker that is alive.",
  }),
  counter({
    name: "leases.lost",
    unit: "{lease}",
    from: "lease-lose",
    description: "Leases that others took, or that were not renewed in time.",
  }),
  counter({
    name: "leases.evicted",
    unit: "{lease}",
    from: "lease-evict",
    description: "Leases given back.",
  }),
  counter({
    name: "leases.ended",
    unit: "{lease}",
    from: "lease-end",
    description: "Closed shards that were read to their end.",
  }),
  counter({
    name: "lease.retries",
    unit: "{attempt}",
    attributes: ["step"],
    from: "lease-retry",
    description: "Steps of looking after leases that failed and are made again.",
  }),
  gauge({
    name: "lease.renewal.delay",
    prometheus: "lease_renewal_delay_seconds",
    unit: "s",
    scope: "worker",
    from: "progress().leaseRenewals.longestUnrenewedMs",
    description:
      "Longest time since a held lease was renewed; near the failover time it is about to be lost.",
  }),
  counter({
    name: "event_loop.delay",
    prometheus: "event_loop_delay_seconds",
    unit: "s",
    attributes: ["thread"],
    from: "event-loop-blocked.lateMs",
    description: "Time for which the process, or a thread of it, did not get to its timers.",
  }),
  counter({
    name: "holes",
    prometheus: "hash_key_holes",
    unit: "{hole}",
    from: "hole-found",
    description: "Times that part of the hash key space had no active lease.",
  }),
  gauge({
    name: "leader",
    unit: "",
    scope: "worker",
    from: "progress().isLeader",
    description: "1 on the worker that audits the leases, else 0.",
  }),
  gauge({
    name: "shards",
    unit: "{shard}",
    attributes: ["state"],
    from: "progress().shards[].state",
    description: "Shards of this worker, by what they do.",
  }),
  counter({
    name: "shard.failures",
    unit: "{failure}",
    attributes: ["error.type"],
    from: "shard-fail",
    description: "Shards that failed for good.",
  }),
  counter({
    name: "events.dropped",
    unit: "{event}",
    attributes: ["listener"],
    from: "events-drop",
    description: "Events that a slow listener did not get to see.",
  }),
  gauge({
    name: "up",
    unit: "",
    attributes: ["version", "node", "wire_format"],
    from: "connector-start, connector-stop, wire-fallback",
    description: "1 while the connector runs, else 0.",
  }),
];

const byName = new Map(METRICS.map((definition) => [definition.name, definition]));

/** The definition of a name out of the table. */
export function metricNamed(name: string): MetricDefinition {
  const definition = byName.get(name);
  if (definition === undefined) throw new Error(`there is no metric ${name} in METRICS`);
  return definition;
}
