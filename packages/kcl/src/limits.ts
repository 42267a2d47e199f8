import type { HashKeyRange } from "@kinesis-connectors/leases";

/** All hash keys: 0 to 2^128 - 1 (Kinesis API reference, HashKeyRange). The daemon does not say which of them a shard has. */
export const ALL_HASH_KEYS: HashKeyRange = { startingHashKey: "0", endingHashKey: `${2n ** 128n - 1n}` };

/**
 * How long a daemon may go on with a shard that is ours no more. A worker of the KCL learns that its lease is gone at its next renewal, which comes every
 * third of `failoverTimeMillis` (10,000 by default; `LeaseManagementConfig`), and on busy machines some seconds later. Past this the daemon still has its lease.
 */
export const GONE_LIMIT_MS = 60_000;

/** How often the row is looked at whose other owner is to come to the end of the shard. */
export const LOOK_MS = 2_000;

/** A child whose daemon has just started it is the one that should have the row: so often it takes it in spite of others that are as quick. */
export const MAX_TAKES = 5;

/** After so long without an answer of the daemon a line says so, and then again each time: a call of its to DynamoDB ends after 60 s (`LeaseManagementConfig`). */
export const ANSWER_WARNING_MS = 60_000;

/** Pauses between two tries of what must work in the end. */
export const BACK_OFF = { baseDelayMs: 200, maxDelayMs: 10_000 } as const;

/** Most bytes between reading and committing, where the caller says nothing: each shard has a process of its own. */
export const DEFAULT_READ_AHEAD_BYTES: number = 64 * 1024 * 1024;

/** Time limit of a graceful stop, where the caller says nothing. */
export const DEFAULT_STOP_DEADLINE_MS = 30_000;

/** An emitter settles promptly when it is told to end; one that does not is not waited for any longer. */
export const ABORT_LIMIT_MS = 2_000;

/** How long the closing of an emitter is waited for: all that is to land has landed by then. */
export const CLOSE_LIMIT_MS = 5_000;
