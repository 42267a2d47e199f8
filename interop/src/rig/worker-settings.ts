/** How a worker of a run is set, Java or ours; what only one kind has, the other passes over. */
export interface WorkerSettings {
  /** Default: the run's. */
  readonly application?: string;
  /** Default: the run's. */
  readonly stream?: string;
  /** Where shards without a checkpoint begin; a number is a time in epoch milliseconds. Default `TRIM_HORIZON`. */
  readonly position?: "TRIM_HORIZON" | "LATEST" | number;
  /** The pace: time between two reads, and the age at which a batch of ours is emitted, in milliseconds. Default 250. */
  readonly idleMs?: number;
  /** Default: 200 records of one read by Java, 50 of one batch of ours. */
  readonly maxRecords?: number;
  /** Default 5,000. */
  readonly failoverMs?: number;
  /** How often the hash key space is looked over, in milliseconds. Default 5,000. */
  readonly auditMs?: number;
  /** How often rows of ended shards are looked at, in milliseconds. Default 5,000. */
  readonly cleanupMs?: number;
  /** How long a batch takes to be handled, in milliseconds. Default 0. */
  readonly workMs?: number;
  /** Java: the `ClientVersionConfig` of KCL 3; empty for KCL 2, which has none. */
  readonly clientVersion?: string;
  /** Java: what it speaks to Kinesis. Default `h1`. */
  readonly http?: "h1" | "h2";
  /** Java: default `polling`. */
  readonly retrieval?: "polling" | "fan-out";
  /** Java: when it checkpoints. Default `each`: after every batch. */
  readonly checkpoint?: "each" | "middle" | "none" | "prepare" | "prepare-only";
  /** Percent of the CPU that a worker in 3.x mode says it uses. Without it a row of Java's has no statistics, and ours measures the machine where it must. */
  readonly cpuPercent?: number;
  /** Percent that each shard which a worker has adds to `cpuPercent`. Default 0. */
  readonly cpuPercentPerShard?: number;
  /** Java, KCL 3: how often it writes its row of metrics, in milliseconds. Default 30,000, the KCL's own. */
  readonly metricsReportMs?: number;
  /** Java: URL that takes its CloudWatch metrics; default: it sends none. */
  readonly cloudwatch?: string;
  /** Ours: whether the emitter has a plan, so that batches are prepared. Default false. */
  readonly plan?: boolean;
  /** Ours: `leases.mode`. Default `auto`. */
  readonly mode?: "auto" | "2x" | "3x";
  /** Ours: how often the fleet's mode is looked at, in milliseconds. Default 60,000. */
  readonly fleetModeMs?: number;
}

/** Settings that every worker of a run has. */
export interface CommonSettings {
  readonly application: string;
  readonly stream: string;
  readonly region: string;
  readonly kinesis: string;
}

/** A worker's settings as the environment of its process. */
export function environmentOf(
  worker: { readonly id: string; readonly out: string; readonly dynamodb: string },
  common: CommonSettings,
  settings: WorkerSettings,
): Record<string, string> {
  const all = { ...common, ...settings, ...worker };
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [variableOf(name), String(value)]),
  );
}

/** `failoverMs` is INTEROP_FAILOVER_MS. */
export function variableOf(name: string): string {
  return `INTEROP_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
