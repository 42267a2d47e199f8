/** An operation of one of the in-memory services, as faults are aimed at it. */
export type Operation = "next" | "load" | "prepare" | "commit" | "is-written" | "emit" | "dead-letter-emit";

/**
 * Stands before and after each operation. What it throws `before` means that nothing was applied; `after`, that it was applied and
 * the reply was lost. A promise delays the operation or its reply.
 */
export type Gate = (operation: Operation, phase: "before" | "after") => void | Promise<void>;

/** Lets everything pass. */
export const openGate: Gate = () => undefined;

/** Fails the operations it is told to, in order, and lets the others pass. */
export class FaultGate {
  readonly #faults: { operation: Operation; phase: "before" | "after"; error: Error }[] = [];
  readonly #holds = new Map<Operation, Promise<void>>();
  /** How often each operation was begun. */
  readonly counts = new Map<Operation, number>();

  readonly pass: Gate = (operation, phase) => {
    if (phase === "before") this.counts.set(operation, this.count(operation) + 1);
    const index = this.#faults.findIndex((fault) => fault.operation === operation && fault.phase === phase);
    if (index !== -1) {
      const [fault] = this.#faults.splice(index, 1);
      if (fault !== undefined) throw fault.error;
    }
    return phase === "before" ? this.#holds.get(operation) : undefined;
  };

  count(operation: Operation): number {
    return this.counts.get(operation) ?? 0;
  }

  /** The next such operation is not applied and fails with `error`. */
  fail(operation: Operation, error: Error = new Error("connection reset"), times = 1): void {
    for (let left = times; left > 0; left -= 1) this.#faults.push({ operation, phase: "before", error });
  }

  /** The next such operation is applied, and its reply is lost. */
  loseReply(operation: Operation, error: Error = new Error("socket hang up")): void {
    this.#faults.push({ operation, phase: "after", error });
  }

  /** Holds such operations up until the returned function is called: to let them go on, or to fail them with an error. */
  hold(operation: Operation): (error?: Error) => void {
    let settle: (error?: Error) => void = () => undefined;
    const held = new Promise<void>((resolve, reject) => {
      settle = (error) => {
        this.#holds.delete(operation);
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    // Whether anybody waits is the test's business.
    held.catch(() => undefined);
    this.#holds.set(operation, held);
    return (error) => settle(error);
  }
}
