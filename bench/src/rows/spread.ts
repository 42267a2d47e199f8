/** Median, least and greatest of the rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Rounds that lie farther apart than this part of their median did not repeat: what they came to is a range, and no figure. */
const REPEATS_WITHIN = 0.15;

/** Median, least and greatest. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
  return { median, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}

/** Whether the rounds came to the same. */
export function repeats({ median, min, max }: Spread): boolean {
  return max - min <= median * REPEATS_WITHIN;
}

/** A figure for people: the median where the rounds repeat, and from where to where they go where they do not. */
export function figure(values: Spread | undefined, format: (value: number) => string): string {
  if (values === undefined) return "";
  const { median, min, max } = values;
  const [low, high] = [format(min), format(max)];
  return repeats(values) || low === high ? format(median) : `${low} to ${high}`;
}

/** Thousands, to three digits or so. */
export function thousands(rate: number): string {
  return rounded(rate / 1000);
}

/** To about three digits. */
export function rounded(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
