import type { DaemonLink } from "@kinesis-connectors/kcl";
import type { Scheduler } from "../../world/scheduler.js";
import type { SimProcess } from "../../world/sim-process.js";

/** What a line takes from one process to the other. */
const LINE_MS = 1;

/** Standard input and output of a child: lines to it and from it, each an event of whoever reads it. */
export class Pipe {
  /** The child's end. */
  readonly link: DaemonLink;
  readonly #scheduler: Scheduler;
  readonly #daemon: SimProcess;
  readonly #child: SimProcess;
  readonly #toChild: string[] = [];
  readonly #arrived: string[] = [];
  readonly #heard: string[] = [];
  #isClosedToChild = false;
  #isClosedToDaemon = false;
  #wakeChild: (() => void) | undefined;
  #wakeDaemon: (() => void) | undefined;

  constructor(scheduler: Scheduler, daemon: SimProcess, child: SimProcess) {
    this.#scheduler = scheduler;
    this.#daemon = daemon;
    this.#child = child;
    const sent: string[] = [];
    this.link = {
      lines: this.#lines(),
      write: (line) => {
        sent.push(line);
        scheduler.after(LINE_MS, daemon, () => {
          // Lines that travel at once arrive in their order, whichever event comes first.
          this.#heard.push(sent.shift() ?? "");
          this.#wakeDaemon?.();
        });
      },
      close: () => this.exited(),
    };
  }

  /** A line from the daemon. */
  say(line: string): void {
    this.#toChild.push(line);
    this.#scheduler.after(LINE_MS, this.#child, () => {
      this.#arrived.push(this.#toChild.shift() ?? "");
      this.#wakeChild?.();
    });
  }

  /** The next line from the child; undefined once it is gone. */
  async hear(): Promise<string | undefined> {
    for (;;) {
      const line = this.#heard.shift();
      if (line !== undefined || this.#isClosedToDaemon) return line;
      await new Promise<void>((resolve) => {
        this.#wakeDaemon = resolve;
      });
    }
  }

  /** The daemon is gone, or has nothing more to say: the child's input ends behind what is under way. */
  end(): void {
    this.#scheduler.after(2 * LINE_MS, this.#child, () => {
      this.#isClosedToChild = true;
      this.#wakeChild?.();
    });
  }

  /** The child is gone: its output ends behind what is under way. */
  exited(): void {
    this.#scheduler.after(2 * LINE_MS, this.#daemon, () => {
      this.#isClosedToDaemon = true;
      this.#wakeDaemon?.();
    });
  }

  async *#lines(): AsyncGenerator<string, void> {
    for (;;) {
      const line = this.#arrived.shift();
      if (line !== undefined) yield line;
      else if (this.#isClosedToChild) return;
      else
        await new Promise<void>((resolve) => {
          this.#wakeChild = resolve;
        });
    }
  }
}
