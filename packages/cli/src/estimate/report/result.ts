import type { Profile } from "../measure/protocol.js";

/** What a record costs in one part of its way. */
export interface Cost {
  readonly part: "read" | "decode" | "transform" | "encode" | "compress" | "destination";
  readonly microsecondsPerRecord: number;
  readonly share: number;
}

/** The result of the command; `--json` prints exactly this. */
export interface Estimate {
  readonly input: { readonly records: number; readonly averageBytes: number; readonly isCut: boolean };
  readonly recordsPerCpuSecond: number;
  readonly megabytesPerCpuSecond: number;
  readonly cpuMsPerPoll: number;
  /** A shard that takes in all it may, and one that is caught up with; each is polled once a second or more often. */
  readonly shardsPerCore: { readonly atWriteLimit: number; readonly catchingUp: number };
  readonly memory: {
    readonly idleBytes: number;
    readonly perShardBytes: number;
    readonly measuredShards: number;
    /** What the limit of read-ahead bytes lets a process come to, however many shards it has; what it came to, where that was more. */
    readonly mostBytes: number;
    readonly recordsPerBatch: number;
    readonly bytesPerBatch: number;
    readonly flushes: Readonly<Record<string, number>>;
  };
  readonly costs: readonly Cost[];
  readonly profile: Profile | null;
  /** Time that a record waits for others, no CPU at work, and what that lets one shard pass in a second; null without waits. */
  readonly waits: {
    readonly msPerRecord: number;
    readonly recordsPerSecond: number;
    readonly transformConcurrency: number;
  } | null;
  /** Of the records that were tried one by one. */
  readonly tried: {
    readonly records: number;
    readonly kept: number;
    readonly failed: number;
    readonly error: string | null;
  };
  readonly destination: {
    readonly isMeasured: boolean;
    readonly error: string | null;
    readonly refused: readonly string[];
  };
  readonly cpuSecondsMeasured: number;
  readonly advice: readonly string[];
}
