import {
  type Batch,
  type BufferEntry,
  type Emitter,
  type EncodedOutputs,
  type BatchWriter,
  KinesisConnectorError,
  type KinesisRecord,
  outputCountOf,
} from "../../src/index.js";
import type { FailWith } from "./memory-emitters.js";

/** Bytes that one encoded output is said to hold. */
export const HELD_BYTES = 100;

/** What a test may look at. */
export interface WriterLog {
  /** Gatherings begun and not closed. */
  open: number;
  /** Batches drained and not discarded. */
  undiscarded: number;
  discardedTwice: number;
  drained: number;
  /** Whether outputs hold a tenth from the second look on, as if they were compressed meanwhile. */
  shrinks?: boolean;
}

export function writerLog(): WriterLog {
  return { open: 0, undiscarded: 0, discardedTwice: 0, drained: 0 };
}

class EncodedEntries<Output> implements EncodedOutputs {
  readonly entries: readonly BufferEntry<Output>[];
  readonly #log: WriterLog;
  #isDiscarded = false;

  constructor(entries: readonly BufferEntry<Output>[], log: WriterLog) {
    this.entries = entries;
    this.#log = log;
  }

  get count(): number {
    return this.entries.length;
  }

  readonly discard = (): void => {
    if (this.#isDiscarded) this.#log.discardedTwice += 1;
    else this.#log.undiscarded -= 1;
    this.#isDiscarded = true;
  };
}

/**
 * Another emitter, given its outputs through a writer: they are taken in one by one and come back as the entries that it knows. What `failWith` sends to the
 * dead letters is refused when it is staged, as the contract of writers asks.
 */
export function writerEmitter<Output, Plan>(
  emitter: Emitter<Output, Plan>,
  log: WriterLog,
  failWith: FailWith<Output> = () => undefined,
  /** `entries`: records are kept with the outputs. `alone`: they are not. `data`: outputs that are data are copied from their pages. */
  keeping: "entries" | "alone" | "data" = "entries",
): Emitter<Output, Plan> {
  const own = (batch: Batch<Output>): Batch<Output> => {
    if (!(batch.encoded instanceof EncodedEntries)) return batch;
    const { entries } = batch.encoded as EncodedEntries<Output>;
    return { ...batch, entries };
  };
  return {
    ...emitter,
    createWriter: () => {
      const writer = new MemoryBatchWriter(emitter, log, failWith, keeping);
      // Only who has it is given records without their data.
      return keeping === "data" ? Object.assign(writer, { writeData: writer.copyData }) : writer;
    },
    plan: (batch) => {
      if (batch.encoded !== undefined && batch.entries.length > 0)
        throw new Error("an encoded batch has entries as well");
      return emitter.plan?.(own(batch)) as Plan;
    },
    emit: async (batch, context) => {
      const { failed } = await emitter.emit(own(batch), context);
      const [first] = failed;
      if (batch.encoded === undefined || first === undefined) return { failed };
      if (outputCountOf(batch) === 0) throw new Error("an empty batch is emitted");
      throw first.error;
    },
  };
}

class MemoryBatchWriter<Output> implements BatchWriter<Output> {
  readonly #emitter: Pick<Emitter<Output, never>, "sizeOf">;
  readonly #log: WriterLog;
  readonly #failWith: FailWith<Output>;
  readonly #keeping: "entries" | "alone" | "data";
  #kept: BufferEntry<Output>[] = [];
  #staged: BufferEntry<Output>[] = [];
  /** How many outputs there were when they were looked at last. */
  #seen = 0;

  constructor(
    emitter: Pick<Emitter<Output, never>, "sizeOf">,
    log: WriterLog,
    failWith: FailWith<Output>,
    keeping: "entries" | "alone" | "data",
  ) {
    this.#keeping = keeping;
    this.#emitter = emitter;
    this.#log = log;
    this.#failWith = failWith;
    log.open += 1;
  }

  readonly write = (output: Output, record: KinesisRecord, partition: string | undefined): number => {
    const bytes = this.#emitter.sizeOf?.(output, record) ?? record.data.length;
    const kept = this.#keeping === "entries" ? record : placeOf(record);
    const entry = { output, record: kept, bytes, ...(partition === undefined ? {} : { partition }) };
    this.#staged.push(entry);
    if (this.#failWith(entry, 1) === "dead-letter")
      throw new KinesisConnectorError("KC_RECORD_POISON", "the output is not taken");
    return bytes;
  };

  readonly copyData = (record: KinesisRecord): number => {
    const { page, dataStart, dataEnd } = record;
    if (page === undefined) throw new Error("the record has no page");
    const data: unknown = Uint8Array.from(page.subarray(dataStart, dataEnd));
    return this.write(data as Output, record, undefined);
  };

  readonly keep = (): void => {
    this.#kept.push(...this.#staged);
    this.#staged = [];
  };

  readonly drop = (): void => {
    this.#staged = [];
  };

  readonly heldBytes = (): number => {
    const count = this.#kept.length + this.#staged.length;
    const isKnown = this.#log.shrinks === true && count === this.#seen;
    this.#seen = count;
    return isKnown ? Math.ceil(count / 10) * HELD_BYTES : count * HELD_BYTES;
  };

  readonly drain = (): EncodedOutputs => {
    const entries = this.#kept;
    this.#kept = [];
    this.#log.drained += 1;
    this.#log.undiscarded += 1;
    return new EncodedEntries(entries, this.#log);
  };

  readonly close = (): void => {
    this.#log.open -= 1;
  };
}

/** What an emitter may keep of a record whose page goes. */
function placeOf(record: KinesisRecord): KinesisRecord {
  const { sequenceNumber, subSequenceNumber, partitionKey, arrivalTimeMs } = record;
  return { sequenceNumber, subSequenceNumber, partitionKey, arrivalTimeMs, data: new Uint8Array(0) };
}
