import type { Input } from "../input/records-of.js";
import type { Described, Profile, Stage, StageFigures } from "../measure/protocol.js";
import { adviceOf } from "./advice.js";

/** What was measured, stage by stage; `encode` is absent where outputs are not encoded as they come. */
export interface MeasuredStages {
  readonly stages: Readonly<Partial<Record<Stage, StageFigures>>> &
    Readonly<Record<"whole" | "idle", StageFigures>>;
  readonly described: Described;
  readonly profile: Profile | undefined;
  readonly emitError: string | undefined;
  readonly refused: readonly string[];
}

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
    /** What the limit of read-ahead bytes lets a process come to, however many shards it has. */
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

/** Kinesis Data Streams, "Quotas and limits": what a shard takes in, and gives, in a second. */
const SHARD_LIMITS = {
  recordsIn: 1_000,
  bytesIn: 1024 * 1024,
  bytesOut: 2 * 1024 * 1024,
  pageRecords: 10_000,
} as const;

/** Memory for each byte of the read-ahead limit: docs/capacity.md. */
const MEMORY_PER_LIMIT_BYTE = 1.9;

/** What the measurements come to. */
export function estimateOf(input: Input, measured: MeasuredStages): Estimate {
  const { stages, described, profile, emitError, refused } = measured;
  const { whole, idle } = stages;
  const { probe } = described;
  const averageBytes = input.dataBytes / input.records.length;
  const pollMs = perUnit(idle.cpuMs, idle.polls);
  const recordMs = perRecordMs(whole, pollMs);
  const written = Math.min(SHARD_LIMITS.recordsIn, SHARD_LIMITS.bytesIn / averageBytes);
  const caughtUp = Math.min(SHARD_LIMITS.bytesOut / averageBytes, 5 * SHARD_LIMITS.pageRecords);
  const idleBytes = idle.peakRssBytes;
  const perShardBytes = Math.max(0, whole.peakRssBytes - idleBytes) / whole.shards;
  const waits =
    probe.waitMs === 0
      ? null
      : {
          msPerRecord: rounded(probe.waitMs),
          recordsPerSecond: rounded((1000 / probe.waitMs) * probe.concurrency),
          transformConcurrency: probe.concurrency,
        };
  const isMeasured = described.isStoodIn && emitError === undefined;
  const found: Omit<Estimate, "advice"> = {
    input: { records: input.records.length, averageBytes: rounded(averageBytes), isCut: input.isCut },
    recordsPerCpuSecond: rounded(1000 / recordMs),
    megabytesPerCpuSecond: rounded((1000 / recordMs) * (averageBytes / 1e6)),
    cpuMsPerPoll: rounded(pollMs),
    shardsPerCore: {
      atWriteLimit: rounded(1000 / (pollMs + written * recordMs)),
      catchingUp: rounded(
        1000 / (Math.max(1, Math.ceil(caughtUp / SHARD_LIMITS.pageRecords)) * pollMs + caughtUp * recordMs),
      ),
    },
    memory: {
      idleBytes,
      perShardBytes: Math.round(perShardBytes),
      measuredShards: whole.shards,
      mostBytes: Math.round(idleBytes + MEMORY_PER_LIMIT_BYTE * whole.maxReadAheadBytes),
      recordsPerBatch: Math.round(whole.recordsPerBatch),
      bytesPerBatch: Math.round(whole.bytesPerBatch),
      flushes: whole.flushes,
    },
    costs: costsOf(measured, pollMs),
    profile: profile ?? null,
    waits,
    tried: { records: probe.records, kept: probe.kept, failed: probe.failed, error: probe.error ?? null },
    destination: { isMeasured, error: emitError ?? null, refused },
    cpuSecondsMeasured: rounded(whole.cpuMs / 1000),
  };
  return { ...found, advice: adviceOf(found, described) };
}

/** Each part is what its stage costs more than the one before it. */
function costsOf({ stages, described, emitError }: MeasuredStages, pollMs: number): readonly Cost[] {
  const { whole, read, decode, transform, encode = whole } = stages;
  const costs: [Cost["part"], number][] = [];
  let before = 0;
  const add = (part: Cost["part"], stage: StageFigures | undefined): number => {
    if (stage === undefined) return 0;
    const cost = perRecordMs(stage, pollMs);
    const more = Math.max(0, cost - before);
    before = Math.max(before, cost);
    costs.push([part, more]);
    return more;
  };
  add("read", read);
  add("decode", decode);
  add("transform", transform);
  const encoding = add("encode", encode);
  const aside = Math.min(encoding, Math.max(0, asideMs(encode) - asideMs(transform)));
  if (aside > 0) {
    costs.pop();
    costs.push(["encode", encoding - aside], ["compress", aside]);
  }
  if (described.isStoodIn && emitError === undefined && encode !== whole) add("destination", whole);
  const all = costs.reduce((sum, [, cost]) => sum + cost, 0);
  return costs.map(([part, cost]) => ({
    part,
    microsecondsPerRecord: rounded(cost * 1000),
    share: all === 0 ? 0 : rounded(cost / all),
  }));
}

/** CPU of a record outside the main thread, in milliseconds: compression in Node's pool, and some of the collection of garbage. */
function asideMs(stage: StageFigures | undefined): number {
  return stage?.otherThreadsMs === undefined ? 0 : perUnit(stage.otherThreadsMs, stage.records);
}

/** CPU of a record without its share of the poll, in milliseconds. */
function perRecordMs({ cpuMs, polls, records }: StageFigures, pollMs: number): number {
  return Math.max(1e-6, perUnit(cpuMs - polls * pollMs, records));
}

function perUnit(amount: number, count: number): number {
  return count === 0 ? 0 : Math.max(0, amount) / count;
}

/** Three digits: more would say more than was measured. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
