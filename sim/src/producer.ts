import { createAggregator } from "@kinesis-connectors/wire";
import { bytesOf, type Payload, type RecordKind } from "./payload.js";
import type { SeededRandom } from "./random.js";
import type { Scenario } from "./scenario.js";
import type { Scheduler } from "./scheduler.js";
import type { SimShard, SimStream } from "./sim-stream.js";

/** An aggregate made for another shard, as producers send for a moment after a reshard. */
const STRAY = 0.04;

/** Puts the records of a run into the stream, at moments drawn from its seed. */
export class Producer {
  readonly #stream: SimStream;
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #scenario: Scenario;
  #lastId = 0;

  constructor(stream: SimStream, scheduler: Scheduler, random: SeededRandom, scenario: Scenario) {
    this.#stream = stream;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#scenario = scenario;
  }

  /** Schedules all puts: some at once, the rest over the storm. */
  start(): void {
    const { puts, stormMs } = this.#scenario;
    for (let count = 0; count < puts; count += 1) {
      const atMs = this.#random.chance(0.2) ? 0 : this.#random.between(0, stormMs);
      this.#scheduler.after(atMs, undefined, () => this.#put());
    }
  }

  #put(): void {
    const random = this.#random;
    const { nowMs } = this.#scheduler;
    const shard = random.pick(this.#stream.openShards);
    const gap = random.between(1, 4);
    const hashKey = keyIn(shard, random);
    if (!random.chance(this.#scenario.aggregates)) {
      this.#stream.put(bytesOf(this.#payload()), "key", hashKey, nowMs, gap);
      return;
    }
    const aggregator = createAggregator();
    const stray = random.chance(STRAY) ? random.pick(this.#stream.openShards) : shard;
    aggregator.add({ data: bytesOf(this.#payload()), partitionKey: "first", explicitHashKey: hashKey });
    for (let more = random.between(1, 6); more > 0; more -= 1) {
      const own = random.chance(0.5) ? shard : stray;
      aggregator.add({
        data: bytesOf(this.#payload()),
        partitionKey: "more",
        explicitHashKey: keyIn(own, random),
      });
    }
    const made = aggregator.flush();
    if (made !== undefined) this.#stream.put(made.data, made.partitionKey, made.explicitHashKey, nowMs, gap);
  }

  #payload(): Payload {
    this.#lastId += 1;
    const kind = this.#kind();
    let outputs = 1;
    if (kind === "none") outputs = 0;
    if (kind === "many") outputs = this.#random.between(2, 4);
    return { id: this.#lastId, kind, outputs };
  }

  #kind(): RecordKind {
    const { kinds } = this.#scenario;
    let left = this.#random.next() * kinds.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [kind, weight] of kinds) {
      left -= weight;
      if (left < 0) return kind;
    }
    return "plain";
  }
}

/** A hash key of the shard; there are 2^128, so a place in 1,000 equal parts is as good as any. */
function keyIn({ startingHashKey, endingHashKey }: SimShard, random: SeededRandom): string {
  const width = endingHashKey - startingHashKey + 1n;
  return String(startingHashKey + (width * BigInt(random.between(0, 999))) / 1_000n);
}
