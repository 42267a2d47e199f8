import { backoffMs, KinesisConnectorError, sleep } from "@kinesis-connectors/core";

import { isForGood, isKind, type IteratorPosition, KinesisCallError } from "../kinesis/kinesis-api.js";
import { cureOf, streamMissing } from "../kinesis/refusals.js";
import type { ReaderContext } from "./reader-context.js";

/** Throttling lasts seconds at most; an outage is looked at again at least every 10 s. Well below the 5 minutes of an iterator. */
const BACK_OFF = { baseDelayMs: 250, maxDelayMs: 10_000 } as const;

const PAUSE_MS = 1_000;

// A key that has just been made is not known everywhere at once; a wrong one is mended by the next tries or not at all.
const MAX_CREDENTIAL_ATTEMPTS = 3;

/** Rights that were there and are denied: a change of policies is through by then, and whoever took them away meant it. */
const DENIED_PATIENCE_MS = 300_000;

/** Waits out the failures of one reader's calls, or says that no waiting mends them. */
export class ReadFailures {
  readonly #context: ReaderContext;
  #attempt = 0;
  /** Since when nothing but denials came, on the monotonic clock. */
  #deniedSinceMs: number | undefined;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  /** Failures in a row. */
  get attempt(): number {
    return this.#attempt;
  }

  succeeded(): void {
    this.#attempt = 0;
    this.#deniedSinceMs = undefined;
  }

  /** Counts a failure that is dealt with at once; more of them in a row are waited out like any other. */
  async again(error: KinesisCallError, signal: AbortSignal): Promise<void> {
    if (this.#attempt === 0) this.#attempt = 1;
    else await this.#backOff(error, signal);
  }

  /**
   * Waits after a failed call.
   * @throws KinesisConnectorError `KC_READ_REFUSED` when waiting does not help; anything unknown is thrown as it is
   */
  async waitOut(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (!(error instanceof KinesisCallError)) throw error;
    if (this.#isOver(error)) throw refused(this.#context.stream, this.#context.shardId, error);
    await this.#backOff(error, signal);
  }

  #isOver(error: KinesisCallError): boolean {
    if (error.kind === "credentials") return this.#attempt + 1 >= MAX_CREDENTIAL_ATTEMPTS;
    if (isForGood(error)) return true;
    if (error.kind !== "access-denied") {
      this.#deniedSinceMs = undefined;
      return false;
    }
    const nowMs = this.#context.clock.monotonicNow();
    this.#deniedSinceMs ??= nowMs;
    return nowMs - this.#deniedSinceMs > DENIED_PATIENCE_MS;
  }

  /** Waits about a second after something that is over soon: a resource in use. */
  async pause(error: KinesisCallError, signal: AbortSignal): Promise<void> {
    await this.#wait(error, Math.ceil(PAUSE_MS * (0.5 + this.#context.random.next())), signal);
  }

  async #backOff(error: KinesisCallError, signal: AbortSignal): Promise<void> {
    await this.#wait(error, backoffMs(this.#attempt + 1, BACK_OFF, this.#context.random), signal);
  }

  async #wait(error: KinesisCallError, delayMs: number, signal: AbortSignal): Promise<void> {
    const { stream, shardId, clock, observe } = this.#context;
    const { operation, kind } = error;
    this.#attempt += 1;
    observe({ type: "read-retry", stream, shardId, operation, kind, attempt: this.#attempt, delayMs, error });
    await sleep(clock, delayMs, signal);
  }
}

/** The error for a read that the service refuses for good, with what to do about it. */
function refused(stream: string, shardId: string, error: KinesisCallError): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_READ_REFUSED",
    `shard ${shardId} of stream ${stream} cannot be read: ${error.message}. ${cureOf(error)}`,
    { cause: error },
  );
}

// A beginning at a moment that the service's clock has not reached yet is refused; a skewed clock catches up within this many tries.
const MAX_TIMESTAMP_ATTEMPTS = 8;

/** What it means that the service calls a beginning of an iterator or a subscription invalid. */
export function positionRefused(
  { stream, shardId }: ReaderContext,
  position: IteratorPosition,
  error: KinesisCallError,
  attempt: number,
): Error {
  switch (position.type) {
    case "at-timestamp":
      return attempt < MAX_TIMESTAMP_ATTEMPTS
        ? new KinesisCallError(error.operation, "transient", error.message, { cause: error })
        : refused(stream, shardId, error);
    case "at-sequence-number":
    case "after-sequence-number":
      return streamMissing(
        stream,
        `has no place for the checkpoint of ${shardId}: the lease table holds the progress of another stream, or of one of this name that ` +
          "was deleted and created again. Give the option application another name to read this one from the start",
        error,
      );
    default:
      return refused(stream, shardId, error);
  }
}

/**
 * A shard was not found: either its last record has passed retention, or the stream is gone.
 * @returns true when the stream is there, so that only the shard is gone
 * @throws KinesisConnectorError `KC_STREAM_MISSING`; `KinesisCallError` when the stream cannot be asked
 */
export async function isStreamThere(context: ReaderContext, signal: AbortSignal): Promise<boolean> {
  const { api, stream } = context;
  try {
    const { status } = await api.describeStream(signal);
    if (status !== "DELETING") return true;
  } catch (error) {
    if (!isKind(error, "not-found")) throw error;
    throw streamMissing(stream, "does not exist any more", error);
  }
  throw streamMissing(stream, "is being deleted", undefined);
}
