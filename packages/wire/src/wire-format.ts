import { WireFormatError } from "./wire-format-error.js";

/**
 * How records travel. `cbor`: AWS-CBOR 1.1, without base64 and the smallest work on both sides, as the Java SDK speaks it.
 * `json`: JSON 1.1, as every server does. `auto`: CBOR; a call whose answer shows that the server's CBOR is none, or not that of Kinesis,
 * is made again in JSON, and when that is read well, JSON is spoken from then on. The variable `AWS_CBOR_DISABLE` (`1` or `true`), which
 * users of local servers set for other SDKs, makes `json` of `auto`.
 */
export type WireFormat = "auto" | "cbor" | "json";

/** Codes of a server that has read the request, whatever the form of its answer: the form of the request is not at fault. */
const UNDERSTOOD =
  /^(?:AccessDenied|KMS|Throttl|LimitExceeded|ProvisionedThroughput|ExpiredIterator|ResourceNotFound|ResourceInUse|RequestExpired|RequestTimeTooSkewed|UnrecognizedClient|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|MissingAuthentication|InvalidClientToken|ExpiredToken|OptInRequired|InternalFailure|InternalServer|ServiceUnavailable)/;

/** What one client speaks now. */
export class SpokenFormat {
  #isCbor: boolean;
  #isProven = false;
  readonly #mayChange: boolean;
  readonly #onFallback: () => void;
  #fallbacks = 0;
  /** Requests that are made in JSON, whatever the others are. */
  readonly #inJson = new WeakSet<object>();
  /** Failures that may come of a server whose CBOR is not that of Kinesis; true where nothing else can be meant. */
  readonly #doubtful = new WeakMap<object, boolean>();

  constructor(format: WireFormat, onFallback: () => void, isCborDisabled: string | undefined) {
    const spoken = format === "auto" && /^(?:1|true)$/i.test(isCborDisabled ?? "") ? "json" : format;
    this.#isCbor = spoken !== "json";
    this.#mayChange = spoken === "auto";
    this.#onFallback = onFallback;
  }

  /** Whether a request with this input is written in CBOR. */
  isCborFor(input: object): boolean {
    return this.#isCbor && !this.#inJson.has(input);
  }

  /** How often the client went over to JSON: 0 or 1. */
  get fallbacks(): number {
    return this.#fallbacks;
  }

  /** An answer in CBOR was read well: what fails from now on has other reasons. */
  answeredInCbor(): void {
    this.#isProven = true;
  }

  /** An answer in JSON was read well. Once, and for the client's life: asking in CBOR again and again would cost a call each time. */
  answeredInJson(): void {
    if (!this.#mayChange || !this.#isCbor) return;
    this.#isCbor = false;
    this.#fallbacks += 1;
    this.#onFallback();
  }

  /** A call failed with an answer that is no CBOR of Kinesis. `form`: what the content type says of the answer. */
  failed(error: unknown, form: "cbor" | "json" | "other"): void {
    if (!(error instanceof Error)) return;
    if (WireFormatError.isInstance(error)) {
      this.#doubtful.set(error, error.isForeign);
    } else if (form === "json" && error.name === "SerializationException") {
      this.#doubtful.set(error, true);
      this.answeredInJson();
    } else if (form !== "cbor" && !UNDERSTOOD.test(error.name)) {
      this.#doubtful.set(error, false);
    }
  }

  /** Whether a call that was made in CBOR and failed so should be made again in JSON; if so, `input` is written in JSON from now on. */
  asksAgain(input: object, error: unknown): boolean {
    const isCertain = this.#mayChange && error instanceof Error ? this.#doubtful.get(error) : undefined;
    if (isCertain === undefined || (!isCertain && this.#isProven)) return false;
    this.#inJson.add(input);
    return true;
  }
}
