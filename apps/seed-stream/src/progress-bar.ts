const WIDTH = 28;

/** Shows how far something has come: a bar that redraws itself on a terminal, a line now and then elsewhere. Writes to stderr. */
export class ProgressBar {
  readonly #isTerminal = process.stderr.isTTY;
  readonly #everyMs = this.#isTerminal ? 100 : 2_000;
  #lastMs = 0;
  #lastFigures = "";

  /** `share` is from 0 to 1, or undefined when the end is not known; `figures` is the text behind the bar. */
  show(share: number | undefined, figures: string, now: number = performance.now()): void {
    if (now - this.#lastMs < this.#everyMs) return;
    this.#lastMs = now;
    this.#draw(share, figures);
  }

  /** Draws once more and ends the line. */
  finish(figures: string): void {
    this.#draw(1, figures);
    if (this.#isTerminal) process.stderr.write("\n");
  }

  #draw(share: number | undefined, figures: string): void {
    if (!this.#isTerminal) {
      if (figures !== this.#lastFigures) process.stderr.write(`${figures}\n`);
      this.#lastFigures = figures;
      return;
    }
    const filled = Math.round(Math.min(1, share ?? 0) * WIDTH);
    const bar = share === undefined ? "" : `[${"=".repeat(filled)}${" ".repeat(WIDTH - filled)}] `;
    const columns = process.stderr.columns ?? 100;
    process.stderr.write(`\r\x1b[K${`${bar}${figures}`.slice(0, columns - 1)}`);
  }
}
