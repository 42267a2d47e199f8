import type { RowResult } from "../rows/rounds.js";
import { rowName, type Section, type Variant } from "../rows/variant.js";
import { COMPARISONS } from "./comparisons.js";
import { type Spread, spread } from "../rows/spread.js";

/** A row as it is reported. Rates are per CPU-second of the whole process. */
export interface SummaryRow {
  readonly name: string;
  readonly label: string;
  readonly section: Section;
  readonly kind: Variant["kind"];
  readonly unit: Variant["unit"];
  readonly set: string;
  readonly transport: string;
  readonly rounds: number;
  readonly perCpuSecond: Spread;
  /** By wall time: for rows that keep more than one core busy. */
  readonly perWallSecond: Spread;
  readonly nsPerUnit: Spread;
  /** CPU time of an answer, a batch or a poll. */
  readonly cpuMsPerPage: Spread;
  readonly mbPerCpuSecond: number;
  /** CPU time by wall time: 1 is one core. */
  readonly cores: number;
  readonly peakRssMb: Spread;
  /** Ratios to other rows of the same set, round by round; undefined where there is no such row. */
  readonly toRaw: Spread | undefined;
  readonly toFloor: Spread | undefined;
  readonly toSdk: Spread | undefined;
  readonly toGo: Spread | undefined;
  readonly isEqual: boolean | undefined;
}

/** Makes the table's rows of what the rounds came to. */
export function summarize(results: readonly RowResult[]): readonly SummaryRow[] {
  const byName = new Map(results.map((result) => [rowName(result.row), result]));
  return results.map((result) => {
    const { row, rounds, isEqual } = result;
    const { variant, set, transport } = row;
    const { raw, floor, sdk, go } = COMPARISONS[variant.name] ?? {};
    const to = (name: string | undefined, by: string = transport): Spread | undefined => {
      const other = byName.get(`${name}/${set}/${by}`);
      return other === undefined ? undefined : ratioOf(result, other);
    };
    return {
      name: variant.name,
      label: variant.label,
      section: variant.section,
      kind: variant.kind,
      unit: variant.unit,
      set,
      transport,
      rounds: rounds.length,
      perCpuSecond: spread(rounds.map(perCpuSecond)),
      perWallSecond: spread(rounds.map(perWallSecond)),
      nsPerUnit: spread(rounds.map((measured) => 1e9 / perCpuSecond(measured))),
      cpuMsPerPage: spread(rounds.map(({ cpuMs, pages }) => cpuMs / pages)),
      mbPerCpuSecond: spread(rounds.map(({ bytes, cpuMs }) => bytes / cpuMs / 1000)).median,
      cores: spread(rounds.map(({ cpuMs, wallMs }) => cpuMs / wallMs)).median,
      peakRssMb: spread(rounds.map(({ peakRssBytes }) => peakRssBytes / 1e6)),
      toRaw: to(raw),
      toFloor: to(floor, "memory"),
      toSdk: to(sdk),
      toGo: to(go),
      isEqual,
    };
  });
}

/** How one row stands to another in the rounds that both were in, by CPU time or by wall time. */
export function ratioOf(
  one: RowResult,
  other: RowResult,
  rateOf: (measured: RowResult["rounds"][number]) => number = perCpuSecond,
): Spread | undefined {
  const rates = new Map(other.rounds.map((measured) => [measured.round, rateOf(measured)]));
  const ratios = one.rounds.flatMap((measured) => {
    const rate = rates.get(measured.round);
    return rate === undefined ? [] : [rateOf(measured) / rate];
  });
  return ratios.length === 0 ? undefined : spread(ratios);
}

export function perCpuSecond({ records, cpuMs }: RowResult["rounds"][number]): number {
  return (records / cpuMs) * 1000;
}

export function perWallSecond({ records, wallMs }: RowResult["rounds"][number]): number {
  return (records / wallMs) * 1000;
}
