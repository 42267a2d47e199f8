import type { WorkerEvent } from "./events.js";

/** Records that each worker handled in a stretch of time; 0 for one that handled none. */
export function recordsOf(
  events: readonly WorkerEvent[],
  workers: readonly string[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): ReadonlyMap<string, number> {
  const counts = new Map(workers.map((worker) => [worker, 0]));
  for (const { t, w, records = [] } of events)
    if (t >= fromMs && t < toMs && counts.has(w)) counts.set(w, (counts.get(w) ?? 0) + records.length);
  return counts;
}

/** How far the worst of them is from the average, in percent of the average. */
export function unevennessPercent(counts: ReadonlyMap<string, number>): number {
  const all = [...counts.values()];
  const average = all.reduce((sum, count) => sum + count, 0) / Math.max(1, all.length);
  if (average === 0) return Number.POSITIVE_INFINITY;
  return Math.max(...all.map((count) => (Math.abs(count - average) / average) * 100));
}
