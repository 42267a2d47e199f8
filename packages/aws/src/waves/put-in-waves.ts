import type { KinesisConnectorError } from "@kinesis-connectors/core";
import { RENEW_CURE } from "../aws-error.js";
import type { AwsConnection } from "../connection.js";
import {
  type Packed,
  type RequestLimits,
  type RequestSplitter,
  splitIntoRequests,
  splitUnordered,
} from "./requests.js";

/** What a request that failed as a whole means. */
export type RequestFailure =
  /** May work later: throttling, 5xx, time-outs, resets. */
  | { readonly kind: "retry" }
  /** The session's credentials are over; fresh ones may do. */
  | { readonly kind: "expired" }
  /** No repetition mends it; `cure` says what will. */
  | { readonly kind: "refused"; readonly cure: string };

/** How a destination reads the failures of its service. */
export interface WaveFailures {
  readonly failureOf: (error: unknown) => RequestFailure;
  /** The error that stops a shard. */
  readonly refusal: (cure: string, error: unknown) => KinesisConnectorError;
  /** An error of the SDK, fit for logs. */
  readonly summaryOf: (error: unknown) => Error;
  /** Whether the failure of an entry says nothing against it: throttling, and failures of the service. */
  readonly isOutage: (failure: Error) => boolean;
}

/** What became of the entries of one request. */
export interface Wave {
  /** Why entries were not taken, by their places in the request; those that are not named are written. */
  readonly failed: ReadonlyMap<number, Error>;
  /** Ends the waves: what is left comes back with this error. */
  readonly stop?: Error;
}

/** The wave of a request that was taken whole. */
export const ALL_WRITTEN: Wave = { failed: new Map() };

/** How entries are put. */
export interface WaveOptions<Put> {
  /** What one request may hold. */
  readonly limits: RequestLimits;
  /** One request. It rejects with the SDK's error; an answer that is not believed is an `Error` too, and nothing of that request counts as written. */
  readonly put: (puts: readonly Put[]) => Promise<Wave>;
  /** What the service means by an error. */
  readonly failures: WaveFailures;
  /** Fetches credentials anew where the service says that they are over. */
  readonly connection: Pick<AwsConnection<unknown>, "refreshCredentials" | "renewsCredentials">;
  /** Aborted: no further request is sent. */
  readonly signal: AbortSignal;
}

/** How entries are put whose lanes keep their order. */
export interface LaneOptions<Item, Put> {
  /** The lane of an item: at most one entry of it is in a request, and what follows a refused one waits behind it. */
  readonly laneOf: (item: Item) => string;
  /** Makes one entry out of the items from `start` on: at least one of them. */
  readonly pack: (items: readonly Item[], start: number) => Put;
}

/** What was not written, and why. */
export interface Unsettled<Item> {
  /** Each lane in its order. */
  readonly items: readonly Item[];
  /** The last failure. */
  readonly error: Error;
  /** Those that were in no request, because they wait behind others: `FailedEntry.isBehind`. */
  readonly untried: ReadonlySet<Item>;
}

/**
 * Puts entries between which there is no order: request by request, each as full as it can be, each entry once. What was refused comes back.
 * @throws what `putLanesInWaves` throws
 */
export async function putInWaves<Item extends Packed>(
  items: readonly Item[],
  options: WaveOptions<Item>,
): Promise<Unsettled<Item>> {
  return inWaves(splitUnordered(items, options.limits), options);
}

/**
 * Puts entries until each is written, was refused, or waits behind one of its lane that was refused; those come back to be tried again. Entries of
 * other lanes are not held up by a refused one.
 *
 * It rejects only when nothing was written, and nothing is known of the request or all that is known is that the service takes nothing for now: it is
 * waited for then, and no entry is given up for it. After that the entries that are written are known, and a rejection would have them put once more.
 * @throws KinesisConnectorError of `failures.refusal`; the abort's reason; or the summary of what the first request failed with
 */
export async function putLanesInWaves<Item, Put extends Packed>(
  items: readonly Item[],
  options: WaveOptions<Put> & LaneOptions<Item, Put>,
): Promise<Unsettled<Item>> {
  const { limits, laneOf, pack } = options;
  return inWaves(splitIntoRequests(items, { ...limits, laneOf, pack }), options);
}

async function inWaves<Item, Put extends Packed>(
  splitter: RequestSplitter<Item, Put>,
  options: WaveOptions<Put>,
): Promise<Unsettled<Item>> {
  let isAnyWritten = false;
  let isAnyRefused = false;
  let why: Error | undefined;
  for (let puts = splitter.next(); puts.length > 0; puts = splitter.next()) {
    const request = puts;
    let wave: Wave;
    try {
      wave = await withFreshCredentials(options, () => options.put(request));
    } catch (error) {
      options.signal.throwIfAborted();
      const failure = requirePassing(options, error);
      if (!isAnyWritten) throw failure;
      why = failure;
      break;
    }
    for (let index = 0; index < puts.length; index += 1) {
      const failure = wave.failed.get(index);
      if (failure !== undefined) {
        why = failure;
        isAnyRefused ||= !options.failures.isOutage(failure);
      } else {
        splitter.written(index);
        isAnyWritten = true;
      }
    }
    if (wave.stop !== undefined) {
      why = wave.stop;
      isAnyRefused = true;
      break;
    }
  }
  if (why !== undefined && !isAnyWritten && !isAnyRefused) throw why;
  return {
    items: splitter.unsettled(),
    untried: splitter.untried(),
    error: why ?? new Error("the record waits behind one that was refused"),
  };
}

/**
 * What requests that put and those around them have in common.
 * @inline
 */
type Sending = Pick<WaveOptions<never>, "failures" | "connection" | "signal">;

/** Runs a request, and once more with fresh credentials when the present ones have expired. */
export async function withFreshCredentials<Answer>(
  { failures, connection, signal }: Sending,
  request: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await request();
  } catch (error) {
    signal.throwIfAborted();
    if (failures.failureOf(error).kind !== "expired") throw error;
    await connection.refreshCredentials();
    return await request();
  }
}

/** What may pass, as an error fit for logs. Throws what no repetition mends. */
export function requirePassing(
  { failures, connection }: Pick<Sending, "failures" | "connection">,
  error: unknown,
): Error {
  const failure = failures.failureOf(error);
  if (failure.kind === "refused") throw failures.refusal(failure.cure, error);
  // Others would have come by now if there were any; where they are fetched, that is an outage of whoever has them.
  if (failure.kind === "expired" && !connection.renewsCredentials) throw failures.refusal(RENEW_CURE, error);
  return failures.summaryOf(error);
}
