import {
  asError,
  backoffMs,
  type Checkpointer,
  checkOptions,
  type Clock,
  KinesisConnectorError,
  type Logger,
  nonEmptyText,
  type OptionNames,
  type Random,
  silentLogger,
  type StartPosition,
  systemClock,
  systemRandom,
  wholeNumber,
} from "@kinesis-connectors/core";
import { HeldLease } from "./held-lease.js";
import type { HashKeyRange, Lease, StreamIdentity } from "./lease.js";
import { leaseCheckpointer, ownPending } from "./lease-checkpointer.js";
import { changed, type LeaseTable } from "./lease-table.js";
import { sleepUntil, whenAborted } from "./one-listener.js";
import { tableOfStream } from "./tables/table-of-stream.js";
import { firstCheckpoint, type InitialPosition, startPositionOf } from "./start-position.js";

/** Options of `takeShard`. */
export interface TakeShardOptions {
  /** The table of the row; `open` has been called on it. */
  readonly table: LeaseTable;
  /** Names what belongs together, for messages. */
  readonly application: string;
  /** The stream, where its ARN is known: its rows say so, and a row of another stream is refused. Default: not looked at. */
  readonly stream?: StreamIdentity | undefined;
  /** The shard to take. */
  readonly shardId: string;
  /** Names this start of this process or invocation, and no other one: `<name>:<uuid>`. Two owners of one name would not fence each other. */
  readonly ownerId: string;
  /** The position at which the shard begins when it has no row yet. */
  readonly initialPosition: InitialPosition;
  /**
   * The shard's hash keys, where they are known. A row of other ones belongs to another stream, and is refused. Default: not known; a new row
   * then names all hash keys, until a take that knows better.
   */
  readonly hashKeyRange?: HashKeyRange | undefined;
  /** The shards that this one came from, for a new row. Default: none. */
  readonly parentShardIds?: readonly string[];
  /**
   * Aborted: the shard is let go at once. Nothing more is written, and what is under way ends with `KC_LEASE_LOST`. The row stays as it is. Without
   * it a write is tried for as long as the table does not answer: whoever has no more time aborts this, beside the engine's `abortSignal`.
   */
  readonly signal?: AbortSignal;
  /**
   * After so many milliseconds without a write that is known to have been applied, nothing more is written for the shard, neither to its row nor to a
   * destination: workers of the same application may have taken it by its age, or the process was stopped and goes on too late. The failover time of
   * those workers. Default: no limit, because only a take ends the ownership of one that nobody looks at by its age.
   */
  readonly failoverTimeMs?: number;
  /** Default: none. */
  readonly logger?: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Default: the machine's. */
  readonly random?: Random;
}

const NAMES: OptionNames<TakeShardOptions> = {
  table: "required",
  application: "required",
  stream: { streamArn: "required", createdMs: true },
  shardId: "required",
  ownerId: "required",
  initialPosition: "required",
  hashKeyRange: { startingHashKey: "required", endingHashKey: "required" },
  parentShardIds: true,
  signal: true,
  failoverTimeMs: true,
  logger: true,
  clock: true,
  random: true,
};

/** A shard that this process owns until somebody else takes it. */
export interface HeldShard {
  /** The row as it was last known to be. */
  readonly lease: Lease;
  /** Core's checkpointer over the row: `processShard` takes it. */
  readonly checkpointer: Checkpointer;
  /** The position to begin at when the row has no checkpoint: `processShard` takes it. */
  readonly initialPosition: StartPosition;
  /** Aborted, with `KC_LEASE_LOST` as its reason, once a write has shown that another owner has the shard, or it was released. */
  readonly gone: AbortSignal;
  /**
   * Says that the shard has been read to its end: the row becomes SHARD_END, with these children. After the last commit.
   * @throws KinesisConnectorError `KC_REPLAY_DIFFERS` when a prepared batch has not been committed; `KC_LEASE_LOST`, `KC_LEASE_TABLE`
   */
  readonly end: (childShardIds: readonly string[]) => Promise<void>;
  /** Gives the row back, so that a worker may take it at once; gives up after 10 seconds. Never rejects: a row that is not given back can be taken all
   * the same, by `takeShard` at once and by a worker after its failover time. */
  readonly release: () => Promise<void>;
}

/** Of two that take a shard at the same time one is refused; who is refused again has been overtaken twice. */
const MAX_REFUSALS = 2;
/** Takes in a row that the table throttles or does not answer. */
const MAX_ATTEMPTS = 8;
/** How long a shard is tried to be given back. */
const RELEASE_MS = 10_000;
const BACK_OFF = { baseDelayMs: 100, maxDelayMs: 2_000 } as const;

/** All hash keys: 0 to 2^128 - 1 (Kinesis API reference, HashKeyRange). */
const ALL_HASH_KEYS: HashKeyRange = { startingHashKey: "0", endingHashKey: `${2n ** 128n - 1n}` };

/**
 * Takes a shard for a driver that is told which shards are its own: whoever held it before is fenced from now on, and what it prepared is found
 * in the row. Nothing is renewed and nothing runs in the background: the shard is held until the next take of it.
 *
 * @example
 * ```ts
 * const shard = await takeShard({ table, application: "orders-to-s3", stream: { streamArn, createdMs }, shardId, ownerId: `${host}:${randomUUID()}`, initialPosition: { type: "trim-horizon" } });
 * const { checkpointer, initialPosition, gone } = shard;
 * await processShard(pipeline, { shardId, checkpointer, initialPosition, abortSignal: gone, ...context });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`; `KC_STEERING_REFUSED` when an operator has paused the shard; `KC_LEASE_LOST` when other owners were faster twice; `KC_LEASE_TABLE` when the table cannot be
 * used, or its row belongs to another stream; `KC_STREAM_MISSING` when that was one of the same name; the table's own error when it does not answer
 */
export async function takeShard(options: TakeShardOptions): Promise<HeldShard> {
  checkOptions("takeShard", options, NAMES);
  const {
    application,
    stream,
    initialPosition,
    signal,
    clock = systemClock,
    random = systemRandom,
  } = options;
  const { logger = silentLogger } = options;
  const failoverTimeMs =
    options.failoverTimeMs === undefined
      ? Number.POSITIVE_INFINITY
      : wholeNumber("failoverTimeMs", options.failoverTimeMs, { min: 1 });
  // A row with another number would be no lease to anybody.
  if (initialPosition.type === "at-timestamp")
    wholeNumber("initialPosition.timestampMs", initialPosition.timestampMs, { min: 0 });
  const shardId = nonEmptyText("shardId", options.shardId);
  const ownerId = nonEmptyText("ownerId", options.ownerId);
  const table =
    stream === undefined
      ? options.table
      : tableOfStream(options.table, { stream, application, tableName: undefined });
  signal?.throwIfAborted();
  const { lease, sentMs } = await takeRow({ ...options, table, shardId, ownerId, clock, random });
  const held = new HeldLease(lease, sentMs, {
    table,
    ownerId,
    clock,
    random,
    // Nobody renews it.
    failoverTimeMs,
    lost: (reason) => logger.warn({ shardId, reason }, "the shard belongs to another owner"),
  });
  const letGo = (): void => held.release();
  if (signal?.aborted === true) letGo();
  else if (signal !== undefined)
    held.gone.addEventListener("abort", whenAborted(signal, letGo), { once: true });
  return {
    get lease() {
      return held.lease;
    },
    checkpointer: leaseCheckpointer(held, logger),
    initialPosition: startPositionOf(lease, initialPosition),
    gone: held.gone,
    end: async (childShardIds) => await end(held, childShardIds),
    release: async () => {
      if (held.gone.aborted) return;
      // A table that does not answer is no reason to stay.
      const timer = clock.setTimer(RELEASE_MS, letGo);
      try {
        await held.write({ type: "evict" });
      } catch (thrown) {
        logger.warn({ shardId, error: asError(thrown).message }, "the shard could not be given back");
        held.release();
      } finally {
        timer.cancel();
      }
    },
  };
}

interface Take extends TakeShardOptions {
  readonly clock: Clock;
  readonly random: Random;
}

/** The row, taken; with the time at which that was sent. */
async function takeRow(take: Take): Promise<{ readonly lease: Lease; readonly sentMs: number }> {
  const { table, shardId, ownerId, clock, random, signal } = take;
  let refusals = 0;
  for (let attempt = 1; ; attempt += 1) {
    const before = await rowOf(take);
    await checkShard(take, before);
    if (before.pausedMs !== undefined) throw pausedError(before);
    const isVague = before.checkpoint === "LATEST" && before.startTimestampMs === undefined;
    const startTimestampMs = isVague ? Math.floor(clock.now()) : undefined;
    const change = { type: "take", owner: ownerId, startTimestampMs } as const;
    signal?.throwIfAborted();
    const sentMs = clock.monotonicNow();
    const outcome = await table.update(before, change);
    const after = changed(before, change);
    if (outcome.type === "applied") return { lease: after, sentMs };
    if (outcome.type !== "throttled") {
      // A refusal may be of our own try, sent again by the client of the table.
      const row = await table.get(shardId);
      if (row?.owner === ownerId && row.counter === after.counter) return { lease: row, sentMs };
    }
    if (outcome.type === "refused") {
      refusals += 1;
      if (refusals === MAX_REFUSALS) throw overtaken(shardId);
    } else if (attempt >= MAX_ATTEMPTS) {
      throw outcome.cause;
    } else {
      await sleepUntil(clock, backoffMs(attempt, BACK_OFF, random), signal);
    }
  }
}

/** The row as it is, created where there is none. */
async function rowOf({
  table,
  shardId,
  initialPosition,
  hashKeyRange,
  parentShardIds,
  clock,
}: Take): Promise<Lease> {
  const found = await table.get(shardId);
  if (found !== undefined) return found;
  await table.create({
    leaseKey: shardId,
    ...firstCheckpoint(initialPosition, clock.now()),
    parentShardIds: parentShardIds ?? [],
    hashKeyRange: hashKeyRange ?? ALL_HASH_KEYS,
  });
  const created = await table.get(shardId);
  if (created !== undefined) return created;
  throw new KinesisConnectorError(
    "KC_LEASE_TABLE",
    `the row of shard ${shardId} is no lease, or was deleted while it was taken: look at the table, or give another one`,
  );
}

/** Shard ids are the same in every stream, and hash keys are what tells them apart. */
async function checkShard({ table, application, shardId, hashKeyRange }: Take, row: Lease): Promise<void> {
  const stored = row.hashKeyRange;
  if (hashKeyRange === undefined || (stored !== undefined && sameRange(stored, hashKeyRange))) return;
  if (stored === undefined || sameRange(stored, ALL_HASH_KEYS)) {
    await table.describe(shardId, { hashKeyRange });
    return;
  }
  throw new KinesisConnectorError(
    "KC_STREAM_MISSING",
    `the row of ${shardId} of application "${application}" belongs to another stream: it has the hash keys ${stored.startingHashKey} to ` +
      `${stored.endingHashKey}, and the shard has ${hashKeyRange.startingHashKey} to ${hashKeyRange.endingHashKey}; give this stream an ` +
      "application and a lease table of its own",
  );
}

function sameRange(a: HashKeyRange, b: HashKeyRange): boolean {
  return a.startingHashKey === b.startingHashKey && a.endingHashKey === b.endingHashKey;
}

async function end(held: HeldLease, childShardIds: readonly string[]): Promise<void> {
  if (ownPending(held) !== undefined)
    throw new KinesisConnectorError(
      "KC_REPLAY_DIFFERS",
      `shard ${held.shardId} came to its end with a prepared batch that was not committed; take the shard again to finish it`,
    );
  if (held.lease.checkpoint === "SHARD_END") return;
  await held.write({ type: "commit", checkpoint: "SHARD_END", childShardIds });
}

/** Before the take: the row stays as the operator wants it, and its owner may have said that the pause is done. */
function pausedError({ leaseKey, pausedBy, pausedMs = 0 }: Lease): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_STEERING_REFUSED",
    `shard ${leaseKey} was not taken: ${pausedBy ?? "somebody"} paused it at ${timeText(pausedMs)}, and it is read by nobody until it is resumed ` +
      "(resumeShards, or kinesis-connectors resume)",
  );
}

function timeText(ms: number): string {
  const at = new Date(ms);
  return Number.isNaN(at.getTime()) ? "some time" : at.toISOString();
}

function overtaken(shardId: string): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_LEASE_LOST",
    `shard ${shardId} was not taken: other owners took it at the same time, twice; whoever assigned it here does so again if it is still ours`,
  );
}
