import { type Clock, KinesisConnectorError, type Random } from "@kinesis-connectors/core";
import { Loop } from "./loop.js";
import type { WorkerEvent } from "./worker-events.js";

/** Starts a step that is repeated: what fails is told, and tried again. */
export type StartLoop = (
  name: string,
  firstDelayMs: number,
  delayMs: () => number,
  step: () => Promise<void>,
) => Loop;

export interface StepsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: (event: WorkerEvent) => void;
  /** The worker is being stopped: what fails from now on is of no interest. */
  readonly signal: AbortSignal;
  /** Told of what no waiting mends. */
  readonly failed: (error: Error) => void;
}

/** The steps that a worker repeats: tells which of them fail, and when they work again. */
export class Steps {
  readonly #options: StepsOptions;
  /** Steps whose last try failed. */
  readonly #failing = new Set<string>();

  constructor(options: StepsOptions) {
    this.#options = options;
  }

  readonly loop: StartLoop = (name, firstDelayMs, delayMs, step) => {
    const { clock, random } = this.#options;
    return new Loop({
      clock,
      firstDelayMs,
      // Up to a tenth sooner or later, so that workers started together drift apart.
      delayMs: () => Math.round(delayMs() * (0.9 + random.next() * 0.2)),
      kind: "delay",
      step: async () => {
        await step();
        this.#worked(name);
      },
      failed: (error) => this.failed(name, error),
    });
  };

  /** A step has failed, one of a loop of this class or of another. */
  failed(step: string, error: Error): void {
    const { signal, observe, failed } = this.#options;
    if (signal.aborted) return;
    if (KinesisConnectorError.isInstance(error)) {
      failed(error);
      return;
    }
    this.#failing.add(step);
    observe({ type: "lease-retry", step, error });
  }

  #worked(step: string): void {
    if (this.#failing.delete(step)) this.#options.observe({ type: "lease-resume", step });
  }
}
