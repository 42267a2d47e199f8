import type { KclVersion } from "../java/java-side.js";
import type { LeaseSeen } from "../rig/lease-rows.js";
import type { Rig } from "../rig/rig.js";
import type { WorkerSettings } from "../rig/worker-settings.js";

/** One run: workers of one version of the KCL, in one mode, beside ours. */
export interface Run {
  readonly version: KclVersion;
  /** The mode, for who reads the table; empty where there is but one. */
  readonly mode: string;
  readonly shards: number;
  /** Of all workers of the run. */
  readonly settings?: WorkerSettings;
  readonly play: (rig: Rig) => Promise<void>;
}

/** Situations that show one thing. */
export interface Scenario {
  readonly name: string;
  /** What it shows, in a line. */
  readonly shows: string;
  /** Whether it runs only when it is asked for by its name. */
  readonly isApart?: boolean;
  readonly runs: readonly Run[];
}

/** The modes of KCL 3.5 as its workers are set. */
export const PHASE1 = "CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X_PHASE1";
export const COMPATIBLE = "CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X";
export const NATIVE = "CLIENT_VERSION_CONFIG_3X";

/** Leases of shards that are still being read. */
export function open(leases: readonly LeaseSeen[]): readonly LeaseSeen[] {
  return leases.filter(({ checkpoint }) => checkpoint !== "SHARD_END");
}

/** How many open leases these workers own together, none of them being handed over. */
export function ownedBy(leases: readonly LeaseSeen[], ...workers: readonly string[]): number {
  return open(leases).filter(
    ({ owner, checkpointOwner }) =>
      owner !== undefined && checkpointOwner === undefined && workers.includes(owner),
  ).length;
}

/** Whether these workers own all open leases, of which there are so many. */
export function owns(
  count: number,
  ...workers: readonly string[]
): (leases: readonly LeaseSeen[]) => boolean {
  return (leases) => open(leases).length === count && ownedBy(leases, ...workers) === count;
}

/** Whether these workers share so many open leases evenly, to one. */
export function shares(
  count: number,
  ...workers: readonly string[]
): (leases: readonly LeaseSeen[]) => boolean {
  return (leases) =>
    owns(count, ...workers)(leases) &&
    workers.every((worker) => Math.abs(ownedBy(leases, worker) - count / workers.length) < 1);
}
