import type { Emitter, EncodedOutputs, BatchWriter, KinesisRecord } from "@kinesis-connectors/core";
import { ndjson, ObjectWriter } from "@kinesis-connectors/s3";
import type { Meter } from "../rows/meter.js";

/** Lines are handed over in pieces of this size, as the S3 emitter hands them to its compression. */
const PIECE_BYTES = 1024 * 1024;
/** So that the last line of a piece does not make its buffer grow. */
const ROOM_BYTES = 64 * 1024;

/** Makes lines of outputs as they come, as the S3 emitter does, and drops them. Counts a batch once it is emitted. */
export function linesEmitter<Output>(meter: Meter): Emitter<Output> {
  return {
    capabilities: { duplicates: "possible", ordering: "shard" },
    createWriter: () => new LinesWriter(meter),
    emit: (batch) => {
      (batch.encoded as Lines | undefined)?.touch();
      meter.page(batch.recordCount);
      return Promise.resolve({ failed: [] });
    },
  };
}

/** The lines of a batch, but for the pieces that are gone already. */
class Lines implements EncodedOutputs {
  readonly count: number;
  readonly #rest: ObjectWriter;
  readonly #meter: Meter;

  constructor(count: number, rest: ObjectWriter, meter: Meter) {
    this.count = count;
    this.#rest = rest;
    this.#meter = meter;
  }

  touch(): void {
    this.#meter.touch(this.#rest.bytes());
  }

  readonly discard = (): void => undefined;
}

class LinesWriter<Output> implements BatchWriter<Output> {
  readonly #format = ndjson();
  readonly #meter: Meter;
  #writer = new ObjectWriter(PIECE_BYTES + ROOM_BYTES);
  #count = 0;
  #stagedCount = 0;
  /** Length of what is kept: what is behind it is staged. */
  #keptBytes = 0;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  readonly write = (output: Output): number => this.#write(output);

  readonly writeData = (record: KinesisRecord): number => {
    const { page } = record;
    return this.#write(page === undefined ? record.data : page.subarray(record.dataStart, record.dataEnd));
  };

  readonly keep = (): void => {
    this.#count += this.#stagedCount;
    this.#stagedCount = 0;
    this.#keptBytes = this.#writer.length;
    if (this.#keptBytes < PIECE_BYTES) return;
    this.#meter.touch(this.#writer.bytes());
    this.#writer.truncate(0);
    this.#keptBytes = 0;
  };

  readonly drop = (): void => {
    this.#stagedCount = 0;
    this.#writer.truncate(this.#keptBytes);
  };

  readonly heldBytes = (): number => this.#writer.length;

  readonly drain = (): EncodedOutputs => {
    const staged = Buffer.from(this.#writer.bytes().subarray(this.#keptBytes));
    this.#writer.truncate(this.#keptBytes);
    const lines = new Lines(this.#count, this.#writer, this.#meter);
    this.#writer = new ObjectWriter(PIECE_BYTES + ROOM_BYTES);
    this.#writer.writeBytes(staged);
    this.#count = 0;
    this.#keptBytes = 0;
    return lines;
  };

  readonly close = (): void => undefined;

  #write(output: unknown): number {
    const before = this.#writer.length;
    this.#format.write(output, this.#writer);
    this.#stagedCount += 1;
    return this.#writer.length - before;
  }
}
