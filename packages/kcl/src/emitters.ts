import { asError, type Clock, errorFields, type Logger } from "@kinesis-connectors/core";
import { CLOSE_LIMIT_MS } from "./limits.js";
import { within } from "./within.js";

interface OpenedEmitter {
  readonly open?: (context: { readonly signal: AbortSignal; readonly logger: Logger }) => Promise<void>;
  readonly close?: () => Promise<void>;
}

/** The destinations of a pipeline, made ready before its shard begins and closed at the end. */
export class Emitters {
  readonly #emitters: readonly OpenedEmitter[];
  readonly #logger: Logger;
  readonly #clock: Clock;
  #opened: OpenedEmitter[] = [];

  constructor(
    emitters: readonly (OpenedEmitter | undefined)[],
    { logger, clock }: { readonly logger: Logger; readonly clock: Clock },
  ) {
    this.#clock = clock;
    this.#emitters = emitters.filter((emitter) => emitter !== undefined);
    this.#logger = logger;
  }

  /** @throws what the `open` of an emitter throws */
  async open(signal: AbortSignal): Promise<void> {
    for (const emitter of this.#emitters) {
      this.#opened.push(emitter);
      await emitter.open?.({ signal, logger: this.#logger });
    }
  }

  /** Closes all of them, also after one failed or hangs: what was delivered stays delivered, and the daemon waits for the end of this process. */
  async close(): Promise<void> {
    for (const emitter of this.#opened.splice(0).reverse()) {
      try {
        const closing = Promise.resolve(emitter.close?.()).then(() => true);
        if ((await within(this.#clock, CLOSE_LIMIT_MS, closing)) !== true)
          this.#logger.warn({ limitMs: CLOSE_LIMIT_MS }, "an emitter does not close, and is left as it is");
      } catch (thrown) {
        this.#logger.warn(errorFields(asError(thrown)), "an emitter could not be closed");
      }
    }
  }
}
