import { type Clock, type Logger, type Position, type Timer } from "@kinesis-connectors/core";
import { ANSWER_WARNING_MS } from "../limits.js";
import type { DaemonLink } from "./daemon-link.js";
import {
  broken,
  type CheckpointAnswer,
  checkpointLine,
  type DaemonAction,
  messageOf,
  statusLine,
} from "./messages.js";

/** What became of a checkpoint: stored, refused with the simple name of the Java exception, or nobody is there any more. */
export type CheckpointOutcome =
  | { readonly type: "stored" }
  | { readonly type: "refused"; readonly error: string }
  | { readonly type: "gone" };

interface Asked {
  readonly at: Position | null;
  readonly answer: (outcome: CheckpointOutcome) => void;
}

/** The daemon, as its child sees it: it asks for one thing at a time, and answers a checkpoint in between. */
export class Daemon {
  readonly #link: DaemonLink;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #asked: Asked | undefined;
  #isGone = false;

  constructor(link: DaemonLink, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#link = link;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Listens until the daemon is gone, or has nothing more to say; each action is told to `take`.
   * @throws KinesisConnectorError `KC_DAEMON_BROKEN`, and what `take` throws
   */
  async listen(take: (action: DaemonAction) => void): Promise<void> {
    const lines = this.#link.lines[Symbol.asyncIterator]();
    let isOver = false;
    try {
      while (!isOver) isOver = !(await this.#hear(lines, take));
    } finally {
      this.#isGone = true;
      this.#asked?.answer({ type: "gone" });
      if (!isOver) await lines.return?.();
    }
  }

  /** One line. A function of its own: a loop that waits for the next one keeps the last, with a page in it, and that is long for a shard without traffic. */
  async #hear(lines: AsyncIterator<string>, take: (action: DaemonAction) => void): Promise<boolean> {
    const heard = await lines.next();
    if (heard.done === true) return false;
    if (heard.value.trim() === "") return true;
    const message = messageOf(heard.value);
    if (message.action === "checkpoint") this.#answered(message);
    else take(message);
    return true;
  }

  /** Has the daemon store a checkpoint, and waits for its answer; between an action and its status alone. */
  async checkpoint(at: Position | null): Promise<CheckpointOutcome> {
    if (this.#isGone) return { type: "gone" };
    const timer = this.#warnWhileSilent();
    const outcome = await new Promise<CheckpointOutcome>((answer) => {
      this.#asked = { at, answer };
      this.#link.write(checkpointLine(at));
    });
    this.#asked = undefined;
    timer.cancel();
    return outcome;
  }

  /** Says that an action is done. */
  status(action: DaemonAction["action"]): void {
    if (!this.#isGone) this.#link.write(statusLine(action));
  }

  #answered({ sequenceNumber, error }: CheckpointAnswer): void {
    const asked = this.#asked;
    if (asked === undefined) throw broken("answers a checkpoint that nobody asked for");
    if (sequenceNumber !== asked.at?.sequenceNumber)
      throw broken("answers another checkpoint than was asked for");
    asked.answer(error === undefined ? { type: "stored" } : { type: "refused", error });
  }

  #warnWhileSilent(): Timer {
    const startedMs = this.#clock.monotonicNow();
    const again = (): Timer =>
      this.#clock.setTimer(ANSWER_WARNING_MS, () => {
        const silentMs = Math.round(this.#clock.monotonicNow() - startedMs);
        this.#logger.warn(
          { silentMs },
          "the daemon has not answered a checkpoint; it is waited for, and what was read is delivered meanwhile: look at its log, and at its lease table",
        );
        timer = again();
      });
    let timer = again();
    return { cancel: () => timer.cancel() };
  }
}
