/** Characters that JSON holds as they are, in one byte each (RFC 8259 §7). */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Up to so many characters, looking at each of them is faster than asking a regular expression and copying. */
const SHORT = 48;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_CHARACTER = 0x20;
const LAST_CHARACTER = 0x7e;

const FIRST_BYTES = 16 * 1024;
/** Writes JSON as bytes, without a text in between. */
export class JsonBytes {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  /** The bytes written. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Bytes that are JSON already. */
  raw(piece: Uint8Array): void {
    const { length } = piece;
    const bytes = this.#room(length);
    let at = this.#length;
    // They are short, as a rule, and a loop is faster then than a copy by the runtime.
    for (let index = 0; index < length; index += 1) {
      bytes[at] = piece[index] as number;
      at += 1;
    }
    this.#length = at;
  }

  /** One character of ASCII. */
  byte(code: number): void {
    const bytes = this.#room(1);
    bytes[this.#length] = code;
    this.#length += 1;
  }

  /** A text, in its quotes. */
  text(text: string): void {
    const { length } = text;
    const bytes = this.#room(length + 2);
    const start = this.#length;
    bytes[start] = QUOTE;
    if (length > SHORT) {
      if (!PLAIN.test(text)) return this.#escaped(text);
      bytes.write(text, start + 1, "latin1");
    } else {
      for (let index = 0; index < length; index += 1) {
        const code = text.charCodeAt(index);
        if (code < FIRST_CHARACTER || code > LAST_CHARACTER || code === QUOTE || code === BACKSLASH)
          return this.#escaped(text);
        bytes[start + 1 + index] = code;
      }
    }
    bytes[start + 1 + length] = QUOTE;
    this.#length = start + length + 2;
  }

  /** Bytes as base64, in its quotes. */
  base64(data: Uint8Array): void {
    const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
    const bytes = this.#room(text.length + 2);
    bytes[this.#length] = QUOTE;
    this.#length += 1 + bytes.write(text, this.#length + 1, "latin1");
    this.byte(QUOTE);
  }

  /** V8 escapes what has to be, half a surrogate pair included. */
  #escaped(text: string): void {
    const json = JSON.stringify(text);
    // In UTF-8 at most three bytes for each unit.
    const bytes = this.#room(json.length * 3);
    this.#length += bytes.write(json, this.#length);
  }

  #room(needed: number): Buffer {
    const least = this.#length + needed;
    if (least > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, least));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    return this.#bytes;
  }
}
