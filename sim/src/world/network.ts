import type { SeededRandom } from "./random.js";
import type { Scheduler } from "./scheduler.js";
import type { SimProcess } from "./sim-process.js";
import type { Trace } from "./trace.js";

/** Who answers a call. */
export type Destination = "kinesis" | "leases" | "s3" | "destination";

/**
 * What goes wrong with a call. `throttle`: refused. `fail`: never arrives, and the caller notices at once. `lose-reply`: carried out,
 * and the caller waits in vain. `late`: as if lost, and carried out long after. `repeat`: carried out twice, as by a client that
 * repeats by itself; the second answer is the one that comes. `echo`: carried out and answered, and once more long after, as the first
 * try of such a client may be.
 */
export type Fault = "throttle" | "fail" | "lose-reply" | "late" | "repeat" | "echo";

/**
 * How the caller of a call that failed on the way gets to know. `no-credentials`: it cannot even be signed. `denied`: the service says that the caller
 * may not. `skewed`: the service says that it was signed at another time than its own.
 */
export type CallFailure = "throttled" | "reset" | "timeout" | "no-credentials" | "denied" | "skewed";

/** What keeps some calls from being carried out as long as it lasts: those of one process or of all, to one destination or to all. */
export interface Trouble {
  readonly process?: SimProcess;
  readonly to?: Destination;
  readonly failure: CallFailure;
}

/** A call as it leaves a process. */
export interface Call<Answer> {
  readonly process: SimProcess;
  readonly to: Destination;
  /** What is asked for, for the trace and the crash points: `PutObject`, `update prepare`. */
  readonly name: string;
  /** What it is about, for the trace: a shard, a key. */
  readonly about: string;
  /** Carries the call out, when it arrives. */
  readonly apply: () => Answer | Promise<Answer>;
  /** The answer, or the error, where the call failed on the way. */
  readonly failed: (failure: CallFailure) => Answer;
  readonly signal?: AbortSignal | undefined;
}

/** Moments of a call at which somebody may want to step in. */
export type CallMoment = "send" | "applied" | "answered";

/** Steps in at a moment of a call; `drop` at `send` keeps it from ever arriving, a number keeps it under way for so many milliseconds. */
export type Watch = (
  moment: CallMoment,
  call: Pick<Call<unknown>, "process" | "name" | "about">,
) => "drop" | number | undefined;

/** How often calls go wrong. */
export interface FaultRates {
  /** Of a call going wrong in some way. */
  readonly fault: number;
  /** Of an answer that takes seconds. */
  readonly slow: number;
}

const FAULTS: readonly Fault[] = ["throttle", "fail", "lose-reply", "late", "repeat", "echo"];

/** How much later than its caller's patience a late request may arrive. */
const MAX_LATE_MS = 12_000;

/** Calls between processes and what they depend on, with all that can go wrong on the way. */
export class Network {
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #trace: Trace;
  readonly #down = new Set<Destination>();
  readonly #troubles = new Set<Trouble>();
  rates: FaultRates = { fault: 0, slow: 0 };
  watch: Watch = () => undefined;
  /** Told of a call that comes from a process whose connector is over. */
  straggler: (call: Pick<Call<unknown>, "process" | "name" | "about">) => void = nothing;
  /** Told of each call that leaves a process. */
  sent: (call: Pick<Call<unknown>, "process" | "to" | "name" | "about">) => void = nothing;
  /** Whether services refuse what a clock has signed that is off by more than some minutes, as AWS does. */
  looksAtClocks = false;
  #faultCount = 0;
  #underWay = 0;

  constructor(scheduler: Scheduler, random: SeededRandom, trace: Trace) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#trace = trace;
  }

  /** Calls that went wrong. */
  get faultCount(): number {
    return this.#faultCount;
  }

  /** Requests that were sent and have not arrived yet, those of processes that are gone among them. */
  get underWay(): number {
    return this.#underWay;
  }

  /** From now on all calls to a destination fail, until it is up again. */
  setDown(destination: Destination, isDown: boolean): void {
    if (isDown) this.#down.add(destination);
    else this.#down.delete(destination);
  }

  /** From now on some calls fail, until the trouble is over. */
  begin(trouble: Trouble): void {
    this.#troubles.add(trouble);
  }

  end(trouble: Trouble): void {
    this.#troubles.delete(trouble);
  }

  /** Sends a call. The answer settles as an event of its process, so never once that has crashed. */
  send<Answer>(call: Call<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { process, signal } = call;
      if (process.isDead) return;
      if (process.isOver) this.straggler(call);
      this.sent(call);
      const settle = (outcome: () => Answer): void => {
        signal?.removeEventListener("abort", leave);
        try {
          resolve(outcome());
        } catch (error) {
          reject(error);
        }
      };
      const leave = (): void => settle(() => throwing(abortError()));
      if (signal?.aborted === true) {
        leave();
        return;
      }
      signal?.addEventListener("abort", leave, { once: true });
      this.#dispatch(call, settle);
    });
  }

  #dispatch<Answer>(call: Call<Answer>, settle: (outcome: () => Answer) => void): void {
    const { process } = call;
    const diesWithSender = this.#random.chance(0.3);
    const requestMs = this.#delayMs();
    const fault = this.#faultFor(call.to);
    const word = this.watch("send", call);
    if (process.isDead && (word === "drop" || (word === undefined && diesWithSender))) return;
    const arriveMs = typeof word === "number" ? word : requestMs;
    const fail = (failure: CallFailure, delayMs: number): void => {
      this.#faultCount += 1;
      this.#scheduler.after(delayMs, process, () => {
        this.#note(call, failure);
        settle(() => call.failed(failure));
      });
    };
    const arrive = (delayMs: number, then: (outcome: () => Answer) => void): void => {
      this.#underWay += 1;
      this.#scheduler.after(delayMs, undefined, () => {
        this.#underWay -= 1;
        // A request that was still in the sender's own buffers goes with it.
        if (process.isDead && diesWithSender && typeof word !== "number") return;
        this.#apply(call, then);
      });
    };
    const answer = (outcome: () => Answer): void => {
      this.#scheduler.after(this.#delayMs(), process, () => {
        settle(outcome);
        this.watch("answered", call);
      });
    };
    const giveUpMs = this.#random.between(1_000, 3_000);
    const trouble = this.#troubleOf(call);
    if (trouble !== undefined) {
      fail(trouble, arriveMs);
      return;
    }
    switch (fault) {
      case undefined:
        arrive(arriveMs, answer);
        return;
      case "throttle":
        fail("throttled", arriveMs + this.#delayMs());
        return;
      case "fail":
        fail("reset", arriveMs);
        return;
      case "lose-reply":
        arrive(arriveMs, nothing);
        fail("timeout", arriveMs + giveUpMs);
        return;
      case "late":
        arrive(giveUpMs + this.#random.between(0, MAX_LATE_MS), nothing);
        fail("timeout", giveUpMs);
        return;
      case "repeat":
        this.#faultCount += 1;
        arrive(arriveMs, () => arrive(this.#delayMs(), answer));
        return;
      default:
        fault satisfies "echo";
        this.#faultCount += 1;
        arrive(arriveMs, answer);
        arrive(giveUpMs + this.#random.between(0, MAX_LATE_MS), nothing);
    }
  }

  #apply<Answer>(call: Call<Answer>, then: (outcome: () => Answer) => void): void {
    const carriedOut = (outcome: () => Answer, what: string): void => {
      this.#note(call, what);
      then(outcome);
      this.watch("applied", call);
    };
    const refused = (error: unknown): void =>
      carriedOut(() => throwing(error), error instanceof Error ? error.name : "error");
    try {
      const answer = call.apply();
      if (answer instanceof Promise) {
        // An answer in the same turn: what is called has no I/O of its own.
        answer.then((value) => carriedOut(() => value, shown(value)), refused);
      } else carriedOut(() => answer, shown(answer));
    } catch (error) {
      refused(error);
    }
  }

  #troubleOf({ process, to }: Pick<Call<unknown>, "process" | "to">): CallFailure | undefined {
    for (const trouble of this.#troubles) {
      const isMeant = (trouble.process ?? process) === process && (trouble.to ?? to) === to;
      if (isMeant) return trouble.failure;
    }
    return undefined;
  }

  #faultFor(to: Destination): Fault | undefined {
    if (this.#down.has(to)) return this.#random.pick(["fail", "lose-reply", "fail"]);
    return this.#random.chance(this.rates.fault) ? this.#random.pick(FAULTS) : undefined;
  }

  #delayMs(): number {
    if (this.#random.chance(this.rates.slow)) return this.#random.between(200, 6_000);
    return this.#random.between(1, 20);
  }

  #note(call: Call<unknown>, what: string): void {
    this.#trace.add(this.#scheduler.nowMs, call.process.name, `${call.name} ${call.about} -> ${what}`);
  }
}

const nothing = (): void => undefined;

function throwing(error: unknown): never {
  throw error;
}

function abortError(): Error {
  const error = new Error("the call was aborted");
  error.name = "AbortError";
  return error;
}

/** The gist of an answer: enough to tell two runs apart. */
function shown(answer: unknown): string {
  if (typeof answer !== "object" || answer === null) return String(answer);
  if (Array.isArray(answer)) return `${answer.length} rows`;
  if ("type" in answer) return String(answer.type);
  if ("Records" in answer && Array.isArray(answer.Records)) return `${answer.Records.length} records`;
  return "ok";
}
