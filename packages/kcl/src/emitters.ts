import { asError, errorFields, type Logger } from "@kinesis-connectors/core";

interface OpenedEmitter {
  readonly open?: (context: { readonly signal: AbortSignal; readonly logger: Logger }) => Promise<void>;
  readonly close?: () => Promise<void>;
}

/** The destinations of a pipeline, made ready before its shard begins and closed at the end. */
export class Emitters {
  readonly #emitters: readonly OpenedEmitter[];
  readonly #logger: Logger;
  #opened: OpenedEmitter[] = [];

  constructor(emitters: readonly (OpenedEmitter | undefined)[], logger: Logger) {
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

  /** Closes all of them, also after one failed: what was delivered stays delivered. */
  async close(): Promise<void> {
    for (const emitter of this.#opened.splice(0).reverse()) {
      try {
        await emitter.close?.();
      } catch (thrown) {
        this.#logger.warn(errorFields(asError(thrown)), "an emitter could not be closed");
      }
    }
  }
}
