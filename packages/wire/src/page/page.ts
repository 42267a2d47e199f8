import { WireFormatError } from "../wire-format-error.js";

/** The memory that the body of an answer came from, and goes back to. */
export interface PageMemory {
  readonly give: (body: Buffer) => void;
}

const nothing = Buffer.alloc(0);

/**
 * The bytes of one answer, which its records lie in. Once they are needed no more they may serve the next answer, but only if nobody was given a
 * view of them: a view that somebody kept would show another answer's bytes.
 */
export class Page {
  readonly #memory: PageMemory | undefined;
  readonly #body: Buffer;
  #bytes: Buffer;
  #isShared = false;
  /** Whether the data of any record opens like an aggregate. */
  mayHaveAggregates = false;

  /**
   * @param body - as it was received
   * @param bytes - what the records' places are in: the body, or a buffer of its own where strings had come in pieces
   */
  constructor(body: Buffer, bytes: Buffer, memory: PageMemory | undefined) {
    this.#body = body;
    this.#bytes = bytes;
    this.#memory = memory;
  }

  /** The bytes, to be read at once. Nothing, once the page has been let go. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get length(): number {
    return this.#body.length;
  }

  /** A view of some bytes, to be kept as long as anybody likes. */
  view(start: number, end: number): Buffer {
    this.#requireHere();
    this.#isShared = true;
    return this.#bytes.subarray(start, end);
  }

  /** Some bytes as a text. */
  text(start: number, end: number): string {
    this.#requireHere();
    return this.#bytes.toString("utf8", start, end);
  }

  /** Nothing of the page will be asked for any more but what has been asked for already. */
  release(): void {
    if (this.#memory === undefined || this.#isShared || this.#bytes === nothing) return;
    this.#bytes = nothing;
    this.#memory.give(this.#body);
  }

  /** Else a record that was kept too long would show the bytes of another, or none, without a word. */
  #requireHere(): void {
    if (this.#bytes === nothing && this.#body !== nothing)
      throw new WireFormatError(
        "the record was kept longer than its batch, and its bytes are gone: take what is needed of a record at once",
      );
  }
}
