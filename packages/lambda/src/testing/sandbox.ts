import type { Clock, Timer } from "@kinesis-connectors/core";

import type { KinesisBatchResponse, KinesisEvent } from "../event.js";
import type { KinesisHandler } from "../kinesis-handler.js";

/** What the service tells an invocation beside its event. */
export interface InvocationOrder {
  readonly requestId: string;
  readonly functionArn: string;
  /** When Lambda gives it up, in epoch milliseconds. */
  readonly deadlineMs: number;
}

/** One sandbox of a function: it takes one invocation at a time, and things happen to it in the middle. */
export interface FunctionSandbox {
  /** Settles as the handler does; never after a kill. */
  readonly invoke: (
    event: KinesisEvent,
    order: InvocationOrder,
  ) => Promise<KinesisBatchResponse | null | undefined>;
  /** Ends it at once, in whatever it is doing. */
  readonly kill: () => void;
  /** Stops it where it is. */
  readonly freeze: () => void;
  /** Lets it go on there: what it does from now on, nobody has asked for any more. */
  readonly thaw: () => void;
  /** Whether it has ended, by itself or by a kill. Default: it never does by itself. */
  readonly isOver?: () => boolean;
  /** Ends it when nobody needs it any more. Default: nothing to do. */
  readonly close?: () => Promise<void>;
}

/** What the code in a sandbox of this process is given, so that it can be killed and frozen as a process is. */
export interface SandboxInside {
  /** Fires no timer while the sandbox is frozen, and none after it was killed. */
  readonly clock: Clock;
  /** Resolves while the sandbox runs, waits while it is frozen, and never after it was killed: to be awaited before and after each call that leaves the sandbox. */
  readonly running: () => Promise<void>;
}

/** A sandbox in this process. What its code does between two `running` cannot be interrupted. */
export function sandboxOf(
  clock: Clock,
  coldStart: (inside: SandboxInside) => KinesisHandler,
): FunctionSandbox {
  let state: "running" | "frozen" | "killed" = "running";
  let waiting: (() => void)[] = [];
  const whenRunning = (run: () => void): void => {
    if (state === "running") run();
    else if (state === "frozen") waiting.push(run);
  };
  const inside: SandboxInside = {
    clock: {
      now: clock.now,
      monotonicNow: clock.monotonicNow,
      setTimer: (delayMs, callback) => {
        let isCancelled = false;
        const timer: Timer = clock.setTimer(delayMs, () =>
          whenRunning(() => {
            if (!isCancelled) callback();
          }),
        );
        return {
          cancel: () => {
            isCancelled = true;
            timer.cancel();
          },
        };
      },
    },
    running: () => (state === "running" ? Promise.resolve() : new Promise((resolve) => whenRunning(resolve))),
  };
  const handler = coldStart(inside);
  return {
    invoke: async (event, { requestId, functionArn, deadlineMs }) => {
      const answer = await handler(event, {
        awsRequestId: requestId,
        invokedFunctionArn: functionArn,
        getRemainingTimeInMillis: () => deadlineMs - clock.now(),
      });
      await inside.running();
      return answer;
    },
    kill: () => {
      state = "killed";
      waiting = [];
    },
    freeze: () => {
      if (state === "running") state = "frozen";
    },
    thaw: () => {
      if (state !== "frozen") return;
      state = "running";
      const due = waiting;
      waiting = [];
      for (const run of due) run();
    },
  };
}
