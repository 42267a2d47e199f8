import {
  backoffMs,
  type Clock,
  KinesisConnectorError,
  type Logger,
  type Random,
  sleep,
} from "@kinesis-connectors/core";

import { isForGood, isKind, type KinesisApi, KinesisCallError, type StreamSummary } from "./kinesis-api.js";
import { cureOf, cureOfTheWay, streamMissing } from "./refusals.js";

/** Options of a control call at the start. */
export interface CheckContext {
  readonly api: KinesisApi;
  readonly stream: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Told now and then what is being waited for. */
  readonly logger?: Logger;
  /** Whether the connector runs already: what may pass is then waited for without an end. Default false. */
  readonly isRunning?: boolean;
}

const BACK_OFF = { baseDelayMs: 200, maxDelayMs: 5_000 } as const;
const MAX_ATTEMPTS = 6;

// As long as for a lease table to become ACTIVE. DescribeStreamSummary takes 20 calls per second and account, ListShards 1,000 per stream,
// RegisterStreamConsumer 5 per stream (API reference): a fleet that starts at once needs minutes.
const THROTTLED_PATIENCE_MS = 600_000;
const RETRIES_PER_LINE = 5;

// A new stream is ACTIVE within seconds; we do not wait for one that somebody forgot.
const ACTIVE_POLL_MS = 1_000;
const MAX_ACTIVE_POLLS = 120;

/**
 * Looks whether the stream is there and may be read, before anything else is started.
 * @throws KinesisConnectorError `KC_STREAM_MISSING`, `KC_READ_REFUSED`, or `KC_OPTION_INVALID` where no region is known
 */
export async function checkStream(context: CheckContext): Promise<StreamSummary> {
  const { api, stream, clock, signal } = context;
  for (let poll = 1; ; poll += 1) {
    const summary = await patiently(context, () => api.describeStream(signal));
    if (summary.status === "DELETING") throw streamMissing(stream, "is being deleted", undefined);
    if (summary.status !== "CREATING") return summary;
    if (poll === MAX_ACTIVE_POLLS)
      throw streamMissing(stream, "is still being created; start again later", undefined);
    await sleep(clock, ACTIVE_POLL_MS, signal);
    signal.throwIfAborted();
  }
}

/**
 * Makes a control call, again and again while waiting may mend it: throttling for up to ten minutes, anything else for some seconds, because
 * whoever starts a connector wants to know. While it runs, for as long as it takes.
 * @throws KinesisConnectorError as `checkStream`
 */
export async function patiently<Answer>(context: CheckContext, call: () => Promise<Answer>): Promise<Answer> {
  const { stream, clock, random, signal, logger, isRunning = false } = context;
  const startedMs = clock.monotonicNow();
  for (let attempt = 1, others = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof KinesisCallError)) throw error;
      const final = finalError(stream, error);
      if (final !== undefined) throw final;
      const isThrottled = isKind(error, "throttled", "limit");
      if (!isThrottled) others += 1;
      const isOver = isThrottled
        ? clock.monotonicNow() - startedMs >= THROTTLED_PATIENCE_MS
        : others === MAX_ATTEMPTS;
      if (isOver && !isRunning) throw givenUp(stream, error);
      const delayMs = backoffMs(attempt, BACK_OFF, random);
      if (attempt % RETRIES_PER_LINE === 0)
        logger?.warn(
          { stream, operation: error.operation, kind: error.kind, attempt, delayMs, error: error.message },
          isThrottled
            ? "Kinesis limits the calls of this account; waiting"
            : "Kinesis cannot be used yet; waiting",
        );
      await sleep(clock, delayMs, signal);
      signal.throwIfAborted();
    }
  }
}

function givenUp(stream: string, error: KinesisCallError): KinesisConnectorError {
  const [what, cure] = isKind(error, "throttled", "limit")
    ? [`has not been answered for ${THROTTLED_PATIENCE_MS / 60_000} minutes`, cureOf(error)]
    : ["cannot be reached", isKind(error, "transient") ? cureOfTheWay(error) : cureOf(error)];
  return new KinesisConnectorError("KC_READ_REFUSED", `stream ${stream} ${what}: ${error.message}. ${cure}`, {
    cause: error,
  });
}

function finalError(stream: string, error: KinesisCallError): KinesisConnectorError | undefined {
  switch (error.kind) {
    case "not-found":
      return streamMissing(
        stream,
        "does not exist in this account and region: check the option stream, the region, or create it",
        error,
      );
    case "credentials":
      if (error.message.includes("Region is missing"))
        return new KinesisConnectorError(
          "KC_OPTION_INVALID",
          "region is not known: give the option region, or set AWS_REGION",
          { cause: error },
        );
      return refusal(stream, error);
    default:
      return isForGood(error) ? refusal(stream, error) : undefined;
  }
}

function refusal(stream: string, error: KinesisCallError): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_READ_REFUSED",
    `stream ${stream} cannot be used: ${error.message}. ${cureOf(error)}`,
    { cause: error },
  );
}
