import type { JsonOptions } from "@kinesis-connectors/core";
import type { Condition, ModuleFunction } from "@kinesis-connectors/core/config";

/** Each record is one JSON document. */
export interface JsonTransformConfig extends JsonOptions {
  readonly decode: "json";
  /** A document that is an array holds several models, each of which goes its own way. Default false: an array is one model. */
  readonly many?: boolean;
  /**
   * `model`: the decoded document goes to the destination. `original`: the record's own bytes do, untouched, and what was decoded serves the filter alone.
   * Default `model`.
   */
  readonly output?: "model" | "original";
}

/** Each record is one text in UTF-8. */
export interface TextTransformConfig {
  readonly decode: "text";
}

/** Each record's bytes, untouched. */
export interface BytesTransformConfig {
  readonly decode: "bytes";
}

/** How records are decoded: by a name, or by a module whose default export is a transformer, or a function of the record that gives what is written. */
export type TransformConfig =
  | JsonTransformConfig
  | TextTransformConfig
  | BytesTransformConfig
  | ModuleFunction;

/** What is kept: a condition on fields of the model, or a module's function of model and record. */
export type FilterConfig = Condition | ModuleFunction;
