import type { SimProcess } from "../world/sim-process.js";

/** A step of a worker that is repeated until it is told to end: a `ScheduledExecutorService` whose task logs what goes wrong. */
export interface Loop {
  readonly runSoon: () => void;
}

export interface LoopOptions {
  readonly process: SimProcess;
  readonly firstMs: number;
  /** From the end of one run to the next; `rate`: from its beginning. */
  readonly everyMs: number;
  readonly kind?: "delay" | "rate";
  readonly isOver: () => boolean;
  readonly step: () => Promise<void>;
}

export function loop({ process, firstMs, everyMs, kind, isOver, step }: LoopOptions): Loop {
  const { clock } = process;
  let timer = clock.setTimer(firstMs, run);
  let isRunning = false;

  function run(): void {
    if (isOver() || isRunning) return;
    isRunning = true;
    const beganMs = clock.monotonicNow();
    const again = (): void => {
      isRunning = false;
      const tookMs = kind === "rate" ? clock.monotonicNow() - beganMs : 0;
      timer = clock.setTimer(Math.max(0, everyMs - tookMs), run);
    };
    step().then(again, again);
  }

  return {
    runSoon: () => {
      if (isRunning || isOver()) return;
      timer.cancel();
      timer = clock.setTimer(0, run);
    },
  };
}
