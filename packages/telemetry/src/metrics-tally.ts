import {
  checkOptions,
  type Clock,
  invalidOption,
  nonEmptyText,
  type OptionNames,
  systemClock,
} from "@kinesis-connectors/core";
import type { Connector, ConnectorEvent, ConnectorProgress } from "@kinesis-connectors/consumer";

import { collected } from "./counting/collected.js";
import { Counts } from "./counting/counts.js";
import type { MetricFamily } from "./series.js";

/** Options of `metricsTally`. */
export interface MetricsTallyOptions {
  /** The connector's application: an attribute of every series. */
  readonly application: string;
  /** The connector's stream, another one. Default: as the connector says when it starts. */
  readonly stream?: string;
  /**
   * Whether each shard has series of its own. `auto`: while this process owns up to 200 shards, and only sums and maxima beyond; a thousand shards are 1.4 MB
   * of text for each scrape. Default `auto`.
   */
  readonly perShard?: "auto" | boolean;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

const NAMES: OptionNames<MetricsTallyOptions> = {
  application: "required",
  stream: true,
  perShard: true,
  clock: true,
};

/** What the metrics of one connector are counted with. Outlets (`prometheusText`, `openTelemetry`, `emf`) read it when somebody asks. */
export interface Metrics {
  readonly application: string;
  /** The connector's `observe`: synchronous, and a few additions per page or batch. Never throws. */
  readonly observe: (event: ConnectorEvent) => void;
  /** Names the connector whose `progress()` the gauges come from. Without it there are counters and histograms alone. */
  readonly attach: (connector: Pick<Connector, "progress" | "ownerId">) => void;
  /** Counts events that a listener of yours did not get to see (`events-drop`). `listener` names it in a word, such as `sse`; at most 40 of them are told apart. */
  readonly countDropped: (listener: string, count: number) => void;
  /** Everything there is, in the order of `METRICS`; metrics without a value are left out. For outlets of one's own. */
  readonly collect: () => readonly MetricFamily[];
  /**
   * Calls `listener` with each event after it was counted, and with the wall-clock time that it was counted at, in epoch milliseconds. For outlets of one's own;
   * it must not throw. Returns what ends it.
   */
  readonly listen: (listener: (event: ConnectorEvent, nowMs: number) => void) => () => void;
  /** The state of the connector that was attached; undefined without one, and after it has stopped. */
  readonly progress: () => ConnectorProgress | undefined;
  /** The owner id of the connector that was attached, also after it has stopped; undefined without one. */
  readonly ownerId: () => string | undefined;
  /** Attributes of every series: application and stream. */
  readonly attributes: () => Readonly<Record<string, string>>;
  /** The clock that it was given. */
  readonly clock: Clock;
}

/**
 * Counts what a connector tells. Give `observe` to `startConnector`, and the connector to `attach`; then ask an outlet. One tally belongs to one connector.
 *
 * @example
 * ```ts
 * const metrics = metricsTally({ application: "orders-to-s3" });
 * const connector = await startConnector({ application: "orders-to-s3", stream: "orders", pipeline, observe: metrics.observe });
 * metrics.attach(connector);
 * response.end(prometheusText(metrics));
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function metricsTally(options: MetricsTallyOptions): Metrics {
  checkOptions("metricsTally", options, NAMES);
  const { stream, perShard = "auto", clock = systemClock } = options;
  const application = nonEmptyText("application", options.application);
  if (stream !== undefined) nonEmptyText("stream", stream);
  if (perShard !== "auto" && typeof perShard !== "boolean")
    throw invalidOption(`perShard must be "auto", true or false`);
  const counts = new Counts({ application, stream, perShard, clock });
  const listeners = new Set<(event: ConnectorEvent, nowMs: number) => void>();
  let connector: Pick<Connector, "progress" | "ownerId"> | undefined;
  return {
    application,
    clock,
    observe: (event) => {
      const nowMs = clock.now();
      counts.count(event, nowMs);
      for (const listener of listeners) listener(event, nowMs);
    },
    attach: (attached) => {
      if (typeof attached?.progress !== "function")
        throw invalidOption("attach takes the connector that startConnector resolved with: await it");
      connector = attached;
    },
    countDropped: (listener, count) => counts.countDropped(listener, count),
    collect: () => collected(counts, connector, clock.now()),
    attributes: () => counts.common,
    ownerId: () => connector?.ownerId,
    progress: () => (counts.isUp === false ? undefined : connector?.progress()),
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
