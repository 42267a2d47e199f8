const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A length of time in at most two units: `4 s`, `6 min`, `2 h 14 min`, `3 d 4 h`. */
export function shownDuration(ms: number): string {
  if (ms < 0) return `-${shownDuration(-ms)}`;
  // By what it is rounded to: 59.8 s are 1 min, and no 60 s.
  if (Math.round(ms / SECOND_MS) < MINUTE_MS / SECOND_MS) return `${Math.round(ms / SECOND_MS)} s`;
  if (Math.round(ms / MINUTE_MS) < HOUR_MS / MINUTE_MS) return `${Math.round(ms / MINUTE_MS)} min`;
  if (Math.round(ms / MINUTE_MS) < DAY_MS / MINUTE_MS) return pair(ms, [HOUR_MS, "h"], [MINUTE_MS, "min"]);
  return pair(ms, [DAY_MS, "d"], [HOUR_MS, "h"]);
}

/** A moment as its age, or as a stamp where the user asked for stamps. `-` where it is not known. */
export function shownMoment(
  ms: number | undefined,
  { nowMs, utc }: { readonly nowMs: number; readonly utc: boolean },
): string {
  if (ms === undefined) return "-";
  if (utc) return new Date(ms).toISOString();
  // A clock that is a little ahead of the one that wrote must not show the future.
  return `${shownDuration(Math.max(0, nowMs - ms))} ago`;
}

function pair(
  ms: number,
  [large, largeName]: readonly [number, string],
  [small, smallName]: readonly [number, string],
): string {
  const smalls = Math.round(ms / small);
  const perLarge = large / small;
  const whole = Math.floor(smalls / perLarge);
  const rest = smalls % perLarge;
  return rest === 0 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`;
}
