import type { Clock } from "@kinesis-connectors/core";
import {
  CGROUP,
  cgroup1Counters,
  cgroup2Counters,
  type CpuCounters,
  machineCounters,
  percentBetween,
} from "./counters.js";
import { ecsCounters } from "./ecs-counters.js";
import type { Machine } from "./machine.js";

/** The use of the CPU since the call before, in percent from 0 to 100 of what this process may have; undefined where that is not known, as at the first call. */
export type MeasureCpu = () => Promise<number | undefined>;

const KUBERNETES_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

type Count = () => Promise<CpuCounters>;

/**
 * Measures what a KCL worker would measure in this place (`WorkerMetricsSelector`): in a task of ECS the container, in a pod of Kubernetes its cgroup, else the
 * whole machine. Only on Linux. A KCL worker asks besides whether the machine is one of EC2, and measures nothing elsewhere.
 */
export function measuringCpu(machine: Machine, clock: Clock): MeasureCpu {
  let count: Promise<Count | undefined> | undefined;
  let before: CpuCounters | undefined;
  return async () => {
    count ??= countOf(machine, clock);
    let after: CpuCounters | undefined;
    try {
      after = await (await count)?.();
    } catch {
      // Hidden or changed under a running process: as long as it is so, nothing is known.
    }
    const percent = before === undefined || after === undefined ? undefined : percentBetween(before, after);
    before = after;
    return percent;
  };
}

async function countOf(machine: Machine, clock: Clock): Promise<Count | undefined> {
  const { platform, env, exists } = machine;
  if (platform !== "linux") return undefined;
  const { ECS_CONTAINER_METADATA_URI: v3 = "", ECS_CONTAINER_METADATA_URI_V4: v4 = "" } = env;
  if (v4 !== "") return ecsCounters(machine, v4);
  // An agent too old to tell: the KCL measures nothing there.
  if (v3 !== "") return undefined;
  if (!(await exists(KUBERNETES_TOKEN)))
    return (await exists("/proc")) ? () => machineCounters(machine) : undefined;
  if (await exists(`${CGROUP}/cgroup.controllers`))
    return () => cgroup2Counters(machine, clock.monotonicNow());
  const isV1 = (await exists(`${CGROUP}/memory`)) || (await exists(`${CGROUP}/cpu`));
  return isV1 ? () => cgroup1Counters(machine, clock.monotonicNow()) : undefined;
}
