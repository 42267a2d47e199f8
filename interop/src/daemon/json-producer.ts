import type { LocalAws } from "@kinesis-connectors/local";
import { createAggregator } from "@kinesis-connectors/wire";

const TICK_MS = 100;
/** Of ten puts one is an aggregate of the KPL, of so many records. */
const AGGREGATE_EVERY = 10;

/** Puts records that are unique in a run, single ones and aggregates, and remembers them. */
export class JsonProducer {
  readonly sent: Set<string> = new Set<string>();
  readonly #aws: LocalAws;
  readonly #stream: string;
  #ticks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(aws: LocalAws, stream: string) {
    this.#aws = aws;
    this.#stream = stream;
  }

  /** Puts so many records a second, over all shards, until `stop`. */
  start(perSecond: number): void {
    this.stop();
    this.#timer = setInterval(() => this.#put(Math.ceil((perSecond * TICK_MS) / 1000)), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #put(count: number): void {
    this.#ticks += 1;
    const records = Array.from({ length: count }, () => {
      const id = `r${this.sent.size + 1}`;
      this.sent.add(id);
      return { partitionKey: id, data: JSON.stringify({ id }) };
    });
    if (this.#ticks % AGGREGATE_EVERY !== 0) {
      this.#aws.kinesis.putRecords(this.#stream, records);
      return;
    }
    const aggregator = createAggregator();
    const [{ partitionKey } = { partitionKey: "none" }] = records;
    // One key for all of them: they belong to one shard, whatever is split meanwhile.
    for (const { data } of records) aggregator.add({ partitionKey, data: Buffer.from(data) });
    const aggregate = aggregator.flush();
    if (aggregate !== undefined) this.#aws.kinesis.putRecords(this.#stream, [aggregate]);
  }
}
