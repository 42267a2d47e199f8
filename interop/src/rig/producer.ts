import type { LocalAws } from "@kinesis-connectors/local";
import { createAggregator } from "@kinesis-connectors/wire";

const TICK_MS = 100;

/** Puts records with payloads that are unique in a run, and remembers them. */
export class Producer {
  /** Every payload that was put, by this one and those inside of it. */
  readonly sent: Set<string> = new Set<string>();
  readonly #aws: LocalAws;
  readonly #stream: string;
  readonly #whole: Producer | undefined;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `whole` is one that remembers all payloads of a run; its own stream's name is in front of each payload. */
  constructor(aws: LocalAws, stream: string, whole?: Producer) {
    this.#aws = aws;
    this.#stream = stream;
    this.#whole = whole;
  }

  /** Puts so many records a second, over all shards, until `stop`. */
  start(perSecond: number): void {
    this.stop();
    this.#timer = setInterval(() => {
      this.put(Math.ceil((perSecond * TICK_MS) / 1000));
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Puts some records now. */
  put(count: number): void {
    const payloads = this.#payloads(count);
    this.#put(payloads.map((payload) => ({ partitionKey: payload, data: payload })));
  }

  /** Puts some records as one aggregate of the KPL, all with this partition key. */
  putAggregate(partitionKey: string, count: number): void {
    const aggregator = createAggregator();
    for (const payload of this.#payloads(count)) aggregator.add({ partitionKey, data: Buffer.from(payload) });
    const aggregate = aggregator.flush();
    if (aggregate !== undefined) this.#put([aggregate]);
  }

  #payloads(count: number): readonly string[] {
    const prefix = this.#whole === undefined ? "r" : `${this.#stream}-`;
    const payloads = Array.from({ length: count }, () => `${prefix}${(this.#next += 1)}`);
    for (const payload of payloads) {
      this.sent.add(payload);
      this.#whole?.sent.add(payload);
    }
    return payloads;
  }

  #put(records: readonly { readonly partitionKey: string; readonly data: Uint8Array | string }[]): void {
    this.#aws.kinesis.putRecords(this.#stream, records);
  }
}
