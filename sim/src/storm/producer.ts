import { createAggregator, maxHashKey } from "@kinesis-connectors/wire";
import { bytesOf, type Payload, type RecordKind } from "../payload.js";
import type { SeededRandom } from "../world/random.js";
import type { Scenario } from "./scenario.js";
import type { Scheduler } from "../world/scheduler.js";
import type { SimShard, SimStream } from "../services/sim-stream.js";

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
    const first = this.#placeIn(shard);
    const { hashKey } = first;
    if (!random.chance(this.#scenario.aggregates)) {
      this.#stream.put(bytesOf(this.#payload(first)), "key", hashKey, nowMs, gap);
      return;
    }
    const aggregator = createAggregator();
    const stray = random.chance(STRAY) ? random.pick(this.#stream.openShards) : shard;
    aggregator.add({ data: bytesOf(this.#payload(first)), partitionKey: "first", explicitHashKey: hashKey });
    for (let more = random.between(1, 6); more > 0; more -= 1) {
      const own = random.chance(0.5) ? shard : stray;
      const place = this.#placeIn(own);
      aggregator.add({
        data: bytesOf(this.#payload(place)),
        partitionKey: "more",
        explicitHashKey: place.hashKey,
      });
    }
    const made = aggregator.flush();
    if (made !== undefined) this.#stream.put(made.data, made.partitionKey, made.explicitHashKey, nowMs, gap);
  }

  /**
   * Somewhere in a shard. Where records have keys, the key decides the hash key, and so the shard, before and after each reshard: only
   * then are the records of a key in one order. A shard too narrow for any key gives its record to the shard of some key.
   */
  #placeIn(shard: SimShard): Place {
    const { keys } = this.#scenario;
    if (keys === 0) return { hashKey: keyIn(shard, this.#random), key: undefined };
    const own = Array.from({ length: keys }, (_, key) => key).filter((key) => {
      const hashKey = hashKeyOf(key, keys);
      return shard.startingHashKey <= hashKey && hashKey <= shard.endingHashKey;
    });
    const key = own.length === 0 ? this.#random.between(0, keys - 1) : this.#random.pick(own);
    return { hashKey: String(hashKeyOf(key, keys)), key };
  }

  #payload({ key }: Place): Payload {
    this.#lastId += 1;
    const kind = this.#kind();
    let outputs = 1;
    if (kind === "none") outputs = 0;
    if (kind === "many") outputs = this.#random.between(2, 4);
    return { id: this.#lastId, kind, outputs, ...(key === undefined ? {} : { key }) };
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

/** Where a record goes, and the key it has. */
interface Place {
  readonly hashKey: string;
  readonly key: number | undefined;
}

/** The hash key of a key: they lie evenly over the whole ring. */
function hashKeyOf(key: number, keys: number): bigint {
  return ((maxHashKey + 1n) * BigInt(key)) / BigInt(keys) + 1n;
}

/** A hash key of the shard; there are 2^128, so a place in 1,000 equal parts is as good as any. */
function keyIn({ startingHashKey, endingHashKey }: SimShard, random: SeededRandom): string {
  const width = endingHashKey - startingHashKey + 1n;
  return String(startingHashKey + (width * BigInt(random.between(0, 999))) / 1_000n);
}
