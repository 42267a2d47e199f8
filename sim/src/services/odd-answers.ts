import type { SeededRandom } from "../world/random.js";
import type { SimShard, SimStream } from "./sim-stream.js";

/** How the simulated Kinesis behaves beyond calls that fail on the way. */
export interface KinesisTemper {
  /** Most records of one answer. */
  readonly maxRecords: number;
  /** Of an answer without records although there are some (API reference: "an empty array ... does not mean ..."). */
  emptyPages: number;
  /** Of an iterator that is refused as expired. */
  expiredIterators: number;
  /** Of a subscription that breaks, each time that something is looked for to be sent. */
  brokenSubscriptions: number;
  /** Of an end of a shard that names no children, which a reader must not believe. */
  doubtfulEnds: number;
  /** Of an answer without iterator and children although the shard goes on, as during a reshard: a few times per shard at most. */
  earlyEnds: number;
  /** Of a page that is the answer to an earlier request, or to one for another shard, with the iterator of that one. */
  wrongPages: number;
  /** Whether the end of a shard never names its children, as with kinesalite and some proxies. */
  readonly namesNoChildren: boolean;
}

/**
 * So many early ends a shard has. A reader doubts two answers in a row, and believes the list of shards at the third: real ones last for
 * moments.
 */
const EARLY_ENDS = 2;

/** Answers of Kinesis that are none to what was asked, or contradict themselves. */
export class OddAnswers {
  /** Whether readers are to take an answer without an iterator for the end: it names the children then. */
  readonly believesEnds: boolean;
  readonly #stream: SimStream;
  readonly #random: SeededRandom;
  readonly #temper: KinesisTemper;
  readonly #earlyEnds = new Map<string, number>();

  constructor(options: {
    readonly stream: SimStream;
    readonly random: SeededRandom;
    readonly temper: KinesisTemper;
    readonly believesEnds: boolean;
  }) {
    this.believesEnds = options.believesEnds;
    this.#stream = options.stream;
    this.#random = options.random;
    this.#temper = options.temper;
  }

  /** Half of what a shard has of them come while it is still open, the others when it is closed and has more. */
  isEarlyEnd({ shardId, closedMs }: SimShard, hasMore: boolean): boolean {
    if (this.#temper.earlyEnds === 0 || (closedMs !== undefined && !hasMore)) return false;
    const count = this.#earlyEnds.get(shardId) ?? 0;
    const most = closedMs === undefined ? EARLY_ENDS / 2 : EARLY_ENDS;
    if (count >= most || !this.#random.chance(this.#temper.earlyEnds)) return false;
    this.#earlyEnds.set(shardId, count + 1);
    return true;
  }

  /**
   * A place whose page a reader can tell from the one it asked for: its first record lies before. Undefined where there is none, and most of
   * the time.
   */
  wrongPlace(from: number): { readonly shard: SimShard; readonly from: number } | undefined {
    if (this.#temper.wrongPages === 0 || !this.#random.chance(this.#temper.wrongPages)) return undefined;
    const places = this.#stream.shards.flatMap((shard) =>
      shard.records
        .filter(({ sequence }) => sequence < from)
        .map(({ sequence }) => ({ shard, from: sequence })),
    );
    return places.length === 0 ? undefined : this.#random.pick(places);
  }
}
