import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock } from "@kinesis-connectors/core";
import { describe, expect, test } from "vitest";
import { coresOf } from "../../../src/worker/fleet3/cpu/counters.js";
import { type Machine, thisMachine } from "../../../src/worker/fleet3/cpu/machine.js";
import { type MeasureCpu, measuringCpu } from "../../../src/worker/fleet3/cpu/measure-cpu.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** A machine whose files and metadata are these. */
class FakeMachine implements Machine {
  readonly platform: string;
  readonly env: Record<string, string>;
  files: Record<string, string>;
  answers: Record<string, unknown> = {};

  constructor(files: Record<string, string>, env: Record<string, string> = {}, platform = "linux") {
    this.files = files;
    this.env = env;
    this.platform = platform;
  }

  readonly exists = (path: string): Promise<boolean> =>
    Promise.resolve(Object.keys(this.files).some((file) => file === path || file.startsWith(`${path}/`)));

  readonly text = async (path: string): Promise<string> => {
    await Promise.resolve();
    const text = this.files[path];
    if (text === undefined) throw new Error(`ENOENT: ${path}`);
    return text;
  };

  readonly json = async (url: string): Promise<unknown> => {
    await Promise.resolve();
    if (!(url in this.answers)) throw new Error(`404: ${url}`);
    return this.answers[url];
  };
}

function measuring(machine: Machine): { readonly time: VirtualClock; readonly measure: MeasureCpu } {
  const time = new VirtualClock();
  return { time, measure: measuringCpu(machine, time.process()) };
}

async function measured(
  machine: FakeMachine,
  change: () => void,
  passedMs: number,
): Promise<number | undefined> {
  const { time, measure } = measuring(machine);
  expect(await measure()).toBeUndefined();
  await time.advance(passedMs);
  change();
  return await measure();
}

describe("the whole machine, from /proc/stat", () => {
  // The first lines of a machine with two processors, half a minute apart.
  const before = `cpu  868320 1743575 398947 462779 2970 0 10309 5431 0 0
cpu0 456012 858861 196009 229110 399 0 3810 2730 0 0
cpu1 412308 884714 202938 233669 2571 0 6499 2701 0 0
intr 29573834 0 0 0 0
`;
  const after = before.replace(/^cpu .*$/m, "cpu  868920 1744775 399247 463679 2980 0 10339 5441 0 0");

  test("what was not idle, of all ticks; interrupts and stolen time are left out, as the KCL does", async () => {
    const machine = new FakeMachine({ "/proc/stat": before });
    const percent = await measured(machine, () => (machine.files = { "/proc/stat": after }), 30_000);
    // 600 + 1,200 + 300 + 10 of 3,010 ticks.
    expect(percent).toBeCloseTo((2_110 / 3_010) * 100, 6);
  });

  test("the vectors of the KCL's own test", async () => {
    const stat = (numbers: string): Record<string, string> => ({ "/proc/stat": `cpu  ${numbers} 0 0 0 0 0` });
    const machine = new FakeMachine(stat("20000 200 2000 1500000 1000"));
    const busy = await measured(
      machine,
      () => (machine.files = stat("30000 3000 30000 2000000 2000")),
      1_000,
    );
    expect(Math.floor(busy ?? 0)).toBe(7);
    // The wait for disks went back by one tick while nothing else was done.
    const idle = new FakeMachine(stat("5469899 773829 2079951 2814572566 52048"));
    const none = await measured(
      idle,
      () => (idle.files = stat("5469899 773829 2079951 2814575765 52047")),
      1_000,
    );
    expect(none).toBe(0);
  });

  test("ticks that did not move, a file that is cut short or gone: not known, and known again later", async () => {
    const machine = new FakeMachine({ "/proc/stat": before });
    const { measure } = measuring(machine);
    expect(await measure()).toBeUndefined();
    expect(await measure()).toBeUndefined();
    machine.files = { "/proc/stat": "cpu  1\n" };
    expect(await measure()).toBeUndefined();
    machine.files = { "/proc/stat": before };
    expect(await measure()).toBeUndefined();
    machine.files = { "/proc/stat": after };
    expect(await measure()).toBeCloseTo((2_110 / 3_010) * 100, 6);
  });
});

describe("a pod of Kubernetes, from its cgroup", () => {
  const v2 = (usage: number, max: string): Record<string, string> => ({
    [TOKEN]: "token",
    "/proc/stat": "cpu  1 1 1 1 1",
    "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
    "/sys/fs/cgroup/cpu.max": `${max}\n`,
    "/sys/fs/cgroup/cpuset.cpus.effective": "0-7\n",
    "/sys/fs/cgroup/cpu.stat": `usage_usec ${usage}\nuser_usec 26888103084\nsystem_usec 4222866077\nnr_periods 12\n`,
  });
  const v1 = (usage: number, quota: string): Record<string, string> => ({
    [TOKEN]: "token",
    "/proc/stat": "cpu  1 1 1 1 1",
    "/sys/fs/cgroup/cpu/cpuacct.usage": `${usage}\n`,
    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": `${quota}\n`,
    "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "10000\n",
    "/sys/fs/cgroup/cpuset/cpuset.effective_cpus": "0-7\n",
  });

  // Half a second of one processor within a second: of two that the quota grants, or of eight where there is none.
  test.each([
    ["v2 with a quota", v2, 1e3, "20000 10000", 25],
    ["v2 without one", v2, 1e3, "max 100000", 6.25],
    ["v1 with a quota", v1, 1e6, "20000", 25],
    ["v1 without one", v1, 1e6, "-1", 6.25],
  ] as const)("%s", async (_, files, unitsOfMs, quota, percent) => {
    const machine = new FakeMachine(files(1_000 * unitsOfMs, quota));
    const change = (): void => {
      machine.files = files(1_500 * unitsOfMs, quota);
    };
    expect(await measured(machine, change, 1_000)).toBeCloseTo(percent, 6);
  });

  test("more than the quota, as a burst gives it, is all of it", async () => {
    const machine = new FakeMachine(v2(0, "50000 100000"));
    expect(await measured(machine, () => (machine.files = v2(900_000, "50000 100000")), 1_000)).toBe(100);
  });

  test("without a cgroup that can be read nothing is known: the machine is not the pod", async () => {
    const machine = new FakeMachine({ [TOKEN]: "token", "/proc/stat": "cpu  1 1 1 1 1" });
    const change = (): void => {
      machine.files = { ...machine.files, "/proc/stat": "cpu  9 9 9 9 9" };
    };
    expect(await measured(machine, change, 1_000)).toBeUndefined();
  });

  test.each([
    ["0-7", 8],
    ["0-4,6,8-10", 9],
    ["3", 1],
  ])("processors %s are %i", (set, cores) => {
    expect(coresOf(set)).toBe(cores);
  });
});

describe("a task of ECS, from its metadata", () => {
  const uri = "http://169.254.170.2/v4/1";
  const stats = (used: number, system: number): unknown => ({
    cpu_stats: { cpu_usage: { total_usage: used }, system_cpu_usage: system, online_cpus: 2 },
  });
  const container = (DockerId: string, CPU: number): unknown => ({ DockerId, Limits: { CPU, Memory: 128 } });

  // 50,000,000 of the host's 100,000,000 with two processors: one processor.
  test.each([
    ["alone, without a limit of the task", { Containers: [container("me", 50)] }, 50],
    ["beside another one, by shares", { Containers: [container("me", 50), container("x", 30)] }, 80],
    ["with a limit of the task", { Limits: { CPU: 4 }, Containers: [container("me", 50)] }, 25],
    ["with a limit of memory alone", { Limits: { Memory: 9 }, Containers: [container("me", 50)] }, 50],
    ["without shares", { Limits: { CPU: 1 }, Containers: [container("me", 0), container("x", 0)] }, 100],
  ])("a container %s", async (_, task, percent) => {
    const machine = new FakeMachine({}, { ECS_CONTAINER_METADATA_URI_V4: uri });
    machine.answers = {
      [uri]: { DockerId: "me" },
      [`${uri}/task`]: task,
      [`${uri}/stats`]: stats(100_000_000, 100_000_000),
    };
    const change = (): void => {
      machine.answers = { [`${uri}/stats`]: stats(150_000_000, 200_000_000) };
    };
    expect(await measured(machine, change, 1_000)).toBeCloseTo(percent, 6);
  });

  test("an agent that answers nonsense, or not at all, is nothing known", async () => {
    const machine = new FakeMachine(
      { "/proc/stat": "cpu  1 1 1 1 1" },
      { ECS_CONTAINER_METADATA_URI_V4: uri },
    );
    const change = (): void => {
      machine.answers = { [`${uri}/stats`]: null };
    };
    expect(await measured(machine, change, 1_000)).toBeUndefined();
  });
});

test("nothing is measured where the KCL measures nothing: another system, no /proc, an old agent of ECS", async () => {
  const files = { "/proc/stat": "cpu  1 1 1 1 1" };
  const later = { "/proc/stat": "cpu  9 9 9 9 9" };
  for (const machine of [
    new FakeMachine(files, {}, "darwin"),
    new FakeMachine(files, {}, "win32"),
    new FakeMachine({}),
    new FakeMachine(files, { ECS_CONTAINER_METADATA_URI: "http://169.254.170.2/v3/1" }),
  ]) {
    const change = (): void => {
      if ("/proc/stat" in machine.files) machine.files = later;
    };
    expect(await measured(machine, change, 1_000)).toBeUndefined();
  }
});

test("this machine: its files and an endpoint on it are read, and what cannot be is refused", async () => {
  const machine = thisMachine(systemClock);
  expect(await machine.exists(process.execPath)).toBe(true);
  expect(await machine.exists("/no/such/file")).toBe(false);
  await expect(machine.text("/no/such/file")).rejects.toThrow("ENOENT");
  const server = createServer((request, response) => {
    response.statusCode = request.url === "/stats" ? 200 : 404;
    response.end('{"cpu_stats":{}}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    expect(await machine.json(`${url}/stats`)).toEqual({ cpu_stats: {} });
    await expect(machine.json(`${url}/task`)).rejects.toThrow("404");
  } finally {
    server.close();
  }
});
