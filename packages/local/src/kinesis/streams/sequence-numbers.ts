// 186 bits, written as 56 decimal digits: 2 | creation second of the shard (36) | counter (64) | second of arrival (36)
// | 12 zero bits | index of the shard (32) | 2. The order of the fields makes numbers rise within a shard and from
// parent to child. Clients may rely on none of this but the order.
const head = 2n << 184n;
const creationShift = 148n;
const counterShift = 84n;
const arrivalShift = 48n;
const indexShift = 4n;
const version = 2n;
const oneCount = 1n << counterShift;

/** The parts of a number of ours. */
export interface SequenceParts {
  readonly creationSecond: number;
  readonly counter: bigint;
  readonly shardIndex: number;
}

/** Gives out the numbers of one shard, strictly rising. */
export class SequenceNumbers {
  readonly #fixed: bigint;
  #counter = 0n;
  #second: number;
  #current: bigint;

  constructor(creationSecond: number, shardIndex: number) {
    this.#fixed =
      head | (BigInt(creationSecond) << creationShift) | (BigInt(shardIndex) << indexShift) | version;
    this.#second = creationSecond;
    this.#current = this.#at(creationSecond);
  }

  #at(second: number): bigint {
    return this.#fixed | (this.#counter << counterShift) | (BigInt(second) << arrivalShift);
  }

  /** The next number, for a record that arrives in this second. */
  next(second: number): string {
    this.#counter += 1n;
    if (second === this.#second) this.#current += oneCount;
    else {
      this.#second = second;
      this.#current = this.#at(second);
    }
    return this.#current.toString();
  }

  /** A number after every record so far and before every later one: a continuation when nothing arrived. */
  here(second: number): string {
    return this.#at(Math.max(second, this.#second)).toString();
  }
}

/** Takes a number apart; undefined when it cannot be one of ours. */
export function parseSequenceNumber(text: string): SequenceParts | undefined {
  if (!/^[1-9]\d{55}$/u.test(text)) return undefined;
  const value = BigInt(text);
  if (value >> 184n !== 2n || (value & 15n) !== version) return undefined;
  return {
    creationSecond: Number(BigInt.asUintN(36, value >> creationShift)),
    counter: BigInt.asUintN(64, value >> counterShift),
    shardIndex: Number(BigInt.asUintN(32, value >> indexShift)),
  };
}
