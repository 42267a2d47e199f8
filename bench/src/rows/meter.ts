/** What was seen of one variant in one round. */
export interface Measured {
  readonly records: number;
  /** Answers, batches or polls: what is counted at a time. */
  readonly pages: number;
  readonly bytes: number;
  /** User and system time of the whole process, garbage collection and pool threads included. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Largest resident size of the process, in bytes. */
  readonly peakRssBytes: number;
  /** Of bytes that every variant touches: equal work, and nothing that a compiler could leave out. */
  readonly sum: number;
}

/** How long to look, in CPU time of the whole process: a busy machine neither shortens a warm-up nor leaves a window empty. */
export interface Window {
  readonly warmUpCpuMs: number;
  readonly windowCpuMs: number;
}

const WARM_UP_PAGES = 3;

/**
 * Counts what a variant does, and the CPU that it costs. The window opens after the warm-up and at least three pages, and closes with
 * the page on which it is over. Without a warm-up it opens with the first page: then what is looked at is how a process begins.
 *
 * With `collectBytes` it measures nothing: it collects that many of the bytes that pass, for comparison with what should pass.
 */
export class Meter {
  readonly #window: Window;
  readonly #collectBytes: number | undefined;
  readonly #collected: Buffer[] = [];
  #collectedBytes = 0;
  #sum = 0;
  #pages = 0;
  #records = 0;
  #bytes = 0;
  #openedMs = performance.now();
  /** CPU time at the beginning, and from then on when the window opened. */
  #cpu = process.cpuUsage();
  #isOpen = false;
  #measured: Measured | undefined;

  constructor(window: Window, collectBytes?: number) {
    this.#window = window;
    this.#collectBytes = collectBytes;
  }

  /** Whether bytes are collected for comparison, and nothing is measured. */
  get isCollecting(): boolean {
    return this.#collectBytes !== undefined;
  }

  /** Whether the variant may stop. */
  get isDone(): boolean {
    return this.#collectBytes === undefined
      ? this.#measured !== undefined
      : this.#collectedBytes >= this.#collectBytes;
  }

  /** What was collected, with `collectBytes`. */
  get collected(): Buffer {
    return Buffer.concat(this.#collected).subarray(0, this.#collectBytes);
  }

  /** The result; undefined before the window has closed. */
  get measured(): Measured | undefined {
    return this.#measured;
  }

  /** Every variant hands its payloads here, one by one or several in one. */
  touch(bytes: Uint8Array): void {
    this.#sum = (this.#sum + bytes.length + (bytes[bytes.length >> 1] ?? 0)) | 0;
    this.#bytes += bytes.length;
    if (this.#collectBytes !== undefined) this.#collect(bytes);
  }

  /** For payloads that are no bytes any more. */
  touchValue(value: { readonly id: number; readonly note: string }): void {
    this.#sum = (this.#sum + value.id + value.note.length) | 0;
    // The documents of the sets were written by JSON.stringify: written once more they are the same bytes.
    if (this.#collectBytes !== undefined) this.#collect(Buffer.from(JSON.stringify(value)));
  }

  /** For a member alone. */
  touchText(value: string): void {
    this.#sum = (this.#sum + value.length) | 0;
  }

  /** Told after each page. Returns whether to go on. */
  page(records: number): boolean {
    if (this.isDone) return false;
    this.#pages += 1;
    this.#records += records;
    const { user, system } = process.cpuUsage(this.#cpu);
    const cpuMs = (user + system) / 1000;
    const nowMs = performance.now();
    if (!this.#isOpen) {
      const { warmUpCpuMs } = this.#window;
      if (this.#pages < (warmUpCpuMs === 0 ? 1 : WARM_UP_PAGES) || cpuMs < warmUpCpuMs) return true;
      this.#isOpen = true;
      this.#openedMs = nowMs;
      this.#cpu = process.cpuUsage();
      this.#records = 0;
      this.#pages = 0;
      this.#bytes = 0;
      return true;
    }
    if (this.#collectBytes !== undefined || cpuMs < this.#window.windowCpuMs) return !this.isDone;
    this.#measured = {
      records: this.#records,
      pages: this.#pages,
      bytes: this.#bytes,
      cpuMs,
      wallMs: nowMs - this.#openedMs,
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
      sum: this.#sum,
    };
    return false;
  }

  #collect(bytes: Uint8Array): void {
    if (this.isDone) return;
    this.#collected.push(Buffer.from(bytes));
    this.#collectedBytes += bytes.length;
  }
}
