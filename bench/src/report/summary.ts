import type { Measured } from "../rows/meter.js";
import type { RowResult } from "../rows/rounds.js";
import { rowName, type Variant } from "../rows/variant.js";

/** A row as it is reported. Rates are per CPU-second of the whole process. */
export interface SummaryRow {
  readonly name: string;
  readonly label: string;
  readonly kind: "limit" | "peer" | "ours";
  readonly unit: Variant["unit"];
  readonly set: string;
  readonly transport: string;
  readonly perCpuSecond: Spread;
  /** The median by wall time: for rows that keep more than one core busy. */
  readonly perWallSecond: number;
  readonly nsPerUnit: number;
  readonly mbPerCpuSecond: number;
  /** CPU time by wall time: 1 is one core. */
  readonly cores: number;
  readonly peakRssMb: number;
  /** Ratios to the medians of other rows of the same set; undefined where there is no such row. */
  readonly toRaw: number | undefined;
  readonly toFloor: number | undefined;
  readonly toSdk: number | undefined;
  readonly isEqual: boolean | undefined;
}

/** Median, least and greatest of the rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Which floor of V8 a row is held against, by the row's variant. */
const FLOORS: Readonly<Record<string, string>> = {
  "pass-through": "floor-copy",
  filter: "floor-parse",
  transform: "floor-transform",
  "transform-s3": "floor-transform",
};

/** Which row of the SDK's: where the name is not here, the SDK as installed that only decodes. */
const SDK_ROWS: Readonly<Record<string, string>> = {
  "fan-out": "sdk-fan-out",
  "sdk-fan-out": "sdk-fan-out",
  "to-kinesis": "sdk-put-records",
  "emit-kinesis": "sdk-put-records",
  "emit-kinesis-ordered": "sdk-put-records",
  "sdk-put-records": "sdk-put-records",
  "to-dynamodb": "sdk-batch-write",
  "emit-dynamodb": "sdk-batch-write",
  "emit-dynamodb-guarded": "sdk-put-item",
  "sdk-put-item": "sdk-put-item",
  "sdk-batch-write": "sdk-batch-write",
  "idle-poll": "sdk-idle-poll",
  "sdk-idle-poll": "sdk-idle-poll",
};

/** Makes the table's rows of what the rounds came to. */
export function summarize(results: readonly RowResult[]): readonly SummaryRow[] {
  const rates = new Map(
    results.map((result) => [rowName(result.row), spread(result.rounds.map(ratePerCpuSecond)).median]),
  );
  return results.map(({ row, rounds, isEqual }) => {
    const { variant, set, transport } = row;
    const rate = spread(rounds.map(ratePerCpuSecond));
    const ratio = (name: string, by: string): number | undefined => {
      const other = rates.get(`${name}/${set}/${by}`);
      const standsAlone = variant.kind === "limit" || variant.unit === "row";
      return other === undefined || standsAlone ? undefined : rate.median / other;
    };
    const isRead = variant.unit === "record";
    return {
      name: variant.name,
      label: variant.label,
      kind: variant.kind,
      unit: variant.unit,
      set,
      transport,
      perCpuSecond: rate,
      perWallSecond: spread(rounds.map(({ records, wallMs }) => (records / wallMs) * 1000)).median,
      nsPerUnit: 1e9 / rate.median,
      mbPerCpuSecond: spread(rounds.map(({ bytes, cpuMs }) => bytes / cpuMs / 1000)).median,
      cores: spread(rounds.map(({ cpuMs, wallMs }) => cpuMs / wallMs)).median,
      peakRssMb: spread(rounds.map(({ peakRssBytes }) => peakRssBytes / 1e6)).median,
      toRaw: isRead ? ratio("raw-socket", transport) : undefined,
      toFloor: ratio(FLOORS[variant.name] ?? "floor-parse", "memory"),
      toSdk: ratio(SDK_ROWS[variant.name] ?? "sdk-default", transport),
      isEqual,
    };
  });
}

function ratePerCpuSecond({ records, cpuMs }: Measured): number {
  return (records / cpuMs) * 1000;
}

/** Median, least and greatest. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
  return { median, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}
