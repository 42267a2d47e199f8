import { isWarm, type Reading } from "./reading.js";

/** How what landed compares with what was put. */
export interface ReadingsCheck {
  readonly put: number;
  /** Those that the filter keeps. */
  readonly kept: number;
  readonly landed: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Landed though nothing like it was kept. */
  readonly wrong: number;
  /** First arrivals behind a later one of their sensor. */
  readonly outOfOrder: number;
}

/** Compares the readings that were put with those that landed, in the order of their arrival. */
export function checkReadings(put: readonly Reading[], landed: readonly Reading[]): ReadingsCheck {
  const kept = new Set(put.filter(isWarm).map((reading) => JSON.stringify(reading)));
  const seen = new Set<string>();
  const newest = new Map<string, number>();
  let outOfOrder = 0;
  let duplicated = 0;
  let wrong = 0;
  for (const reading of landed) {
    const text = JSON.stringify(reading);
    if (!kept.has(text)) wrong += 1;
    else if (seen.has(text)) duplicated += 1;
    else {
      seen.add(text);
      if ((newest.get(reading.sensor) ?? -1) > reading.number) outOfOrder += 1;
      newest.set(reading.sensor, Math.max(reading.number, newest.get(reading.sensor) ?? -1));
    }
  }
  return {
    put: put.length,
    kept: kept.size,
    landed: landed.length,
    lost: kept.size - seen.size,
    duplicated,
    wrong,
    outOfOrder,
  };
}
