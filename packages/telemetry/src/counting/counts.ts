import type { Clock } from "@kinesis-connectors/core";
import type { ConnectorEvent } from "@kinesis-connectors/consumer";

import { CountedShards } from "./counted-shards.js";
import { Histogram } from "./histogram.js";
import { errorType, LabelledCounter } from "./labelled.js";
import { MEASURED, measure } from "../measurements.js";
import { ATTRIBUTES } from "../metrics/definition.js";
import { metricNamed } from "../metrics/metrics.js";

/** Counters without attributes of their own. */
const PLAIN = ["iterators.renewed", "leases.lost", "leases.evicted", "leases.ended", "holes"] as const;

const LABELLED = [
  "flushes",
  "batches.emitted",
  "emit.retries",
  "read.retries",
  "subscriptions.ended",
  "leases.taken",
  "lease.retries",
  "event_loop.delay",
  "shard.failures",
  "events.dropped",
] as const;

/** Adds up what the events tell. */
export class Counts {
  readonly shards: CountedShards;
  readonly plain: Record<(typeof PLAIN)[number], number>;
  readonly labelled: Readonly<Record<(typeof LABELLED)[number], LabelledCounter>>;
  readonly histograms: ReadonlyMap<string, Histogram>;
  isUp: boolean | undefined;
  isLeader = false;
  wireFormat: "cbor" | "json" = "cbor";
  /** Shards with an open subscription: the end of one is not told where its shard is let go. */
  readonly subscribed: Set<string> = new Set();
  readonly #application: string;
  #stream: string | undefined;
  #common: Readonly<Record<string, string>>;
  readonly #record: (name: string, value: number) => void;

  constructor(options: {
    readonly application: string;
    readonly stream: string | undefined;
    readonly perShard: "auto" | boolean;
    readonly clock: Clock;
  }) {
    const { application, stream, perShard, clock } = options;
    this.#application = application;
    this.#stream = stream;
    this.#common = this.#attributes();
    this.shards = new CountedShards({
      perShard,
      attributesOf: (shardId) => this.ofShard(shardId),
      monotonicNow: () => clock.monotonicNow(),
    });
    this.plain = Object.fromEntries(PLAIN.map((name) => [name, 0])) as typeof this.plain;
    this.labelled = Object.fromEntries(
      LABELLED.map((name) => [name, new LabelledCounter(metricNamed(name), () => this.#common)]),
    ) as typeof this.labelled;
    this.histograms = new Map(MEASURED.map((name) => [name, new Histogram(metricNamed(name).boundaries)]));
    this.#record = (name, value) => this.histograms.get(name)?.record(value);
  }

  /** The attributes of every series. */
  get common(): Readonly<Record<string, string>> {
    return this.#common;
  }

  ofShard(shardId: string): Readonly<Record<string, string>> {
    return { ...this.#common, [ATTRIBUTES.shard]: shardId };
  }

  count(event: ConnectorEvent, nowMs: number): void {
    const { shards, plain, labelled } = this;
    if (this.#stream === undefined && "stream" in event) {
      this.#stream = event.stream;
      this.#common = this.#attributes();
    }
    measure(event, nowMs, this.#record);
    switch (event.type) {
      case "page-read": {
        const shard = shards.of(event.shardId);
        shards.add(shard, "recordsRead", event.records);
        shards.add(shard, "bytesRead", event.bytes);
        shard.millisBehindLatest = event.millisBehindLatest ?? shard.millisBehindLatest;
        return;
      }
      case "checkpoint-commit": {
        const shard = shards.of(event.shardId);
        shards.add(shard, "recordsEmitted", event.emitted);
        shards.add(shard, "recordsFiltered", event.filtered);
        shards.add(shard, "deadLetters", event.deadLettered);
        if (event.inherited) shards.add(shard, "inheritedRecords", event.read);
        return;
      }
      case "aggregate-drop":
        shards.add(shards.of(event.shardId), "foreignRecords", event.records);
        return;
      case "retention-gap":
        shards.add(shards.of(event.shardId), "retentionGaps", 1);
        return;
      case "shard-start":
        shards.start(event.shardId);
        return;
      case "shard-end":
      case "shard-stop":
        this.subscribed.delete(event.shardId);
        shards.end(event.shardId);
        return;
      case "buffer-flush":
        labelled.flushes.add(1, event.reason);
        return;
      case "batch-emit":
        labelled["batches.emitted"].add(1, String(event.inherited));
        return;
      case "emit-retry":
        labelled["emit.retries"].add(1, errorType(event.error));
        return;
      case "read-retry":
        labelled["read.retries"].add(1, event.operation, event.kind);
        return;
      case "iterator-renew":
        plain["iterators.renewed"] += 1;
        return;
      case "subscription-start":
        this.subscribed.add(event.shardId);
        return;
      case "subscription-end":
        this.subscribed.delete(event.shardId);
        labelled["subscriptions.ended"].add(1, event.reason);
        return;
      case "lease-take":
        labelled["leases.taken"].add(1, String(event.steal));
        return;
      case "lease-lose":
        plain["leases.lost"] += 1;
        return;
      case "lease-evict":
        plain["leases.evicted"] += 1;
        return;
      case "lease-end":
        plain["leases.ended"] += 1;
        return;
      case "lease-retry":
        labelled["lease.retries"].add(1, event.step);
        return;
      case "event-loop-blocked":
        labelled["event_loop.delay"].add(
          event.lateMs / 1000,
          event.thread === undefined ? "main" : String(event.thread),
        );
        return;
      case "hole-found":
        plain.holes += 1;
        return;
      case "leader-elect":
        this.isLeader = event.leader;
        return;
      case "shard-fail":
        labelled["shard.failures"].add(1, errorType(event.error));
        return;
      default:
        this.#countLife(event);
    }
  }

  countDropped(listener: string, count: number): void {
    this.labelled["events.dropped"].add(count, listener);
  }

  #countLife(event: ConnectorEvent): void {
    switch (event.type) {
      case "connector-start":
        this.isUp = true;
        return;
      case "connector-stop":
        this.isUp = false;
        this.isLeader = false;
        this.subscribed.clear();
        return;
      case "wire-fallback":
        this.wireFormat = event.wireFormat;
        return;
      default:
    }
  }

  #attributes(): Readonly<Record<string, string>> {
    return {
      ...(this.#stream === undefined ? {} : { [ATTRIBUTES.stream]: this.#stream }),
      [ATTRIBUTES.application]: this.#application,
    };
  }
}
