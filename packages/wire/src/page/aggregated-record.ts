import type { Page } from "./page.js";

/** What a user record has from the aggregate that it came in: a `PageRecord` is one. */
interface Aggregate {
  readonly sequenceNumber: string;
  readonly arrivalTimeMs: number;
}

/**
 * A user record as it lies in the answer that its aggregate came with. Its data is viewed when first asked for; the rest it has from its aggregate.
 * It has the members of a connector's records, and stands for one without being copied.
 */
export class AggregatedRecord {
  readonly #aggregate: Aggregate;
  readonly #page: Page;
  #data: Buffer | undefined;
  readonly partitionKey: string;
  readonly explicitHashKey: string | undefined;
  readonly subSequenceNumber: number;
  /** As those of `PageRecord`. */
  readonly dataStart: number;
  readonly dataEnd: number;

  /** @internal */
  constructor(
    aggregate: Aggregate,
    page: Page,
    dataStart: number,
    dataEnd: number,
    partitionKey: string,
    explicitHashKey: string | undefined,
    subSequenceNumber: number,
  ) {
    this.#aggregate = aggregate;
    this.#page = page;
    this.#data = undefined;
    this.dataStart = dataStart;
    this.dataEnd = dataEnd;
    this.partitionKey = partitionKey;
    this.explicitHashKey = explicitHashKey;
    this.subSequenceNumber = subSequenceNumber;
  }

  /** The record's bytes, a view into the page. */
  get data(): Buffer {
    this.#data ??= this.#page.view(this.dataStart, this.dataEnd);
    return this.#data;
  }

  /** As that of `PageRecord`. */
  get page(): Buffer {
    return this.#page.bytes;
  }

  /** That of the aggregate. */
  get sequenceNumber(): string {
    return this.#aggregate.sequenceNumber;
  }

  /** That of the aggregate, in epoch milliseconds. */
  get arrivalTimeMs(): number {
    return this.#aggregate.arrivalTimeMs;
  }
}
