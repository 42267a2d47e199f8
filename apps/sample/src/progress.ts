import { ProgressBar } from "./progress-bar.js";

/** How far something has come. */
export interface Figures {
  /** From 0 to 1; undefined when the end is not known. */
  readonly share: number | undefined;
  /** Behind the bar. */
  readonly text: string;
}

/** The one line that tells how far a sample has come, and the totals where it was stopped. */
export class Progress {
  readonly #bar: ProgressBar | undefined;
  #last: string | undefined;

  /** @param bar undefined for a sample that says nothing, as in tests */
  constructor(bar?: ProgressBar) {
    this.#bar = bar;
  }

  /** What was shown last. */
  get totals(): string {
    return this.#last ?? "nothing was begun";
  }

  /** Shows figures as they change, until it is disposed of; then once more, with the line at its end. */
  watch(look: () => Figures): Disposable {
    const show = (): void => {
      const { share, text } = look();
      this.#last = text;
      this.#bar?.show(share, text);
    };
    const ticking = setInterval(show, 100);
    return {
      [Symbol.dispose]: () => {
        clearInterval(ticking);
        const { share, text } = look();
        this.#last = text;
        this.#bar?.finish(share, text);
      },
    };
  }
}
