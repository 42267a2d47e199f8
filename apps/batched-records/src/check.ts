/** How the archive compares with what was put. */
export interface ReadingsCheck {
  readonly readings: number;
  readonly landed: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Readings that stand behind a later one of their sensor. */
  readonly outOfOrder: number;
}

/** What the check must know of a reading. */
export interface NumberedReading {
  readonly sensor: string;
  readonly number: number;
}

/** Compares by number; within a sensor numbers rise. */
export function checkReadings(
  expected: readonly NumberedReading[],
  landed: readonly NumberedReading[],
): ReadingsCheck {
  const missing = new Set(expected.map(({ number }) => number));
  const furthest = new Map<string, number>();
  let duplicated = 0;
  let outOfOrder = 0;
  for (const { sensor, number } of landed) {
    if (!missing.delete(number)) duplicated += 1;
    else if (number < (furthest.get(sensor) ?? -1)) outOfOrder += 1;
    else furthest.set(sensor, number);
  }
  return { readings: expected.length, landed: landed.length, lost: missing.size, duplicated, outOfOrder };
}
