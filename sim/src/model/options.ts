/** One variant of the protocol, and the bounds within which every interleaving of it is walked. */
export interface ModelOptions {
  /** Records in the shard. */
  readonly records: number;
  /** Upper bound of the lease counter, and with it of the lease writes. */
  readonly maxCounter: number;
  readonly workers: number;
  /** Whether the range is stored in the lease before the first write. */
  readonly prepare: boolean;
  /** What a key names: both ends of the range, or only its start. */
  readonly key: "range" | "start";
  /** Whether the next owner throws an inherited range away. */
  readonly heirDiscards: boolean;
  /** Whether objects are created only where there is none (If-None-Match), instead of overwritten. */
  readonly ifNoneMatch: boolean;
  /** Whether a lease write needs the counter that its writer saw last. */
  readonly conditional: boolean;
  /**
   * `one`: a batch is one object. `two`: its records go to two objects, and who transforms them again may choose otherwise.
   * `staged`: as `two`, but the choice is stored by one conditional write first.
   */
  readonly objects: "one" | "two" | "staged";
  /** Whether the prepare stores each record's object, which the next owner then obeys. */
  readonly outcomesStored: boolean;
}

/** The protocol as it is, in the smallest bounds that show every fault. */
export const PROTOCOL: ModelOptions = {
  records: 3,
  maxCounter: 7,
  workers: 2,
  prepare: true,
  key: "range",
  heirDiscards: false,
  ifNoneMatch: true,
  conditional: true,
  objects: "one",
  outcomesStored: false,
};
