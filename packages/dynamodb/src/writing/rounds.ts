import { asError, backoffMs, type EmitContext, sleep } from "@kinesis-connectors/core";
import type { KeyQueues } from "./key-queues.js";
import type { Pace, Pressure } from "./pace.js";
import type { Next } from "../requests.js";
import type { Answer, Table } from "./table.js";
import type { Write } from "./writes.js";

/** The context of a round. */
export interface RoundContext<Output> {
  readonly queues: KeyQueues<Output>;
  /** Makes the write of an entry, when its turn has come. Throws when the table can never take it. */
  readonly writeOf: (index: number, keyIndex: number) => Write;
  readonly table: Table;
  readonly pace: Pace;
  readonly emit: Pick<EmitContext<undefined>, "signal" | "clock" | "random" | "logger">;
  /** Splits what is to be written now into requests. */
  readonly split: (next: Next<Write>) => Next<readonly Write[]>;
  readonly maxConcurrency: number;
}

/** Rounds in a row in which nothing was settled, after which the engine takes over with its longer pauses. */
const MAX_STALLS = 4;
/** A burst of throttling is over within moments (token buckets refill each second). */
const BACKOFF = { baseDelayMs: 50, maxDelayMs: 2_000 };

/**
 * Writes all queues, in rounds: what was throttled or failed in one goes again in the next, after a pause. A key that is throttled holds up
 * its own later writes and nothing else.
 * @throws what stops the shard; or the last failure, when nothing more is taken for now
 */
export async function settleAll<Output>(context: RoundContext<Output>): Promise<void> {
  const { queues, emit } = context;
  for (let stalls = 0; ;) {
    if (queues.unsettled === 0) return;
    const before = queues.settled;
    const failure = await round(context);
    stalls = queues.settled === before ? stalls + 1 : 0;
    if (failure === undefined) continue;
    if (stalls >= MAX_STALLS) throw failure;
    emit.logger.debug(
      { items: queues.unsettled, limit: context.pace.limit, error: failure.name },
      "DynamoDB did not take everything yet; trying again",
    );
    await sleep(emit.clock, backoffMs(stalls + 1, BACKOFF, emit.random), emit.signal);
    emit.signal.throwIfAborted();
  }
}

/** Sends every queue once. Gives the last failure that may pass. */
async function round<Output>(context: RoundContext<Output>): Promise<Error | undefined> {
  // Written when there is room for it, so that the requests of a large batch are not all in memory.
  const nextRequest = context.split(writesOf(context));
  let failure: Error | undefined;
  let stopped = false;
  const work = async (): Promise<void> => {
    for (let request = nextRequest(); request !== undefined && !stopped; request = nextRequest()) {
      try {
        failure = (await deliver(context, request)) ?? failure;
      } catch (error) {
        // The others settle what they have begun, and begin nothing more.
        stopped = true;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(context.maxConcurrency, context.queues.unsettled) }, work);
  const outcomes = await Promise.allSettled(workers);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return failure;
}

/** The write of each queue that has one, one after the other. */
function writesOf<Output>(context: RoundContext<Output>): Next<Write> {
  const { queues } = context;
  let keyIndex = -1;
  return () => {
    for (keyIndex += 1; keyIndex < queues.count; keyIndex += 1) {
      const write = writeOfKey(context, keyIndex);
      if (write !== undefined) return write;
    }
    return undefined;
  };
}

/** The next write of a queue; what can never be written is refused on the way. */
function writeOfKey<Output>({ queues, writeOf }: RoundContext<Output>, keyIndex: number): Write | undefined {
  queues.sift(keyIndex, (index) => {
    try {
      writeOf(index, keyIndex);
      return undefined;
    } catch (thrown) {
      return asError(thrown);
    }
  });
  for (let index = queues.current(keyIndex); index !== undefined; index = queues.current(keyIndex)) {
    try {
      return writeOf(index, keyIndex);
    } catch (thrown) {
      queues.reject(keyIndex, asError(thrown));
    }
  }
  return undefined;
}

/** One request, and what follows from its answer. A single key goes on with its next write as long as it gets through. */
async function deliver<Output>(
  context: RoundContext<Output>,
  writes: readonly Write[],
): Promise<Error | undefined> {
  const { queues } = context;
  const answer = await send(context, writes);
  if (answer.kind === "failed" && answer.reason !== "rejected") return answer.error;
  const alone = writes.length === 1 ? writes[0] : undefined;

  if (answer.kind === "failed" && alone === undefined) {
    // Nothing of a refused batch was written. Its halves tell which write it was.
    const middle = Math.ceil(writes.length / 2);
    const first = await deliver(context, writes.slice(0, middle));
    return (await deliver(context, writes.slice(middle))) ?? first;
  }
  if (answer.kind === "failed") {
    if (alone !== undefined) queues.reject(alone.keyIndex, answer.error);
  } else {
    const { unprocessed } = answer;
    if (namesStrangers(context, writes, unprocessed)) return strangersError();
    for (const { keyIndex } of writes)
      if (unprocessed.size === 0 || !unprocessed.has(queues.key(keyIndex))) queues.written(keyIndex);
    if (unprocessed.size > 0) return unprocessedError(unprocessed.size);
  }
  const next = alone === undefined ? undefined : writeOfKey(context, alone.keyIndex);
  return next === undefined ? undefined : deliver(context, [next]);
}

/** Whether items came back that were not sent. Then it is not known which of those that were sent are meant, and none counts as written. */
function namesStrangers<Output>(
  { queues }: RoundContext<Output>,
  writes: readonly Write[],
  unprocessed: ReadonlySet<string>,
): boolean {
  if (unprocessed.size === 0) return false;
  const known = writes.filter(({ keyIndex }) => unprocessed.has(queues.key(keyIndex))).length;
  return known !== unprocessed.size;
}

async function send<Output>(
  { table, pace, emit }: RoundContext<Output>,
  writes: readonly Write[],
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

function strangersError(): Error {
  const error = new Error(
    "DynamoDB: a batch came back with unprocessed items that were not in it: none of it is believed",
  );
  error.name = "UnprocessedStrangers";
  return error;
}
