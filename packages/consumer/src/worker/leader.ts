import type { Lease } from "@kinesis-connectors/leases";

// amazon-kinesis-client `DeterministicShuffleShardSyncLeaderDecider`: every worker shuffles the owners with this seed.
const SEED = 1947n;
const MULTIPLIER = 0x5deece66dn;
const ADDEND = 0xbn;
const MASK = (1n << 48n) - 1n;

/** `java.util.Random`, as far as `Collections.shuffle` needs it: a linear congruential generator of 48 bits (its API documentation). */
class JavaRandom {
  #seed: bigint;

  constructor(seed: bigint) {
    this.#seed = (seed ^ MULTIPLIER) & MASK;
  }

  nextInt(bound: number): number {
    if ((bound & -bound) === bound) return Number((BigInt(bound) * BigInt(this.#bits31())) >> 31n);
    for (;;) {
      const bits = this.#bits31();
      const value = bits % bound;
      // Java looks for an overflow of 32 bits here, to drop the uneven rest of the range.
      if (bits - value + (bound - 1) <= 0x7fffffff) return value;
    }
  }

  #bits31(): number {
    this.#seed = (this.#seed * MULTIPLIER + ADDEND) & MASK;
    return Number(this.#seed >> 17n);
  }
}

/** `Collections.shuffle(sorted, new Random(1947))`: the order that all workers of a fleet agree on. */
export function javaShuffled(sorted: readonly string[]): readonly string[] {
  const random = new JavaRandom(SEED);
  const items = [...sorted];
  for (let size = items.length; size > 1; size -= 1) {
    const other = random.nextInt(size);
    const last = items[size - 1];
    const chosen = items[other];
    if (last === undefined || chosen === undefined) break;
    items[size - 1] = chosen;
    items[other] = last;
  }
  return items;
}

/**
 * Who audits the leases and repairs holes: the first of the shuffled owners. Java sorts by UTF-16 code units, as `<` on strings does
 * here. Undefined when no lease has an owner: then every worker may.
 */
export function electedLeader(leases: readonly Lease[]): string | undefined {
  const owners = new Set<string>();
  for (const { owner } of leases) if (owner !== undefined) owners.add(owner);
  const sorted = [...owners].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return javaShuffled(sorted)[0];
}
