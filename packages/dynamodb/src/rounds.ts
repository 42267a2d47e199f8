import { backoffMs, type EmitContext, sleep } from "@kinesis-connectors/core";
import type { Lane, Lanes } from "./lanes.js";
import type { Pace, Pressure } from "./pace.js";
import type { Answer, Table } from "./table.js";
import type { Write } from "./writes.js";

/** What a round needs. */
export interface RoundContext<Output> {
  readonly lanes: Lanes<Output>;
  readonly table: Table;
  readonly pace: Pace;
  readonly emit: Pick<EmitContext<undefined>, "signal" | "clock" | "random" | "logger">;
  /** Splits what is to be written now into requests. */
  readonly split: (writes: readonly Write<Output>[]) => readonly (readonly Write<Output>[])[];
  readonly maxConcurrency: number;
}

/** Rounds in a row in which nothing was settled, after which the engine takes over with its longer pauses. */
const MAX_STALLS = 4;
/** A burst of throttling is over within moments (token buckets refill each second). */
const BACKOFF = { baseDelayMs: 50, maxDelayMs: 2_000 };

/**
 * Writes all lanes, in rounds: what was throttled or failed in one goes again in the next, after a pause. A key that is throttled holds up
 * its own later writes and nothing else.
 * @throws what stops the shard; or the last failure, when nothing more is taken for now
 */
export async function settleAll<Output>(context: RoundContext<Output>): Promise<void> {
  const { lanes, emit } = context;
  for (let stalls = 0; ;) {
    const pending = lanes.pending();
    if (pending.length === 0) return;
    const before = lanes.settled;
    const failure = await round(context, pending);
    stalls = lanes.settled === before ? stalls + 1 : 0;
    if (failure === undefined) continue;
    if (stalls >= MAX_STALLS) throw failure;
    emit.logger.debug(
      { keys: lanes.pending().length, limit: context.pace.limit, error: failure.name },
      "DynamoDB did not take everything yet; trying again",
    );
    await sleep(emit.clock, backoffMs(stalls + 1, BACKOFF, emit.random), emit.signal);
    emit.signal.throwIfAborted();
  }
}

/** Sends every lane once. Gives the last failure that may pass. */
async function round<Output>(
  context: RoundContext<Output>,
  pending: readonly Lane<Output>[],
): Promise<Error | undefined> {
  const { lanes } = context;
  const laneOf = new Map(pending.map((lane) => [lane.key, lane]));
  const writes = pending.flatMap((lane) => lanes.current(lane) ?? []);
  const requests = context.split(writes).values();
  let failure: Error | undefined;
  let stopped = false;
  const work = async (): Promise<void> => {
    for (const request of requests) {
      if (stopped) return;
      try {
        failure = (await deliver(context, request, laneOf)) ?? failure;
      } catch (error) {
        // The others settle what they have begun, and begin nothing more.
        stopped = true;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(context.maxConcurrency, writes.length) }, work);
  const outcomes = await Promise.allSettled(workers);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return failure;
}

/** One request, and what follows from its answer. A single key goes on with its next write as long as it gets through. */
async function deliver<Output>(
  context: RoundContext<Output>,
  writes: readonly Write<Output>[],
  laneOf: ReadonlyMap<string, Lane<Output>>,
): Promise<Error | undefined> {
  const { lanes } = context;
  const answer = await send(context, writes);
  if (answer.kind === "failed" && answer.reason !== "rejected") return answer.error;
  const touched = writes.flatMap(({ key }) => laneOf.get(key) ?? []);
  const [lane] = touched;

  if (answer.kind === "failed" && writes.length > 1) {
    // Nothing of a refused batch was written. Its halves tell which write it was.
    const middle = Math.ceil(writes.length / 2);
    const first = await deliver(context, writes.slice(0, middle), laneOf);
    return (await deliver(context, writes.slice(middle), laneOf)) ?? first;
  }
  if (answer.kind === "failed") {
    if (lane !== undefined) lanes.reject(lane, answer.error);
  } else {
    for (const each of touched) if (!answer.unprocessed.has(each.key)) lanes.place(each);
    if (answer.unprocessed.size > 0) return unprocessedError(answer.unprocessed.size);
  }
  const next = writes.length === 1 && lane !== undefined ? lanes.current(lane) : undefined;
  return next === undefined ? undefined : deliver(context, [next], laneOf);
}

async function send<Output>(
  { table, pace, emit }: RoundContext<Output>,
  writes: readonly Write<Output>[],
): Promise<Answer> {
  const permit = await pace.enter(emit.signal);
  let answer: Answer | undefined;
  try {
    answer = await table.send(writes, emit);
    return answer;
  } finally {
    permit.done(pressureOf(answer));
  }
}

function pressureOf(answer: Answer | undefined): Pressure {
  if (answer?.kind === "taken") return answer.unprocessed.size > 0 ? "throttled" : "eased";
  return answer?.reason === "throttled" ? "throttled" : "unknown";
}

function unprocessedError(count: number): Error {
  const error = new Error(`DynamoDB: ${count} items of a batch came back unprocessed, for want of capacity`);
  error.name = "UnprocessedItems";
  return error;
}
