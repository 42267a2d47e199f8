import { asError } from "@kinesis-connectors/core";

/** Resources that have been opened, to be closed once, in the opposite order. */
export class Closing {
  #steps: (() => void | Promise<void>)[] = [];

  add(step: () => void | Promise<void>): void {
    this.#steps.push(step);
  }

  /** Closes everything, also after a step failed; resolves with the first failure. A second call finds nothing left. */
  async close(): Promise<Error | undefined> {
    const steps = this.#steps.reverse();
    this.#steps = [];
    let failure: Error | undefined;
    for (const step of steps) {
      try {
        await step();
      } catch (thrown) {
        failure ??= asError(thrown);
      }
    }
    return failure;
  }
}
