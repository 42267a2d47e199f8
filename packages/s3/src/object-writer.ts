const NEW_LINE = 0x0a;
const SMALLEST_BYTES = 64 * 1024;
/** Up to here the worst case of UTF-8 (three bytes per UTF-16 unit) is reserved; beyond, measuring is cheaper than reserving. */
const MEASURED_ABOVE_CHARACTERS = 64 * 1024;

/**
 * The bytes of one object while it is made: a single growing buffer, into which every record is copied once. Copying into one
 * buffer is about six times as fast as concatenating a list of small ones.
 */
export class ObjectWriter {
  #buffer: Buffer;
  #length = 0;

  /** @param expectedBytes what the object will probably come to; it may come to more */
  constructor(expectedBytes: number = SMALLEST_BYTES) {
    this.#buffer = Buffer.allocUnsafe(Math.max(1, expectedBytes));
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Appends bytes as they are. */
  writeBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Appends a text in UTF-8. A lone surrogate becomes U+FFFD, as everywhere in Node. */
  writeText(text: string): void {
    this.#reserve(text.length > MEASURED_ABOVE_CHARACTERS ? Buffer.byteLength(text) : text.length * 3);
    this.#length += this.#buffer.write(text, this.#length, "utf8");
  }

  /** Appends one line feed. */
  writeNewLine(): void {
    this.#reserve(1);
    this.#buffer[this.#length] = NEW_LINE;
    this.#length += 1;
  }

  /** Forgets everything past the first `length` bytes: a record that turned out to be unfit leaves nothing behind. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** What has been written; a view that stays valid only until the next write. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** What has been written, in a buffer that keeps little more than that: for objects that wait beside many others. */
  take(): Buffer {
    const isTight = this.#buffer.length <= this.#length + this.#length / 4;
    return isTight ? this.bytes() : Buffer.from(this.bytes());
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
