import { seededNumbers } from "../seeded-numbers.js";

/** A reading of a sensor. */
export interface Reading {
  readonly sensor: string;
  readonly number: number;
  readonly celsius: number;
}

/** Which readings there are. */
export interface ReadingsOptions {
  readonly records: number;
  readonly keys: number;
  readonly seed: number;
}

/** What the filter of the samples keeps. */
export function isWarm({ celsius }: Reading): boolean {
  return celsius >= 10;
}

/** Some sensors are frequent, most are rare, as in life. */
export function* generatedReadings({ records, keys, seed }: ReadingsOptions): Generator<Reading, void> {
  const next = seededNumbers(seed);
  for (let number = 0; number < records; number += 1)
    yield {
      sensor: `sensor-${Math.floor(next() ** 2 * keys)}`,
      number,
      celsius: Math.round(next() * 400) / 10,
    };
}
