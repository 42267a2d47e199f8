import type { DaemonLink } from "../../src/index.js";

/** A line of the child's, as it was written. */
export interface ChildMessage {
  readonly action: "status" | "checkpoint";
  readonly responseFor?: string;
  readonly sequenceNumber?: string | null;
  readonly subSequenceNumber?: number | null;
}

/** A daemon of a test: lines go in, lines come out, and nothing happens by itself. */
export class ScriptedDaemon {
  /** Everything that the child said, in order. */
  readonly said: ChildMessage[] = [];
  readonly link: DaemonLink;
  readonly #lines: string[] = [];
  #isOver = false;
  #arrived: (() => void) | undefined;
  #heard = 0;
  #spoke: (() => void) | undefined;

  constructor() {
    this.link = {
      lines: this.#toChild(),
      write: (line) => {
        if (this.#isOver) return;
        this.said.push(JSON.parse(line) as ChildMessage);
        this.#spoke?.();
      },
      close: () => this.end(),
    };
  }

  /** Says something to the child: a message, or a line as it is. */
  say(message: object | string): void {
    this.#lines.push(typeof message === "string" ? message : JSON.stringify(message));
    this.#arrived?.();
  }

  /** Closes the child's standard input. */
  end(): void {
    this.#isOver = true;
    this.#arrived?.();
    this.#spoke?.();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The next line of the child's that was not heard yet; undefined when the pipe is closed. */
  async hear(): Promise<ChildMessage | undefined> {
    while (this.#heard >= this.said.length) {
      if (this.#isOver) return undefined;
      await new Promise<void>((resolve) => {
        this.#spoke = resolve;
      });
    }
    this.#heard += 1;
    return this.said[this.#heard - 1];
  }

  async *#toChild(): AsyncGenerator<string, void> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) yield line;
      else if (this.#isOver) return;
      else
        await new Promise<void>((resolve) => {
          this.#arrived = resolve;
        });
    }
  }
}
