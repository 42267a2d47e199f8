import type { WorkerReport } from "@kinesis-connectors/leases";

// KCL `LeaseManagementConfig.WorkerUtilizationAwareAssignmentConfig`: workerMetricsEMAAlpha.
const ALPHA = 0.5;
/** A metric of a worker that measures none: what is read of its leases, in percent of the fleet's average. */
export const THROUGHPUT = "T";
/** What a worker writes where measuring failed. */
const FAILED = -1;

/** Whether a worker measures nothing and is balanced by the throughput of its leases. */
export function measuresNothing({ metrics, limits }: WorkerReport): boolean {
  const names = Object.keys(metrics);
  return (names.length === 0 && Object.keys(limits).length === 0) || names.includes(THROUGHPUT);
}

/** Whether a report can be understood at all (KCL `isValidWorkerMetric`). */
function isValid(report: WorkerReport): boolean {
  if (report.updatedS === undefined || !Number.isFinite(report.updatedS)) return false;
  if (measuresNothing(report)) return true;
  const names = Object.keys(report.metrics);
  return (
    names.every((name) => Object.hasOwn(report.limits, name)) &&
    Object.values(report.limits).every((limit) => limit > 0)
  );
}

/** Whether the worker measured something last that failed: it is left as it is, and gets nothing. */
function isFailing(report: WorkerReport): boolean {
  return !measuresNothing(report) && Object.values(report.metrics).some((values) => values.at(-1) === FAILED);
}

/** The workers that may get leases: those that are there, measure what makes sense, and have not failed at it. */
export function assignable(
  reports: readonly WorkerReport[],
  isFresh: (report: WorkerReport) => boolean,
): readonly WorkerReport[] {
  return reports.filter((report) => isFresh(report) && isValid(report) && !isFailing(report));
}

/** What a worker's metric comes to: a moving average that passes over what failed. */
export function averageOf(values: readonly number[]): number {
  let average: number | undefined;
  for (const value of values) {
    if (value === FAILED || !Number.isFinite(value)) continue;
    average = average === undefined ? value : ALPHA * value + (1 - ALPHA) * average;
  }
  return average ?? 0;
}
