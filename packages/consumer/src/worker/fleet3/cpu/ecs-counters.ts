import type { CpuCounters } from "./counters.js";
import type { Machine } from "./machine.js";

/**
 * A container of an ECS task, in nanoseconds, from the task metadata endpoint version 4, as the KCL's `EcsCpuWorkerMetric` reads it: what the container used,
 * of its part of the task's limit. The limit is asked for once.
 */
export function ecsCounters(machine: Machine, endpoint: string): () => Promise<CpuCounters> {
  let shareOfHost: number | undefined;
  return async () => {
    const stats = at(await machine.json(`${endpoint}/stats`), "cpu_stats");
    const online = numberAt(stats, "online_cpus");
    shareOfHost ??=
      limitOf(await machine.json(`${endpoint}/task`), at(await machine.json(endpoint), "DockerId"), online) /
      online;
    // The host's counter adds up all its processors.
    return {
      used: numberAt(at(stats, "cpu_usage"), "total_usage"),
      passed: numberAt(stats, "system_cpu_usage"),
      cores: shareOfHost,
    };
  };
}

/** The processors that fall to a container: of the task's, by the shares of its containers. */
function limitOf(task: unknown, dockerId: unknown, online: number): number {
  const given = at(at(task, "Limits"), "CPU");
  const ofTask = typeof given === "number" && given > 0 ? given : online;
  const containers = at(task, "Containers");
  let all = 0;
  let mine = 0;
  for (const container of Array.isArray(containers) ? (containers as readonly unknown[]) : []) {
    const share = at(at(container, "Limits"), "CPU");
    if (typeof share !== "number") continue;
    all += share;
    if (at(container, "DockerId") === dockerId) mine = share;
  }
  // Without shares of their own, the containers of a task are held by its limit alone.
  return mine > 0 ? (ofTask * mine) / all : ofTask;
}

function at(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function numberAt(value: unknown, name: string): number {
  const number = at(value, name);
  if (typeof number !== "number") throw new Error(`the metadata of the container have no ${name}`);
  return number;
}
