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

/** A metric as the tables have it: what is left out is the usual. */
type MetricRow = Pick<MetricDefinition, "name" | "unit" | "from" | "description"> &
  Partial<Pick<MetricDefinition, "scope" | "attributes" | "across" | "boundaries">> & {
    /** The Prometheus name between namespace and `_total`, where it is not the name with underscores. */
    readonly prometheus?: string;
  };

const define = (kind: MetricKind, { prometheus, ...row }: MetricRow): MetricDefinition => ({
  kind,
  scope: "connector",
  attributes: [],
  across: "sum",
  boundaries: [],
  ...row,
  prometheus: `${NAMESPACE}_${prometheus ?? row.name.replaceAll(".", "_")}${kind === "counter" ? "_total" : ""}`,
});

/** A metric that only grows. */
export const counter = (row: MetricRow): MetricDefinition => define("counter", row);
/** A metric that is a state. */
export const gauge = (row: MetricRow): MetricDefinition => define("gauge", row);
/** A metric that spreads values over buckets. */
export const histogram = (row: MetricRow): MetricDefinition => define("histogram", row);
/** A metric that adds up over processes. */
export const upDown = (row: MetricRow): MetricDefinition => define("up-down", row);
