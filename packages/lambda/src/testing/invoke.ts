import type { Clock, Random, Timer } from "@kinesis-connectors/core";

import type { KinesisEvent } from "../event.js";
import type { InvocationOutcome } from "./judge-answer.js";
import type { FunctionSandbox } from "./sandbox.js";

/** Chances, from 0 to 1, of what happens to an invocation or to a batch. Default of each: 0. */
export interface EventSourceFaults {
  /** A batch is cut at another place than it could be, also when it is handed over again. */
  readonly cutAnew?: number;
  /** The sandbox dies in the middle. */
  readonly killed?: number;
  /** The sandbox is given up and frozen in the middle, and goes on after a while: what it writes then, nobody has asked for any more. */
  readonly frozen?: number;
  /** Decides by the number of the invocation, from 1, in place of the two chances before. It does not happen to one that ends before its moment comes. */
  readonly misfortune?: (invocation: number) => "killed" | "frozen" | undefined;
  /** The invocation ended well, and the service never hears of it. */
  readonly replyLost?: number;
  /** The next invocation begins in a new sandbox although one is free. */
  readonly coldStart?: number;
  /** Until when in an invocation things happen, in milliseconds. Default 300. */
  readonly withinMs?: number;
  /** How long a sandbox stays frozen, at most, in milliseconds. Default 60,000. */
  readonly thawMs?: number;
}

/** What has happened so far. */
export interface EventSourceCounts {
  invocations: number;
  /** Records handed over, each as often as it was. */
  records: number;
  failed: number;
  /** Answers that named where to go on. */
  partial: number;
  bisected: number;
  discarded: number;
  coldStarts: number;
  killed: number;
  frozen: number;
  timedOut: number;
  repliesLost: number;
}

/** The sandboxes of a function: idle ones are used again, as Lambda does. */
export interface SandboxPoolOptions {
  readonly coldStart: () => FunctionSandbox | Promise<FunctionSandbox>;
  readonly functionArn: string;
  readonly timeoutMs: number;
  readonly faults: EventSourceFaults;
  readonly clock: Clock;
  readonly random: Random;
  readonly counts: EventSourceCounts;
}

type Misfortune = "killed" | "frozen";

/** Invokes a function as the service does, with what may happen to it. */
export class SandboxPool {
  readonly #options: SandboxPoolOptions;
  readonly #idle: FunctionSandbox[] = [];
  readonly #all = new Set<FunctionSandbox>();
  /** Invocations that were given up and may still be at work, with what lets them go on. */
  readonly #zombies = new Map<FunctionSandbox, { readonly end: Promise<unknown>; readonly timer: Timer }>();

  constructor(options: SandboxPoolOptions) {
    this.#options = options;
  }

  async invoke(event: KinesisEvent): Promise<InvocationOutcome> {
    const { faults, clock, random, counts, timeoutMs, functionArn } = this.#options;
    const sandbox = await this.#sandbox();
    counts.invocations += 1;
    counts.records += event.Records.length;
    const answer = sandbox
      .invoke(event, { requestId: random.uuid(), functionArn, deadlineMs: clock.now() + timeoutMs })
      .then(
        (value): InvocationOutcome => ({ type: "answered", answer: value }),
        (): InvocationOutcome => ({ type: "failed" }),
      );
    const misfortune = this.#misfortune();
    const atMs =
      misfortune === undefined ? timeoutMs : Math.min(timeoutMs, random.next() * (faults.withinMs ?? 300));
    const first = await this.#firstOf(answer, atMs);
    if (first === undefined) {
      if (misfortune === "frozen") this.#freeze(sandbox, answer);
      else this.#kill(sandbox, misfortune);
      counts.failed += 1;
      return { type: "failed" };
    }
    if (sandbox.isOver?.() === true) await this.#end(sandbox);
    else this.#idle.push(sandbox);
    if (chance(random, faults.replyLost)) {
      counts.repliesLost += 1;
      counts.failed += 1;
      return { type: "failed" };
    }
    if (first.type === "failed") counts.failed += 1;
    return first;
  }

  /** Lets everything go on that is frozen, waits until it has come to its end, and ends all sandboxes. */
  async close(): Promise<void> {
    const ends = [...this.#zombies].map(async ([sandbox, { end, timer }]) => {
      timer.cancel();
      sandbox.thaw();
      await end;
    });
    await Promise.all(ends);
    await Promise.all([...this.#all].map(async (sandbox) => await sandbox.close?.()));
  }

  async #sandbox(): Promise<FunctionSandbox> {
    const { coldStart, random, faults, counts } = this.#options;
    if (!chance(random, faults.coldStart)) {
      const idle = this.#idle.pop();
      if (idle !== undefined) return idle;
    }
    counts.coldStarts += 1;
    const sandbox = await coldStart();
    this.#all.add(sandbox);
    return sandbox;
  }

  #misfortune(): Misfortune | undefined {
    const { killed = 0, frozen = 0, misfortune } = this.#options.faults;
    if (misfortune !== undefined) return misfortune(this.#options.counts.invocations);
    const drawn = this.#options.random.next();
    if (drawn < killed) return "killed";
    return drawn < killed + frozen ? "frozen" : undefined;
  }

  /** The answer, or undefined when the time was over before it. */
  async #firstOf(answer: Promise<InvocationOutcome>, atMs: number): Promise<InvocationOutcome | undefined> {
    let timer: Timer | undefined;
    const over = new Promise<undefined>((resolve) => {
      timer = this.#options.clock.setTimer(atMs, () => resolve(undefined));
    });
    const first = await Promise.race([answer, over]);
    timer?.cancel();
    return first;
  }

  async #end(sandbox: FunctionSandbox): Promise<void> {
    this.#all.delete(sandbox);
    await sandbox.close?.();
  }

  #kill(sandbox: FunctionSandbox, misfortune: Misfortune | undefined): void {
    const { counts } = this.#options;
    sandbox.kill();
    this.#all.delete(sandbox);
    if (misfortune === "killed") counts.killed += 1;
    else counts.timedOut += 1;
  }

  #freeze(sandbox: FunctionSandbox, end: Promise<unknown>): void {
    const { clock, random, counts, faults } = this.#options;
    counts.frozen += 1;
    sandbox.freeze();
    const timer = clock.setTimer(random.next() * (faults.thawMs ?? 60_000), () => {
      sandbox.thaw();
    });
    this.#zombies.set(sandbox, { end, timer });
    void end.finally(() => this.#zombies.delete(sandbox));
  }
}

/** Whether something of this chance happens now. */
export function chance(random: Random, probability: number | undefined): boolean {
  return probability !== undefined && probability > 0 && random.next() < probability;
}
