/**
 * How records travel. `cbor`: AWS-CBOR 1.1, without base64 and the smallest work on both sides, as the Java SDK speaks it.
 * `json`: JSON 1.1, as every server does. `auto`: CBOR until a server answers it with JSON, and JSON from then on.
 */
export type WireFormat = "auto" | "cbor" | "json";

/** What one client speaks now. */
export class SpokenFormat {
  #isCbor: boolean;
  readonly #mayChange: boolean;
  readonly #onFallback: () => void;
  #fallbacks = 0;

  constructor(format: WireFormat, onFallback: () => void) {
    this.#isCbor = format !== "json";
    this.#mayChange = format === "auto";
    this.#onFallback = onFallback;
  }

  get isCbor(): boolean {
    return this.#isCbor;
  }

  /** How often the client went over to JSON: 0 or 1. */
  get fallbacks(): number {
    return this.#fallbacks;
  }

  /** A request in CBOR was answered in JSON. Once, and for the client's life: asking again and again would cost a call each time. */
  answeredInJson(): void {
    if (!this.#mayChange || !this.#isCbor) return;
    this.#isCbor = false;
    this.#fallbacks += 1;
    this.#onFallback();
  }
}
