import { invalidOption, wholeNumber, type OptionNames } from "@kinesis-connectors/core";

/** Options of leases: the way in which a worker shares shards with others. */
export interface LeaseOptions {
  /**
   * A lease whose counter has not changed for so long is up for taking, in milliseconds. The same for every worker of an
   * application. Default 10,000, as the KCL's `failoverTimeMillis`. A worker renews three times in it.
   */
  readonly failoverTimeMs?: number;
  /**
   * Most shards that this worker holds. Too low a number over all workers leaves shards unread. In 3.x mode the leader's number counts for every worker, as in
   * the KCL. Default: no limit.
   */
  readonly maxLeasesForWorker?: number;
  /**
   * Most shards taken from a living worker in one look at the table. The KCL takes 1. Default `share`: of what is lacking, the part that
   * falls to one of the workers, so that many shards are balanced within minutes and no worker is robbed below its share.
   */
  readonly maxLeasesToSteal?: number | "share";
  /** Interval at which the table is looked at for leases to take, in milliseconds. Default: half of `failoverTimeMs`. */
  readonly takePeriodMs?: number;
  /** Interval at which a shard whose parents are still being read looks again, in milliseconds. Default 2,000. */
  readonly parentPollMs?: number;
  /** Interval at which the rows of finished shards are looked at for deletion, in milliseconds. Default 60,000. */
  readonly cleanupPeriodMs?: number;
  /** Interval at which the leader looks for parts of the hash key space without a lease, in milliseconds. Default 120,000, as the KCL's. */
  readonly auditPeriodMs?: number;
  /** Interval at which the mode of a fleet with KCL 3.x workers is looked at, in milliseconds. Default 60,000. */
  readonly fleetModePeriodMs?: number;
  /**
   * How the workers of the application share the shards. Default `auto`: as the fleet does, by the row `Migration3.0` of KCL 3.x workers: without one, each
   * worker takes what falls to it (2.x); in 3.x mode a leader, who may be one of ours, assigns by throughput. `3x`: begins 3.x mode where there is no
   * such row yet, and ends the time in which a fleet could be rolled back, as a KCL worker configured for 3.x does; no KCL worker before 3.5 may share
   * the application then. `2x`: takes no part in 3.x mode, and keeps a fleet that is being upgraded from going over to it.
   */
  readonly mode?: "auto" | "2x" | "3x";
  /** Workers that start on an empty table wait a random time up to this before they list shards, in milliseconds. Default 3,000. */
  readonly bootstrapJitterMs?: number;
}

/** The names of all of them. */
export const LEASE_OPTIONS: OptionNames<LeaseOptions> = {
  failoverTimeMs: true,
  maxLeasesForWorker: true,
  maxLeasesToSteal: true,
  takePeriodMs: true,
  parentPollMs: true,
  cleanupPeriodMs: true,
  auditPeriodMs: true,
  fleetModePeriodMs: true,
  mode: true,
  bootstrapJitterMs: true,
};

/** `LeaseOptions`, checked and complete. */
export interface LeaseSettings extends Required<LeaseOptions> {
  /** A third of `failoverTimeMs`, less a little, as the KCL's renewer. */
  readonly renewPeriodMs: number;
}

// KCL: epsilonMillis, subtracted from the renewal period so that three renewals fit into the failover time.
const EPSILON_MS = 25;

/**
 * Fills in what the caller left out.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function leaseSettings(options: LeaseOptions = {}): LeaseSettings {
  const failoverTimeMs = wholeNumber("leases.failoverTimeMs", options.failoverTimeMs ?? 10_000, {
    min: 300,
    max: 3_600_000,
  });
  const period = (name: string, value: number): number =>
    wholeNumber(`leases.${name}`, value, { min: 1, max: 86_400_000 });
  return {
    failoverTimeMs,
    renewPeriodMs: Math.floor(failoverTimeMs / 3) - EPSILON_MS,
    maxLeasesForWorker: wholeNumber(
      "leases.maxLeasesForWorker",
      options.maxLeasesForWorker ?? Number.MAX_SAFE_INTEGER,
      { min: 1 },
    ),
    maxLeasesToSteal:
      options.maxLeasesToSteal === undefined || options.maxLeasesToSteal === "share"
        ? "share"
        : wholeNumber("leases.maxLeasesToSteal", options.maxLeasesToSteal, { min: 1 }),
    takePeriodMs: period("takePeriodMs", options.takePeriodMs ?? Math.floor(failoverTimeMs / 2)),
    parentPollMs: period("parentPollMs", options.parentPollMs ?? 2_000),
    cleanupPeriodMs: period("cleanupPeriodMs", options.cleanupPeriodMs ?? 60_000),
    auditPeriodMs: period("auditPeriodMs", options.auditPeriodMs ?? 120_000),
    fleetModePeriodMs: period("fleetModePeriodMs", options.fleetModePeriodMs ?? 60_000),
    mode: modeOf(options.mode),
    bootstrapJitterMs: wholeNumber("leases.bootstrapJitterMs", options.bootstrapJitterMs ?? 3_000, {
      min: 0,
      max: 60_000,
    }),
  };
}

function modeOf(mode: LeaseOptions["mode"]): "auto" | "2x" | "3x" {
  if (mode === undefined || mode === "auto" || mode === "2x" || mode === "3x") return mode ?? "auto";
  throw invalidOption('leases.mode must be "auto", "2x" or "3x"');
}
