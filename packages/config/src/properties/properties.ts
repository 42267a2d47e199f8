/** The keys of a file, with what became of them. */
export class Properties {
  readonly #values: ReadonlyMap<string, string>;
  readonly #notes: string[] = [];
  readonly #used = new Set<string>();

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  get notes(): readonly string[] {
    return this.#notes;
  }

  /** Keys that nobody has asked for. */
  get unused(): readonly string[] {
    return [...this.#values.keys()].filter((key) => !this.#used.has(key));
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** A text, without blanks around it; undefined for none, or an empty one. */
  text(key: string): string | undefined {
    this.#used.add(key);
    const value = this.#values.get(key)?.trim();
    return value === "" ? undefined : value;
  }

  /** A value with the blanks around it. */
  raw(key: string): string | undefined {
    this.#used.add(key);
    return this.#values.get(key);
  }

  /** A whole number of at least `min`; anything else is left out, as Java takes its default then, and noted. */
  number(key: string, min = 1): number | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^-?\d{1,19}$/.test(text) && value >= min) return value;
    this.note(key, `is no whole number of at least ${min}, and was left out`);
    return undefined;
  }

  /** True or false; anything else is false, as in Java, and noted. */
  flag(key: string): boolean {
    const text = this.text(key)?.toLowerCase();
    if (text !== undefined && text !== "true" && text !== "false")
      this.note(key, "is neither true nor false, which counts as false");
    return text === "true";
  }

  /** Says what became of a key. Never its value: it may be a secret. */
  note(key: string, what: string): void {
    this.#used.add(key);
    this.#notes.push(`${key} ${what}`);
  }

  /** The same for a key that is there. */
  noteIfThere(key: string, what: string): void {
    if (this.has(key)) this.note(key, what);
  }
}
