import type { CompressedOptions, JsonOptions } from "@kinesis-connectors/core";
import type { Condition, ModuleFunction } from "@kinesis-connectors/core/config";

/** Records that may be compressed. */
export interface CompressibleConfig {
  /**
   * Whether records may be compressed with gzip, zlib or zstd, each for itself, which is told by their first bytes; those that are not are decoded as they are.
   * `{ maxBytes }`: a record that comes to more is poison. Default false; 64 MiB where it is true.
   */
  readonly compressed?: boolean | CompressedOptions;
}

/** Each record is one JSON document. */
export interface JsonTransformConfig extends JsonOptions, CompressibleConfig {
  readonly decode: "json";
  /** A document that is an array holds several models, each of which goes its own way. Default false: an array is one model. */
  readonly many?: boolean;
  /**
   * `model`: the decoded document goes to the destination. `original`: the record's own bytes do, untouched, and what was decoded serves the filter alone.
   * Default `model`.
   */
  readonly output?: "model" | "original";
}

/** Each record holds JSON documents, one a line or back to back, and each of them goes its own way. */
export interface JsonLinesTransformConfig extends JsonOptions, CompressibleConfig {
  readonly decode: "json-lines";
}

/** Each record is one text in UTF-8. */
export interface TextTransformConfig extends CompressibleConfig {
  readonly decode: "text";
}

/** Each record's bytes, untouched. */
export interface BytesTransformConfig extends CompressibleConfig {
  readonly decode: "bytes";
}

/** How records are decoded: by a name, or by a module whose default export is a transformer, or a function of the record that gives what is written. */
export type TransformConfig =
  | JsonTransformConfig
  | JsonLinesTransformConfig
  | TextTransformConfig
  | BytesTransformConfig
  | ModuleFunction;

/** What is kept: a condition on fields of the model, or a module's function of model and record. */
export type FilterConfig = Condition | ModuleFunction;
