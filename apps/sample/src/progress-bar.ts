const WIDTH = 28;
/** A bar of less says nothing: the figures have the line to themselves. */
const LEAST_WIDTH = 6;

/** What the bar is drawn on. */
export interface BarOutput {
  readonly isTTY?: boolean;
  /** Width of the terminal, asked anew each time. */
  readonly columns?: number;
  readonly write: (text: string) => unknown;
}

/** Shows how far something has come: a bar that redraws itself on a terminal, a line now and then elsewhere. Writes to stderr. */
export class ProgressBar {
  readonly #output: BarOutput;
  readonly #everyMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;
  #lastFigures = "";

  constructor(output: BarOutput = process.stderr) {
    this.#output = output;
    this.#everyMs = output.isTTY === true ? 100 : 2_000;
  }

  /** `share` is from 0 to 1, or undefined when the end is not known; `figures` is the text behind the bar. */
  show(share: number | undefined, figures: string, nowMs: number = performance.now()): void {
    if (nowMs - this.#lastMs < this.#everyMs) return;
    this.#lastMs = nowMs;
    this.#draw(share, figures);
  }

  /** Draws once more and ends the line. */
  finish(share: number | undefined, figures: string): void {
    this.#draw(share, figures);
    if (this.#output.isTTY === true) this.#output.write("\n");
  }

  #draw(share: number | undefined, figures: string): void {
    if (this.#output.isTTY !== true) {
      if (figures !== this.#lastFigures) this.#output.write(`${figures}\n`);
      this.#lastFigures = figures;
      return;
    }
    const columns = this.#output.columns ?? 100;
    this.#output.write(`\r\x1b[K${lineOf(share, figures, columns - 1)}`);
  }
}

/** The figures come first: the bar has what they leave of the line. */
function lineOf(share: number | undefined, figures: string, columns: number): string {
  const width = Math.min(WIDTH, columns - figures.length - 3);
  if (share === undefined || width < LEAST_WIDTH) return figures.slice(0, Math.max(0, columns));
  const filled = Math.round(Math.max(0, Math.min(1, share)) * width);
  return `[${"=".repeat(filled)}${" ".repeat(width - filled)}] ${figures}`;
}
