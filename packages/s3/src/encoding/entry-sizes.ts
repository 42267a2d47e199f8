import { type BufferEntry, dataBytesOf, type KinesisRecord } from "@kinesis-connectors/core";
import type { Compression } from "../compression/compression.js";
import { encode } from "../formats/encode.js";
import type { Format } from "../formats/format.js";
import { SizeEstimate } from "./size-estimate.js";

/** So much of the first outputs says well enough what format and compression make of the rest: a columnar format needs some thousand rows. */
const SAMPLE_BYTES = 1024 * 1024;
/** Of an object that should be small the sample is a part of it. */
const SAMPLES_PER_OBJECT = 4;

/** Sizes of outputs that wait for their batch as entries, as they will be in the bucket: estimated by what came of those before. */
export class EntrySizes<Output> {
  readonly #format: Format<Output>;
  readonly #compression: Compression;
  readonly #estimate = new SizeEstimate();
  readonly #sampleBytes: number;
  /** The first outputs, until there are enough of them to be tried; undefined afterwards. */
  #sample: BufferEntry<Output>[] | undefined = [];
  #sampledBytes = 0;

  /** @param targetBytes how large objects should become, where somebody said */
  constructor(
    format: Format<Output>,
    compression: Compression,
    targetBytes: number = Number.MAX_SAFE_INTEGER,
  ) {
    this.#format = format;
    this.#compression = compression;
    this.#sampleBytes = Math.min(SAMPLE_BYTES, Math.ceil(targetBytes / SAMPLES_PER_OBJECT));
  }

  /** The size of an output before compression, in bytes, as far as it is known. */
  counted(output: Output, record: KinesisRecord): number {
    return this.#format.sizeOf?.(output) ?? dataBytesOf(record);
  }

  /** The bytes that an output will take of its object. */
  estimated(output: Output, record: KinesisRecord): number {
    const bytes = this.counted(output, record);
    if (this.#sample !== undefined) this.#createWriter({ output, record, bytes }, this.#sample);
    return this.#estimate.of(bytes);
  }

  /** Learns from a written object. */
  learn(entries: readonly BufferEntry<Output>[], objectBytes: number): void {
    let bytes = 0;
    for (const { output, record } of entries) bytes += this.counted(output, record);
    this.#estimate.learn(bytes, objectBytes);
    this.#sample = undefined;
  }

  #createWriter(entry: BufferEntry<Output>, sample: BufferEntry<Output>[]): void {
    sample.push(entry);
    this.#sampledBytes += entry.bytes;
    if (this.#sampledBytes < this.#sampleBytes) return;
    this.#sample = undefined;
    this.#try(sample).catch(() => {
      // What is wrong with them will be said of a whole object.
    });
  }

  /** Makes an object of them that is written nowhere. */
  async #try(sample: readonly BufferEntry<Output>[]): Promise<void> {
    const { signal } = new AbortController();
    const { bytes, refused } = await encode(sample, this.#format, signal);
    if (refused.length === sample.length || bytes.length === 0) return;
    const { length } = await this.#compression.compress(bytes);
    this.#estimate.learn(this.#sampledBytes, length);
  }
}
