import { asError, backoffMs, type EmitContext, sleep } from "@kinesis-connectors/core";
import type { Lane, Lanes } from "./lanes.js";
import type { Pace, Pressure } from "./pace.js";
import type { Answer, Table } from "./table.js";
import type { Write } from "./writes.js";

/** A key whose turn it is, with its write. */
export interface Turn extends Write {
  readonly lane: Lane;
}

/** What a round needs. */
export interface RoundContext<Output> {
  readonly lanes: Lanes<Output>;
  /** Makes the write of an entry, when its turn has come. Throws when the table can never take it. */
  readonly writeOf: (index: number) => Write;
  readonly table: Table;
  readonly pace: Pace;
  readonly emit: Pick<EmitContext<undefined>, "signal" | "clock" | "random" | "logger">;
  /** Splits what is to be written now into requests. */
  readonly split: (turns: Iterable<Turn>) => Iterable<readonly Turn[]>;
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
    if (lanes.unsettled === 0) return;
    const before = lanes.settled;
    const failure = await round(context);
    stalls = lanes.settled === before ? stalls + 1 : 0;
    if (failure === undefined) continue;
    if (stalls >= MAX_STALLS) throw failure;
    emit.logger.debug(
      { items: lanes.unsettled, limit: context.pace.limit, error: failure.name },
      "DynamoDB did not take everything yet; trying again",
    );
    await sleep(emit.clock, backoffMs(stalls + 1, BACKOFF, emit.random), emit.signal);
    emit.signal.throwIfAborted();
  }
}

/** Sends every lane once. Gives the last failure that may pass. */
async function round<Output>(context: RoundContext<Output>): Promise<Error | undefined> {
  // Written when there is room for it, so that the requests of a large batch are not all in memory.
  const requests = context.split(turnsOf(context))[Symbol.iterator]();
  let failure: Error | undefined;
  let stopped = false;
  const work = async (): Promise<void> => {
    for (let next = requests.next(); next.done !== true && !stopped; next = requests.next()) {
      try {
        failure = (await deliver(context, next.value)) ?? failure;
      } catch (error) {
        // The others settle what they have begun, and begin nothing more.
        stopped = true;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(context.maxConcurrency, context.lanes.unsettled) }, work);
  const outcomes = await Promise.allSettled(workers);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return failure;
}

function* turnsOf<Output>(context: RoundContext<Output>): Generator<Turn> {
  for (const lane of context.lanes.pending()) {
    const turn = turnOf(context, lane);
    if (turn !== undefined) yield turn;
  }
}

/** The next write of a key; what can never be written is refused on the way. */
function turnOf<Output>({ lanes, writeOf }: RoundContext<Output>, lane: Lane): Turn | undefined {
  const attempt = (index: number): Write | Error => {
    try {
      return writeOf(index);
    } catch (thrown) {
      return asError(thrown);
    }
  };
  lanes.sift(lane, (index) => {
    const made = attempt(index);
    return made instanceof Error ? made : undefined;
  });
  for (let index = lanes.current(lane); index !== undefined; index = lanes.current(lane)) {
    const made = attempt(index);
    if (!(made instanceof Error)) return { lane, request: made.request, wireBytes: made.wireBytes };
    lanes.reject(lane, made);
  }
  return undefined;
}

/** One request, and what follows from its answer. A single key goes on with its next write as long as it gets through. */
async function deliver<Output>(
  context: RoundContext<Output>,
  turns: readonly Turn[],
): Promise<Error | undefined> {
  const { lanes } = context;
  const answer = await send(context, turns);
  if (answer.kind === "failed" && answer.reason !== "rejected") return answer.error;
  const alone = turns.length === 1 ? turns[0] : undefined;

  if (answer.kind === "failed" && alone === undefined) {
    // Nothing of a refused batch was written. Its halves tell which write it was.
    const middle = Math.ceil(turns.length / 2);
    const first = await deliver(context, turns.slice(0, middle));
    return (await deliver(context, turns.slice(middle))) ?? first;
  }
  if (answer.kind === "failed") {
    if (alone !== undefined) lanes.reject(alone.lane, answer.error);
  } else {
    const { unprocessed } = answer;
    for (const { lane } of turns) if (unprocessed.size === 0 || !unprocessed.has(lane.key)) lanes.place(lane);
    if (unprocessed.size > 0) return unprocessedError(unprocessed.size);
  }
  const next = alone === undefined ? undefined : turnOf(context, alone.lane);
  return next === undefined ? undefined : deliver(context, [next]);
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
