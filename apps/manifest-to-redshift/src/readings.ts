import { seededNumbers } from "@kinesis-connectors/app-sample";

/** One reading of a sensor, as it travels in the stream and as it stands in the table. */
export interface Reading {
  readonly id: number;
  readonly sensor: string;
  readonly value: number;
}

/** Generates readings with the ids 1, 2, 3 ...; the same seed gives the same. */
export function* readingsOf(count: number, seed: number): Generator<Reading, void> {
  const next = seededNumbers(seed);
  for (let id = 1; id <= count; id += 1)
    yield { id, sensor: `sensor-${Math.floor(next() * 100)}`, value: Math.floor(next() * 1_000_000) };
}

/** What a table, or a stream, comes to. */
export interface Totals {
  readonly rows: number;
  readonly ids: number;
  readonly idSum: number;
  readonly valueSum: number;
}

/** The totals of the readings that were put. */
export function totalsOf(readings: Iterable<Reading>): Totals {
  let rows = 0;
  let idSum = 0;
  let valueSum = 0;
  for (const { id, value } of readings) {
    rows += 1;
    idSum += id;
    valueSum += value;
  }
  return { rows, ids: rows, idSum, valueSum };
}

/** The same totals as SQL. */
export const TOTALS_SQL =
  "SELECT COUNT(*) AS rows, COUNT(DISTINCT id) AS ids, SUM(id) AS id_sum, SUM(value) AS value_sum FROM readings";

/** Reads the row of `TOTALS_SQL`. */
export function totalsFrom(row: Readonly<Record<string, string | null>> | undefined): Totals {
  const number = (name: string): number => Number(row?.[name] ?? 0);
  return { rows: number("rows"), ids: number("ids"), idSum: number("id_sum"), valueSum: number("value_sum") };
}

/** Whether the table holds what was put, each reading once. */
export function isRight(put: Totals, landed: Totals): boolean {
  return (
    put.rows === landed.rows &&
    put.ids === landed.ids &&
    put.idSum === landed.idSum &&
    put.valueSum === landed.valueSum
  );
}
