/** ISO 8601: a day, or a day with a time and its zone. Seconds may be left out. */
const MOMENT = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d))?$/;

/**
 * The epoch milliseconds of a moment that somebody wrote in ISO 8601; undefined for what is none. A day without a time is midnight UTC; a time without a
 * zone is refused, because it means another moment on each machine, and so is a day that its month does not have.
 */
export function momentOfText(text: string): number | undefined {
  const day = MOMENT.exec(text)?.[1];
  if (day === undefined) return undefined;
  const [ofDay, ms] = [Date.parse(day), Date.parse(text)];
  if (Number.isNaN(ofDay) || Number.isNaN(ms)) return undefined;
  // Date.parse takes the 30th of February for the 2nd of March.
  return new Date(ofDay).toISOString().startsWith(day) ? ms : undefined;
}
