import type { ConnectorEvent } from "@kinesis-connectors/consumer";

import { isOwned } from "../counting/collected.js";
import { Sample } from "../counting/sample.js";
import type { Metrics } from "../metrics-tally.js";
import { type EmfLine, type EmfMetric, MAX_VALUES } from "./line.js";
import type { Period } from "./period.js";

/** Values kept of a shard and a period: a minute has up to 300 pages, and alarms look at the greatest and the mean. */
const VALUES_OF_SHARD = 20;

interface OfShard {
  records: number;
  bytes: number;
  readonly behindMs: Sample;
  readonly processMs: Sample;
  isGone: boolean;
}

/**
 * Metrics as the KCL publishes them, name by name, with its units and dimensions (KCL 2.7.2 and 3.5.1: `ProcessTask.java`, `DynamoDBLeaseRenewer.java`,
 * `DynamoDBLeaseTaker.java`, `MetricsUtil.java`), so that alarms that were made for it go on.
 */
export class KclNames implements Period {
  readonly #metrics: Metrics;
  readonly #namespace: string;
  readonly #shards = new Map<string, OfShard>();
  #taken = 0;
  #lost = 0;
  #ownerId: string | undefined;

  constructor(metrics: Metrics, namespace: string) {
    this.#metrics = metrics;
    this.#namespace = namespace;
  }

  event(event: ConnectorEvent): void {
    switch (event.type) {
      case "page-read": {
        const shard = this.#of(event.shardId);
        shard.records += event.records;
        // The KCL counts what producers put, and not what it came in.
        shard.bytes += event.dataBytes;
        if (event.millisBehindLatest !== undefined) shard.behindMs.add(event.millisBehindLatest);
        return;
      }
      // What the record processor of a KCL application does, writing to the destination, is a batch's emission here.
      case "batch-emit":
        this.#of(event.shardId).processMs.add(event.durationMs);
        return;
      case "shard-start":
        this.#of(event.shardId).isGone = false;
        return;
      case "shard-end":
      case "shard-stop":
        this.#of(event.shardId).isGone = true;
        return;
      case "lease-take":
        this.#taken += 1;
        return;
      case "lease-lose":
        this.#lost += 1;
        return;
      default:
    }
  }

  lines(timestampMs: number): readonly EmfLine[] {
    const lines: EmfLine[] = [];
    const line = (dimensions: Readonly<Record<string, string>>, metrics: readonly EmfMetric[]): void =>
      void lines.push({ namespace: this.#namespace, timestampMs, dimensions, metrics });
    const allBehindMs: number[] = [];
    for (const [shardId, shard] of this.#shards) {
      const behindMs = shard.behindMs.take();
      for (const value of behindMs) allBehindMs.push(value);
      line({ Operation: "ProcessTask", ShardId: shardId }, [
        { name: "RecordsProcessed", unit: "Count", value: shard.records },
        { name: "DataBytesProcessed", unit: "Bytes", value: shard.bytes },
        ...milliseconds("MillisBehindLatest", behindMs),
        ...milliseconds("RecordProcessor.processRecords.Time", shard.processMs.take()),
      ]);
      shard.records = 0;
      shard.bytes = 0;
      if (shard.isGone) this.#shards.delete(shardId);
    }
    for (let at = 0; at < allBehindMs.length; at += MAX_VALUES)
      line(
        { Operation: "ApplicationTracker" },
        milliseconds("MillisBehindLatest", allBehindMs.slice(at, at + MAX_VALUES)),
      );
    this.#workerLines(line);
    this.#taken = 0;
    this.#lost = 0;
    return lines;
  }

  /** Without a connector attached nobody knows which worker it is. One that has stopped is the worker that it was, and holds nothing. */
  #workerLines(
    line: (dimensions: Readonly<Record<string, string>>, metrics: readonly EmfMetric[]) => void,
  ): void {
    const progress = this.#metrics.progress();
    this.#ownerId = progress?.ownerId ?? this.#ownerId;
    if (this.#ownerId === undefined) return;
    // Owner ids are `<workerId>:<uuid>`: the part that outlives a restart is the KCL's worker identifier.
    const WorkerIdentifier = this.#ownerId.replace(/:[^:]*$/, "");
    const owned = progress?.shards.filter(isOwned).length ?? 0;
    line({ Operation: "RenewAllLeases", WorkerIdentifier }, [
      { name: "CurrentLeases", unit: "Count", value: owned },
      { name: "LostLeases", unit: "Count", value: this.#lost },
    ]);
    line({ Operation: "TakeLeases", WorkerIdentifier }, [
      { name: "TakenLeases", unit: "Count", value: this.#taken },
      ...(progress?.fleet === undefined
        ? []
        : [
            { name: "ExpiredLeases", unit: "Count", value: progress.fleet.availableLeases } as const,
            { name: "NumWorkers", unit: "Count", value: progress.fleet.workers } as const,
          ]),
    ]);
  }

  #of(shardId: string): OfShard {
    const found = this.#shards.get(shardId);
    if (found !== undefined) return found;
    const shard = {
      records: 0,
      bytes: 0,
      behindMs: new Sample(VALUES_OF_SHARD),
      processMs: new Sample(VALUES_OF_SHARD),
      isGone: false,
    };
    this.#shards.set(shardId, shard);
    return shard;
  }
}

function milliseconds(name: string, value: readonly number[]): readonly EmfMetric[] {
  return value.length === 0 ? [] : [{ name, unit: "Milliseconds", value }];
}
