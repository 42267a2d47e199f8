import { asError, type Clock, errorFields, type Logger } from "@kinesis-connectors/core";
import type { FleetTable, WorkerMeasures, WorkerReport } from "@kinesis-connectors/leases";
import { ReportAges } from "../assignment/report-ages.js";
import type { FleetTimings } from "../timings.js";
import type { MeasureCpu } from "./measure-cpu.js";

export interface CpuReportOptions {
  readonly fleet: Pick<FleetTable, "reports">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timings: Pick<FleetTimings, "reportExpiryMs">;
  readonly measureCpu?: MeasureCpu;
}

// KCL: `WorkerMetricType.CPU`, `WorkerMetricsSelector` (what it finds by itself may be used whole), `noOfPersistedMetricsPerWorkerMetrics`, and the digits
// of `WorkerMetricStatsManager`.
const CPU = "C";
const LIMIT_PERCENT = 100;
const KEPT = 10;
const DIGITS = 1e6;
/** Reports between two looks at those of the others, which may lie among the leases: a scan. */
const REPORTS_PER_LOOK = 2;

/**
 * What this worker reports of its CPU: its use, as long as KCL workers of the fleet report theirs, and nothing otherwise. A leader of the KCL evens out each
 * metric among those that tell it, the throughput among those that tell none; so whoever tells another one than the rest is balanced against nobody, and gets
 * nothing while the rest is even. Where no KCL worker measures, workers of ours stay with the throughput, which other programs on a machine do not blur.
 */
export class CpuReport {
  readonly #options: CpuReportOptions;
  readonly #ages: ReportAges;
  #isAsked = false;
  #values: readonly number[] = [];
  #untilLook = 0;
  #hasWarned = false;

  constructor(options: CpuReportOptions) {
    this.#options = options;
    this.#ages = new ReportAges({ clock: options.clock, expiryMs: options.timings.reportExpiryMs });
  }

  /** What the next report says. */
  async next(): Promise<WorkerMeasures | undefined> {
    if (!this.#isAsked) return undefined;
    const percent = await this.#measure();
    // Not as a KCL worker, which reports a failure and gets nothing until it is over.
    this.#values = percent === undefined ? [] : [...this.#values, percent].slice(-KEPT);
    if (this.#values.length === 0) return undefined;
    return { metrics: { [CPU]: this.#values }, limits: { [CPU]: LIMIT_PERCENT } };
  }

  /** After a report: looks, each second time, whether others tell their CPU. Never rejects: a report goes before what is in it. */
  async look(): Promise<void> {
    if (this.#options.measureCpu === undefined) return;
    this.#untilLook -= 1;
    if (this.#untilLook > 0) return;
    this.#untilLook = REPORTS_PER_LOOK;
    let reports: readonly WorkerReport[];
    try {
      reports = await this.#options.fleet.reports();
    } catch (thrown) {
      if (!this.#hasWarned)
        this.#options.logger.warn(
          errorFields(asError(thrown)),
          "the reports of the fleet's other workers cannot be read, so this worker does not know whether to tell its use of the CPU as they do; it is tried again",
        );
      this.#hasWarned = true;
      return;
    }
    this.#ages.see(reports);
    const isAsked = reports.some(
      (report) => !report.isOurs && Object.hasOwn(report.metrics, CPU) && this.#ages.isFresh(report),
    );
    if (isAsked === this.#isAsked) return;
    this.#isAsked = isAsked;
    this.#values = [];
    // From here to the next report is the first stretch that is told.
    if (isAsked) await this.#measure();
  }

  async #measure(): Promise<number | undefined> {
    let percent: number | undefined;
    try {
      percent = await this.#options.measureCpu?.();
    } catch (thrown) {
      if (!this.#hasWarned)
        this.#options.logger.warn(
          errorFields(asError(thrown)),
          "measureCpu failed: this worker tells no use of the CPU",
        );
      this.#hasWarned = true;
    }
    if (percent === undefined || !Number.isFinite(percent)) return undefined;
    return Math.round(Math.min(100, Math.max(0, percent)) * DIGITS) / DIGITS;
  }
}
