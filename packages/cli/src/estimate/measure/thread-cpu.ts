import { readFileSync } from "node:fs";

/** CPU time of the main thread in milliseconds, called in it; undefined where the system does not say. */
export function mainThreadCpuMs(): number | undefined {
  const { threadCpuUsage } = process as { readonly threadCpuUsage?: () => NodeJS.CpuUsage };
  if (threadCpuUsage !== undefined) {
    const { user, system } = threadCpuUsage.call(process);
    return (user + system) / 1000;
  }
  try {
    // Linux, Documentation/scheduler/sched-stats.rst: time on the CPU, in nanoseconds, comes first. The main thread has the process's own id.
    const [onCpuNs] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ");
    return Number(onCpuNs) / 1e6;
  } catch {
    return undefined;
  }
}

/** CPU time of the whole process in milliseconds. */
export function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
