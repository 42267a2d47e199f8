/** Lets one piece of work run at a time, in the order of asking. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Whether a piece of work is running or waiting. */
  get isBusy(): boolean {
    return this.#waiting > 0;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    this.#waiting += 1;
    const running = before.then(work);
    // The next in line waits for the end of this one, however it ends; its caller sees how.
    this.#last = running.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await running;
    } finally {
      this.#waiting -= 1;
    }
  }
}
