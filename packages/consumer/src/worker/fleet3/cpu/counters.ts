import type { Machine } from "./machine.js";

/** Counters that only rise: the use of the CPU between two of them is how much `used` rose, of `cores` times how much `passed` did. */
export interface CpuCounters {
  readonly used: number;
  readonly passed: number;
  readonly cores: number;
}

/** Where Linux shows the control groups of a container. */
export const CGROUP = "/sys/fs/cgroup";

/** The use between two readings, in percent from 0 to 100; undefined where no time has passed, or a counter has no sense. */
export function percentBetween(before: CpuCounters, after: CpuCounters): number | undefined {
  const capacity = (after.passed - before.passed) * after.cores;
  const percent = ((after.used - before.used) / capacity) * 100;
  // A container may get more than it is granted; and the wait for disks goes down at times (proc(5)).
  return capacity > 0 && Number.isFinite(percent) ? Math.min(100, Math.max(0, percent)) : undefined;
}

/**
 * All processors of the machine, as the KCL's `LinuxCpuWorkerMetric` reads them: the first five counters of `/proc/stat`, of which the fourth alone is idle.
 */
export async function machineCounters(machine: Machine): Promise<CpuCounters> {
  const [line = ""] = (await machine.text("/proc/stat")).split("\n", 1);
  const [user, nice, system, idle, wait] = line.trim().split(/\s+/).slice(1, 6).map(Number);
  if (user === undefined || nice === undefined || system === undefined)
    throw new Error("/proc/stat is short");
  const used = user + nice + system + numberOf(wait);
  return { used, passed: used + numberOf(idle), cores: 1 };
}

/** A container with cgroup v2, in microseconds, as the KCL's `Cgroupv2CpuWorkerMetric` reads it. */
export async function cgroup2Counters(machine: Machine, nowMs: number): Promise<CpuCounters> {
  const [max, period] = (await machine.text(`${CGROUP}/cpu.max`)).trim().split(/\s+/);
  const stat = await machine.text(`${CGROUP}/cpu.stat`);
  const cores =
    max === "max"
      ? coresOf(await machine.text(`${CGROUP}/cpuset.cpus.effective`))
      : numberOf(max) / numberOf(period);
  return { used: numberOf(/^usage_usec (\d+)/m.exec(stat)?.[1]), passed: nowMs * 1_000, cores };
}

/** A container with cgroup v1, in nanoseconds, as the KCL's `Cgroupv1CpuWorkerMetric` reads it. */
export async function cgroup1Counters(machine: Machine, nowMs: number): Promise<CpuCounters> {
  const quota = numberOf(await machine.text(`${CGROUP}/cpu/cpu.cfs_quota_us`));
  const cores =
    quota === -1
      ? coresOf(await machine.text(`${CGROUP}/cpuset/cpuset.effective_cpus`))
      : quota / numberOf(await machine.text(`${CGROUP}/cpu/cpu.cfs_period_us`));
  const used = numberOf(await machine.text(`${CGROUP}/cpu/cpuacct.usage`));
  return { used, passed: nowMs * 1_000_000, cores };
}

/** `0-4,6` is six processors. */
export function coresOf(cpuSet: string): number {
  let cores = 0;
  for (const group of cpuSet.trim().split(",")) {
    const [first, last = first] = group.split("-");
    cores += numberOf(last) - numberOf(first) + 1;
  }
  return cores;
}

function numberOf(text: string | number | undefined): number {
  const value = typeof text === "string" ? (text.trim() === "" ? Number.NaN : Number(text)) : text;
  if (value === undefined || !Number.isFinite(value)) throw new Error("a counter of the CPU is no number");
  return value;
}
