import type { LocalAws } from "@kinesis-connectors/local";

const TICK_MS = 100;

/** Puts records with payloads that are unique in a run, and remembers them. */
export class Producer {
  /** Every payload that was put. */
  readonly sent: Set<string> = new Set<string>();
  readonly #aws: LocalAws;
  readonly #stream: string;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(aws: LocalAws, stream: string) {
    this.#aws = aws;
    this.#stream = stream;
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
    const payloads = Array.from({ length: count }, () => `r${(this.#next += 1)}`);
    this.#aws.kinesis.putRecords(
      this.#stream,
      payloads.map((payload) => ({ partitionKey: payload, data: payload })),
    );
    for (const payload of payloads) this.sent.add(payload);
  }
}
