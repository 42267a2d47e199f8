/** What happened, as text and as a hash of that text: two runs that differ in anything differ in the hash. */
export class Trace {
  readonly #print: ((line: string) => void) | undefined;
  #low = 0x811c9dc5;
  #high = 0x01000193;

  constructor(print?: (line: string) => void) {
    this.#print = print;
  }

  add(atMs: number, who: string, what: string): void {
    this.#mix(`${atMs} ${who} ${what}`);
    this.#print?.(`${(atMs / 1000).toFixed(3).padStart(9)} ${who.padEnd(6)} ${what}`);
  }

  get hash(): string {
    return hex(this.#low) + hex(this.#high);
  }

  /** FNV-1a, twice with different seeds. */
  #mix(line: string): void {
    let low = this.#low;
    let high = this.#high;
    for (let at = 0; at < line.length; at += 1) {
      const code = line.charCodeAt(at);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high ^ (code + 7), 0x5bd1e995);
      high ^= high >>> 13;
    }
    this.#low = low;
    this.#high = high;
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
