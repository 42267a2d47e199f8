import { hasCode, type KinesisConnectorError } from "../../errors.js";
import { sleep } from "../../clock.js";
import { errorFields } from "../../logging/error-fields.js";
import type { RunningPipeline } from "../../pipeline.js";
import type { KinesisRecord } from "../../record.js";
import { backoffMs } from "../../retry.js";
import { retryLevel, wasRetryTold } from "../retry-lines.js";
import type { ShardContext } from "../shard-context.js";
import type { TransformsInFlight } from "./transforms-in-flight.js";

/** The parts of a pipeline that waiting for a transform needs. */
export type PatientPipeline = Pick<RunningPipeline<never, never, never, never>, "retry" | "logger">;

/** Whether a transform failed by what it asks, and not by its record: it is tried again. */
export function isLookupFailure(error: unknown): error is KinesisConnectorError {
  return hasCode(error, "KC_LOOKUP_FAILED");
}

/** Whether a transform failed by what it asks in a way that no waiting mends: every record would become a dead letter. */
export function isLookupRefusal(error: unknown): boolean {
  return hasCode(error, "KC_LOOKUP_REFUSED");
}

/**
 * Waits for a transform, and makes it again for as long as what it asks does not answer (`KC_LOOKUP_FAILED`): an outage is no fault of the record.
 * Returns the outputs, or undefined when the shard was told to stop meanwhile; the record is not scanned then.
 *
 * @param first - under way already, into `outputs`
 * @param again - begins the same transform into other outputs: a late answer must not reach them
 * @param onWait - called before each pause
 * @throws what the transform failed with otherwise; `KC_LOOKUP_FAILED` past `retry.maxRequestAttempts`; the abort's reason
 */
export async function transformPatiently<Output>(
  pipeline: PatientPipeline,
  context: ShardContext,
  record: KinesisRecord,
  first: {
    readonly waiting: Promise<void>;
    readonly outputs: Output[];
    readonly inFlight: TransformsInFlight;
  },
  again: (outputs: Output[]) => Promise<void> | undefined,
  onWait: () => Promise<void> = async () => undefined,
): Promise<Output[] | undefined> {
  const { abortSignal, stopSignal, stream, shardId, random } = context;
  const { retry, logger } = pipeline;
  let { waiting, outputs }: { waiting: Promise<void> | undefined; outputs: Output[] } = first;
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (waiting !== undefined) await first.inFlight.wait(waiting);
      if (wasRetryTold(attempt))
        logger.info({ stream, shardId, attempts: attempt }, "what the transformer asks has answered again");
      return outputs;
    } catch (error) {
      abortSignal.throwIfAborted();
      if (!isLookupFailure(error) || attempt >= retry.maxRequestAttempts) throw error;
      const delayMs = backoffMs(attempt, retry, random);
      const { sequenceNumber, subSequenceNumber } = record;
      const position = `${sequenceNumber}.${subSequenceNumber}`;
      logger[retryLevel(attempt)](
        { stream, shardId, position, attempt, delayMs, ...errorFields(error) },
        "lookup-retry: what the transformer asks does not answer yet; nothing is lost, and the record is tried again",
      );
      await onWait();
      await pause(delayMs, context);
    }
    abortSignal.throwIfAborted();
    if (stopSignal.aborted) return undefined;
    outputs = [];
    waiting = again(outputs);
  }
}

/** Sleeps, but not past a stop or an abort. */
async function pause(delayMs: number, { clock, stopSignal, abortSignal }: ShardContext): Promise<void> {
  const over = new AbortController();
  const end = (): void => over.abort();
  if (stopSignal.aborted || abortSignal.aborted) return;
  stopSignal.addEventListener("abort", end, { once: true });
  abortSignal.addEventListener("abort", end, { once: true });
  try {
    await sleep(clock, delayMs, over.signal);
  } finally {
    stopSignal.removeEventListener("abort", end);
    abortSignal.removeEventListener("abort", end);
  }
}
