import type { SummaryRow } from "./summary.js";

/** A ratio that this project sets out to reach, inside one run. */
export interface Target {
  readonly text: string;
  readonly wanted: number;
  /** Undefined when a row that it needs was not measured. */
  readonly reached: number | undefined;
}

/** Holds the rows against the targets. */
export function targetsOf(rows: readonly SummaryRow[]): readonly Target[] {
  const rate = (name: string): number | undefined =>
    rows.find((row) => `${row.name}/${row.set}/${row.transport}` === name)?.perCpuSecond.median;
  const ratio = (of: string, to: string): number | undefined => {
    const [a, b] = [rate(of), rate(to)];
    return a === undefined || b === undefined ? undefined : a / b;
  };
  const target = (text: string, wanted: number, of: string, to: string): Target => ({
    text,
    wanted,
    reached: ratio(of, to),
  });
  return [
    target("read, by the SDK as installed", 8, "read/200b/clear", "sdk-default/200b/clear"),
    target(
      "our protocol alone, by the SDK as installed",
      8,
      "protocol-cbor/200b/clear",
      "sdk-default/200b/clear",
    ),
    target(
      "pass-through to NDJSON, by the SDK read alone",
      8,
      "pass-through/200b/clear",
      "sdk-default/200b/clear",
    ),
    target(
      "filter by a picked member, original bytes, by bare JSON.parse",
      0.65,
      "pick/200b/clear",
      "floor-parse/200b/memory",
    ),
    target(
      "the same by parsing the whole of each record",
      0.65,
      "filter/200b/clear",
      "floor-parse/200b/memory",
    ),
    target(
      "full transform, by parse + stringify in memory",
      0.75,
      "transform/200b/clear",
      "floor-transform/200b/memory",
    ),
    target("full transform over TLS, by the same", 0.65, "transform/200b/tls", "floor-transform/200b/memory"),
    target("read and parse, by lifion-kinesis", 4, "read-parse/200b/clear", "lifion-parse/200b/clear"),
    target(
      "aggregates, by the SDK + deaggregation",
      4,
      "read/aggregated/clear",
      "sdk-default/aggregated/clear",
    ),
    target("fan-out, by the SDK", 3, "fan-out/200b/clear", "sdk-fan-out/200b/clear"),
    target(
      "put to Kinesis, by the SDK's PutRecords",
      4,
      "emit-kinesis/200b/clear",
      "sdk-put-records/200b/clear",
    ),
    target(
      "put to DynamoDB, by the SDK's BatchWriteItem",
      4,
      "emit-dynamodb/200b/clear",
      "sdk-batch-write/200b/clear",
    ),
    target(
      "polls of idle shards over TLS, by the SDK as installed",
      3,
      "idle-poll/idle/tls",
      "sdk-idle-poll/idle/tls",
    ),
    target(
      "pass-through with all metrics and outlets, by the same without",
      0.99,
      "telemetry-on/200b/clear",
      "telemetry-off/200b/clear",
    ),
    shapeTarget(rows),
    threadsTarget(rows),
  ];
}

/** The engine's cost per record by a bare loop's, without what looking at the records costs. Less is better: turned round. */
function shapeTarget(rows: readonly SummaryRow[]): Target {
  const ns = (name: string): number => rows.find((row) => row.name === name)?.nsPerUnit ?? Number.NaN;
  const look = ns("shape-look");
  const reached = (ns("shape-loop") - look) / (ns("shape-engine") - look);
  return {
    text: "bare sync loop's cost, by the engine's (2.5 times the cost is 0.4)",
    wanted: 0.4,
    reached: Number.isFinite(reached) ? reached : undefined,
  };
}

/** The one ratio by wall time: two threads cost as much CPU per record as one, and take half the time. */
function threadsTarget(rows: readonly SummaryRow[]): Target {
  const rate = (name: string): number => rows.find((row) => row.name === name)?.perWallSecond ?? Number.NaN;
  const reached = rate("threads-2") / rate("threads-1");
  return {
    text: "heavy documents on 2 threads, by 1 thread, records by wall time",
    wanted: 1.8,
    reached: Number.isFinite(reached) ? reached : undefined,
  };
}
