import type { ConnectorProgress, ShardSnapshot } from "@kinesis-connectors/consumer";
import { checkOptions, type OptionNames, wholeNumber } from "@kinesis-connectors/core";

/** Limits of health. Each has a default; times in milliseconds. */
export interface HealthRules {
  /** `buffer.maxAgeMs` of the pipeline: a batch may wait for so long without anything being wrong. Default 60,000. */
  readonly maxAgeMs?: number;
  /** How long the start may take until the first look at the leases. Default 120,000. */
  readonly startDeadlineMs?: number;
  /** How long a shard with records behind it may go without a commit. Default: 3 x `maxAgeMs`, and at least 120,000. */
  readonly stalledMs?: number;
  /** How old the newest thing delivered may be. Default: 2 x `maxAgeMs` + 60,000, and at least 120,000: below `maxAgeMs` it would flutter with every buffer. */
  readonly maxDeliveryLagMs?: number;
  /** How long one batch may be tried again. Default 120,000. */
  readonly retryingMs?: number;
  /** How long reading of a shard may fail. Default 60,000. */
  readonly readFailingMs?: number;
}

const NAMES: OptionNames<HealthRules> = {
  maxAgeMs: true,
  startDeadlineMs: true,
  stalledMs: true,
  maxDeliveryLagMs: true,
  retryingMs: true,
  readFailingMs: true,
};

/** The name of a rule of health. */
export type HealthRule =
  | "starting"
  | "start-deadline"
  | "stalled-shard"
  | "delivery-lag"
  | "emit-retrying"
  | "reading-fails"
  | "retention"
  | "lease-renewal"
  | "table-silent"
  | "unattended-shards"
  | "paused";

/** Something that is not as it should be, or that whoever looks should know. */
export interface HealthReason {
  readonly rule: HealthRule;
  /** How bad it is by itself; `ok` for what an operator wanted. */
  readonly status: HealthStatus;
  /** Absent where it is the whole connector. */
  readonly shardId?: string;
  /** What was found: milliseconds, but for `unattended-shards`, which counts shards. */
  readonly value: number;
  /** What `value` is held against, in the same unit. */
  readonly limit: number;
  /** What to do, in a sentence. */
  readonly cure: string;
}

/** `degraded`: somebody should look. `failing`: nothing moves, or soon will not. */
export type HealthStatus = "ok" | "degraded" | "failing";

/** Whether a connector makes progress. */
export interface Health {
  /** The worst status of the reasons. */
  readonly status: HealthStatus;
  readonly reasons: readonly HealthReason[];
}

/** Less than this part of the retention left is worth a look, and less than that about to be a loss. */
const RETENTION_DEGRADED = 0.25;
const RETENTION_FAILING = 0.1;
/** A lease that was not renewed for this part of its failover time is about to be lost. */
const UNRENEWED_PART = 2 / 3;

/**
 * Judges a connector by its progress: a process that answers and delivers nothing is not healthy, one without shards is, since there may be more workers than shards.
 * Pure: the same progress, rules and time give the same answer.
 *
 * @param nowMs wall-clock time, in epoch milliseconds
 * @example
 * ```ts
 * const { status, reasons } = healthOf(connector.progress(), { maxAgeMs: 30_000 }, Date.now());
 * response.statusCode = status === "failing" ? 503 : 200;
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID` when a rule is none, or no whole number of milliseconds
 */
export function healthOf(progress: ConnectorProgress, rules: HealthRules, nowMs: number): Health {
  const limits = limitsOf(rules);
  const reasons = [
    ...ofStart(progress, limits, nowMs),
    ...ofLeases(progress),
    ...progress.shards.flatMap((shard) => ofShard(shard, progress, limits, nowMs)),
  ];
  const has = (status: HealthStatus): boolean => reasons.some((reason) => reason.status === status);
  return { status: has("failing") ? "failing" : has("degraded") ? "degraded" : "ok", reasons };
}

type Limits = Required<HealthRules>;

function limitsOf(rules: HealthRules): Limits {
  checkOptions("healthOf", rules, NAMES);
  const whole = (name: keyof HealthRules, byDefault: number): number =>
    wholeNumber(name, rules[name] ?? byDefault, { min: 0 });
  const maxAgeMs = whole("maxAgeMs", 60_000);
  return {
    maxAgeMs,
    startDeadlineMs: whole("startDeadlineMs", 120_000),
    stalledMs: whole("stalledMs", Math.max(3 * maxAgeMs, 120_000)),
    maxDeliveryLagMs: whole("maxDeliveryLagMs", Math.max(2 * maxAgeMs + 60_000, 120_000)),
    retryingMs: whole("retryingMs", 120_000),
    readFailingMs: whole("readFailingMs", 60_000),
  };
}

/** Not ready until the first look; after the deadline something is wrong. Both are `failing`: nothing is delivered yet. */
function ofStart(
  { firstLookDone, startedMs }: ConnectorProgress,
  { startDeadlineMs }: Limits,
  nowMs: number,
): readonly HealthReason[] {
  if (firstLookDone) return [];
  const value = nowMs - startedMs;
  const isLate = value > startDeadlineMs;
  return [
    {
      rule: isLate ? "start-deadline" : "starting",
      status: "failing",
      value,
      limit: startDeadlineMs,
      cure: isLate
        ? "the lease table or the destination does not answer: look at lease-retry in the log"
        : "wait: the table, the leases and the destination are being opened",
    },
  ];
}

function ofLeases({
  leaseRenewals,
  leaseTable,
  firstLookDone,
  failoverTimeMs,
  unattendedShards,
}: ConnectorProgress): readonly HealthReason[] {
  const reasons: HealthReason[] = [];
  const hold = (rule: HealthRule, value: number, limit: number, cure: string): void => {
    if (value > limit) reasons.push({ rule, status: "failing", value, limit, cure });
  };
  hold(
    "lease-renewal",
    leaseRenewals.longestUnrenewedMs,
    Math.round(failoverTimeMs * UNRENEWED_PART),
    "leases are about to be lost: look at lease-retry (throttled, no network) and event-loop-blocked in the log",
  );
  // Whoever has lost all leases has none that gets old. Its limit goes by the worker's own options, as the one above; before the first look the start has its own.
  if (firstLookDone)
    hold(
      "table-silent",
      leaseTable.silentMs,
      leaseTable.limitMs,
      "the lease table does not answer, so no shard can be kept or taken: look at its endpoint, the network, the credentials (those of a session expire), and the rights on it",
    );
  hold(
    "unattended-shards",
    unattendedShards,
    0,
    "nobody reads these shards, and their leader (KCL 3.x) assigns them to nobody: start a worker that leads, or wait until this one takes them",
  );
  return reasons;
}

function ofShard(
  shard: ShardSnapshot,
  progress: ConnectorProgress,
  limits: Limits,
  nowMs: number,
): readonly HealthReason[] {
  const { shardId, state } = shard;
  if (state === "paused")
    return [
      {
        rule: "paused",
        status: "ok",
        shardId,
        value: nowMs - (shard.pausedSinceMs ?? nowMs),
        limit: 0,
        cure: "an operator paused it: resume it when it should go on",
      },
      ...ofRetention(shard, progress),
    ];
  if (state === "ended") return [];
  return [...(state === "reading" ? ofReading(shard, limits, nowMs) : []), ...ofRetention(shard, progress)];
}

function ofReading(shard: ShardSnapshot, limits: Limits, nowMs: number): readonly HealthReason[] {
  const { shardId } = shard;
  const reasons: HealthReason[] = [];
  const hold = (rule: HealthRule, value: number, limit: number, cure: string): void => {
    if (value > limit) reasons.push({ rule, status: "failing", shardId, value, limit, cure });
  };
  const batch = shard.batchUnderWay;
  if (batch !== undefined && batch.failedAttempts > 0)
    hold(
      "emit-retrying",
      nowMs - batch.sinceMs,
      limits.retryingMs,
      `the destination refuses (${batch.lastError ?? "unknown"}): nothing is lost, and nothing moves until it takes the batch`,
    );
  if (shard.failingSinceMs !== undefined)
    hold(
      "reading-fails",
      nowMs - shard.failingSinceMs,
      limits.readFailingMs,
      "Kinesis does not answer: look at read-retry in the log (throttled, no network, no rights)",
    );
  const isBehind = shard.bufferedRecords > 0 || (shard.millisBehindLatest ?? 0) > 0 || batch !== undefined;
  // An idle shard commits nothing, and everything that arrived is delivered: what came since then is what waits.
  if (isBehind)
    hold(
      "stalled-shard",
      nowMs - Math.max(shard.sinceMs, shard.lastCommitMs ?? 0, shard.readThroughMs ?? 0),
      limits.stalledMs,
      "there are records and no commit: look at the destination, and at functions of the pipeline that do not settle",
    );
  if (shard.readThroughMs !== undefined)
    hold(
      "delivery-lag",
      nowMs - shard.readThroughMs,
      limits.maxDeliveryLagMs,
      "what arrives is delivered too late: more workers or shards, a faster destination, or a smaller buffer.maxAgeMs",
    );
  return reasons;
}

/** Also of shards that are not read: the stream drops their records all the same. */
function ofRetention(
  { shardId, retentionLeftMs }: ShardSnapshot,
  { retentionMs }: ConnectorProgress,
): readonly HealthReason[] {
  if (retentionLeftMs === undefined || retentionMs === undefined) return [];
  const limit = Math.round(retentionMs * RETENTION_DEGRADED);
  const failing = Math.round(retentionMs * RETENTION_FAILING);
  if (retentionLeftMs >= limit) return [];
  const isFailing = retentionLeftMs < failing;
  return [
    {
      rule: "retention",
      status: isFailing ? "failing" : "degraded",
      shardId,
      value: retentionLeftMs,
      limit: isFailing ? failing : limit,
      cure: "records are gone from the stream then: deliver faster, or raise the stream's retention now",
    },
  ];
}
