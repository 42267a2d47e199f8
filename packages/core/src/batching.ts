import { partitionBroken } from "./guards/blame.js";
import { KinesisConnectorError } from "./errors.js";
import type { KinesisRecord } from "./record.js";

/**
 * Demands of an emitter on its batches, beside the thresholds of the buffer. A batch stays one contiguous range of its shard:
 * nothing here lets a part of it go earlier than the rest, so a batch is always flushed whole.
 */
export interface Batching<Output> {
  /**
   * The partition in which an output goes, for destinations that write several objects per batch. Called once per output when it is taken in; the name
   * stays with the entry (`BufferEntry.partition`). What it throws makes the record poison.
   */
  readonly partitionOf?: (output: Output, record: KinesisRecord) => string;
  /** Distinct partitions in a batch. Default 500. */
  readonly maxPartitions?: number;
  /** The fate of a record that would open one more partition: the batch is flushed before it (`flush`, default), or it becomes a dead letter. */
  readonly onPartitionFlood?: "flush" | "dead-letter";
  /**
   * A batch is flushed when one of its partitions, or the whole where there are none, has come to this many bytes as `sizeOf` counts them. Where it is
   * given, a pipeline that sets no `maxRecords` and `maxBytes` of its own has none.
   */
  readonly targetBytes?: number;
  /** A batch that is due by age waits until it holds this many bytes for each of its partitions, at most `maxWaitMs`. */
  readonly minBytes?: number;
  /** The longest wait of such a batch, in milliseconds since its first record. Needed with `minBytes`. */
  readonly maxWaitMs?: number;
}

/** Distinct partitions in a batch where the emitter does not say: Firehose's number of active partitions per stream. */
const DEFAULT_MAX_PARTITIONS = 500;

interface Partition {
  readonly name: string;
  bytes: number;
}

/** The partitions of the batch that is being filled, and how large each has become. */
export class OpenPartitions<Output> {
  readonly #batching: Batching<Output>;
  readonly #maxPartitions: number;
  /** Whether anybody asks: most emitters do not, and counting costs as much as a small filter. */
  readonly #isCounting: boolean;
  readonly #open = new Map<string, Partition>();
  /** The partitions of the outputs of one record: one array for all records. */
  readonly #names: string[] = [];
  #added = 0;
  #bytes = 0;
  #largestBytes = 0;

  constructor(batching: Batching<Output> = {}) {
    this.#batching = batching;
    const { partitionOf, targetBytes, minBytes } = batching;
    this.#isCounting = partitionOf !== undefined || targetBytes !== undefined || minBytes !== undefined;
    this.#maxPartitions = batching.maxPartitions ?? DEFAULT_MAX_PARTITIONS;
  }

  /**
   * Finds the partitions of a record's outputs.
   * @throws KinesisConnectorError `KC_RECORD_POISON` when they are too many and the policy is to set such records aside; or what `partitionOf` throws
   */
  name(record: KinesisRecord, outputs: readonly Output[]): void {
    const { partitionOf, onPartitionFlood } = this.#batching;
    if (partitionOf === undefined) return;
    this.#added = 0;
    this.#names.length = 0;
    for (let index = 0; index < outputs.length; index += 1) {
      const name = partitionOf(outputs[index] as Output, record);
      if (typeof name !== "string") throw partitionBroken(name);
      const known = this.#open.get(name)?.name;
      if (known === undefined && !this.#names.includes(name)) this.#added += 1;
      // The name that is kept already, so that a million entries do not keep a million equal texts.
      this.#names[index] = known ?? name;
    }
    if (this.#isFlood && onPartitionFlood === "dead-letter") {
      throw new KinesisConnectorError(
        "KC_RECORD_POISON",
        `the record opens more than ${this.#maxPartitions} partitions in one batch; partition by something with fewer values, or raise maxPartitions`,
      );
    }
  }

  /** Whether the batch has to end before the record named last. An empty batch takes any record. */
  get overflows(): boolean {
    return this.#open.size > 0 && this.#isFlood;
  }

  /** The partition of an output of the record named last, undefined where there are none. */
  nameAt(index: number): string | undefined {
    return this.#batching.partitionOf === undefined ? undefined : this.#names[index];
  }

  /** Counts an output of the record named last; returns its partition, undefined where there are none. */
  add(index: number, bytes: number): string | undefined {
    if (!this.#isCounting) return undefined;
    const name = this.#batching.partitionOf === undefined ? "" : (this.#names[index] as string);
    let partition = this.#open.get(name);
    if (partition === undefined) {
      partition = { name, bytes: 0 };
      this.#open.set(name, partition);
    }
    partition.bytes += bytes;
    this.#bytes += bytes;
    if (partition.bytes > this.#largestBytes) this.#largestBytes = partition.bytes;
    return this.#batching.partitionOf === undefined ? undefined : partition.name;
  }

  /** Whether a partition has come to the size that the emitter aims at. */
  get isOnTarget(): boolean {
    const { targetBytes } = this.#batching;
    return targetBytes !== undefined && this.#largestBytes >= targetBytes;
  }

  /** Until when a batch that is due by age waits for more, given when it was opened; undefined when it need not. */
  waitsUntilMs(openedMs: number): number | undefined {
    const { minBytes = 0, maxWaitMs = 0 } = this.#batching;
    return this.#open.size > 0 && this.#bytes < minBytes * this.#open.size ? openedMs + maxWaitMs : undefined;
  }

  /** Begins the next batch. */
  clear(): void {
    this.#open.clear();
    this.#bytes = 0;
    this.#largestBytes = 0;
  }

  get #isFlood(): boolean {
    return this.#open.size + this.#added > this.#maxPartitions;
  }
}
