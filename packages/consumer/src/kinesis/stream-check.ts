import { backoffMs, type Clock, KinesisConnectorError, type Random, sleep } from "@kinesis-connectors/core";

import { type KinesisApi, KinesisCallError, type StreamSummary } from "./kinesis-api.js";
import { cureOf, streamMissing } from "./refusals.js";

/** What a control call at the start is given. */
export interface CheckContext {
  readonly api: KinesisApi;
  readonly stream: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

const BACK_OFF = { baseDelayMs: 200, maxDelayMs: 5_000 } as const;
const MAX_ATTEMPTS = 6;

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
 * Makes a control call, again and again while waiting may mend it.
 * @throws KinesisConnectorError as `checkStream`
 */
export async function patiently<Answer>(context: CheckContext, call: () => Promise<Answer>): Promise<Answer> {
  const { stream, clock, random, signal } = context;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof KinesisCallError)) throw error;
      const final = finalError(stream, error);
      if (final !== undefined) throw final;
      if (attempt === MAX_ATTEMPTS) {
        throw new KinesisConnectorError(
          "KC_READ_REFUSED",
          `stream ${stream} cannot be reached: ${error.message}. Check the network, the region and the option endpoints`,
          { cause: error },
        );
      }
      await sleep(clock, backoffMs(attempt, BACK_OFF, random), signal);
      signal.throwIfAborted();
    }
  }
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
      return error.message.includes("Region is missing")
        ? new KinesisConnectorError(
            "KC_OPTION_INVALID",
            "region is not known: give the option region, or set AWS_REGION",
            { cause: error },
          )
        : refusal(stream, error);
    case "access-denied":
    case "invalid-argument":
      return refusal(stream, error);
    default:
      return undefined;
  }
}

function refusal(stream: string, error: KinesisCallError): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_READ_REFUSED",
    `stream ${stream} cannot be used: ${error.message}. ${cureOf(error)}`,
    { cause: error },
  );
}
