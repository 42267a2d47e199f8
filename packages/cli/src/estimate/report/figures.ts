import type { Input } from "../input/records-of.js";
import type { Described, Profile, Stage, StageFigures } from "../measure/protocol.js";
import { adviceOf } from "./advice.js";
import type { Cost, Estimate } from "./result.js";

/** What was measured, stage by stage; `encode` is absent where outputs are not encoded as they come. */
export interface MeasuredStages {
  readonly stages: Readonly<Partial<Record<Stage, StageFigures>>> &
    Readonly<Record<"whole" | "idle", StageFigures>>;
  readonly described: Described;
  readonly profile: Profile | undefined;
  readonly emitError: string | undefined;
  readonly refused: readonly string[];
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
      mostBytes: Math.round(
        Math.max(whole.peakRssBytes, idleBytes + MEMORY_PER_LIMIT_BYTE * whole.maxReadAheadBytes),
      ),
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
