import { compressionOf, inflate } from "../compression/inflate.js";
import { checkOptions, type OptionNames } from "../known-options.js";
import { isPromise, type MaybePromise } from "../maybe-promise.js";
import { invalidOption } from "../errors.js";
import { wholeNumber } from "../options.js";
import type { KinesisRecord } from "../record.js";
import { type DecodingTransformer, decodingOf } from "../transformer.js";
import { bufferOf } from "./record-text.js";

/** Options of `compressed`. */
export interface CompressedOptions {
  /** A record that comes to more bytes is poison, and no more memory than this is spent on it. Default 64 MiB. */
  readonly maxBytes?: number;
}

const COMPRESSED_OPTIONS: OptionNames<CompressedOptions> = { maxBytes: true };

/**
 * Records that are compressed, each for itself, with gzip, zlib or zstd: told by their first bytes, so a stream may hold all of them, and records that are not
 * compressed go on as they are. `inner` decodes what was compressed: `compressed(json<Order>())`.
 *
 * Data that are damaged, cut short, followed by something else or larger than `maxBytes` make the record poison (`KC_RECORD_POISON`), with its bytes as they came.
 * `.original()` passes on what was compressed; `.to(...)` is given the record as it came.
 *
 * zstd needs Node 22.15 or newer, or the package `@hpcc-js/wasm-zstd` beside this one; without either the first such record stops its shard (`KC_OPTION_INVALID`).
 * A frame of zstd without a checksum, which most libraries write unless told otherwise, may be damaged within and decode all the same; gzip and zlib have one always.
 * A text that begins with the two bytes of zlib (`x^`, for one) is taken for it.
 *
 * @example
 * ```ts
 * const archive = definePipeline({
 *   transformer: compressed(json<Order>()),
 *   emitter: s3Emitter({ bucket: "orders", format: ndjson() }),
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function compressed<Model>(
  inner: DecodingTransformer<Model>,
  options: CompressedOptions = {},
): DecodingTransformer<Model> {
  checkOptions("compressed", options, COMPRESSED_OPTIONS);
  const maxBytes = wholeNumber("maxBytes", options.maxBytes ?? DEFAULT_MAX_BYTES, { min: 1 });
  if (typeof inner?.toModel !== "function" || typeof inner.original !== "function")
    throw invalidOption(
      "compressed takes a decoding transformer, such as json(), and .to(...) comes behind it: compressed(json()).to(...)",
    );
  const seen = inner.original();
  const inside =
    <Result>(of: (record: KinesisRecord) => MaybePromise<Result>) =>
    (record: KinesisRecord): MaybePromise<Result> => {
      const data = inflated(record, maxBytes);
      return isPromise(data) ? data.then(of) : of(data);
    };
  return decodingOf<Model>(
    inside(inner.toModel),
    inside(seen.toModel),
    // Decompressed once more: nothing is kept between the two, and the filter has dropped by then what nobody wants. No transformer of `original()` looks at the
    // model.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    inside((record) => seen.fromModel(undefined as Model, record)),
  );
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

function inflated(record: KinesisRecord, maxBytes: number): MaybePromise<KinesisRecord> {
  const { page, dataStart, dataEnd } = record;
  const data = page === undefined ? bufferOf(record.data) : page.subarray(dataStart, dataEnd);
  const compression = compressionOf(data);
  if (compression === undefined) return record;
  const made = inflate(compression, data, maxBytes);
  return isPromise(made) ? made.then((bytes) => withData(record, bytes)) : withData(record, made);
}

function withData(record: KinesisRecord, data: Buffer): KinesisRecord {
  const { sequenceNumber, subSequenceNumber, partitionKey, explicitHashKey, arrivalTimeMs } = record;
  return { sequenceNumber, subSequenceNumber, partitionKey, explicitHashKey, arrivalTimeMs, data };
}
