import {
  bytes,
  compressed,
  type CompressedOptions,
  type DecodingTransformer,
  decodeWith,
  type Filter,
  invalidOption,
  isPromise,
  json,
  jsonLines,
  type JsonOptions,
  type KinesisRecord,
  text,
  type Transformer,
} from "@kinesis-connectors/core";
import { type ConfigContext, predicateOf, type Resolved } from "@kinesis-connectors/core/config";
import type { FilterConfig, JsonTransformConfig, TransformConfig } from "../file/transform-config.js";

/** A transformer of a file: nobody knows its types. */
export type AnyTransformer = Transformer<unknown, unknown>;

/**
 * The transformer that a file describes.
 *
 * @param load the default export of a module
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export async function transformerOf(
  config: Resolved<TransformConfig>,
  load: (module: string) => Promise<unknown>,
): Promise<AnyTransformer> {
  if ("module" in config) return ofModule(await load(config.module));
  const decoded = decodingOf(config);
  const inflated = compressedBy(config.compressed, decoded);
  return isOriginal(config) ? inflated.original() : inflated;
}

/** What it decodes is what it encodes, until somebody wants the original. */
type AnyDecoding = DecodingTransformer<unknown>;

function decodingOf(config: Exclude<Resolved<TransformConfig>, { readonly module: string }>): AnyDecoding {
  switch (config.decode) {
    case "json":
      return ofJson(config);
    case "json-lines":
      return jsonLines(numbersOf(config));
    case "text":
      return text() as AnyDecoding;
    default:
      return bytes() as AnyDecoding;
  }
}

function compressedBy(given: boolean | CompressedOptions | undefined, decoded: AnyDecoding): AnyDecoding {
  if (given === undefined || given === false) return decoded;
  return given === true ? compressed(decoded) : compressed(decoded, given);
}

function ofModule(found: unknown): AnyTransformer {
  if (typeof found === "function") return decodeWith(found as AnyTransformer["toModel"]);
  const { toModel, fromModel } = Object(found) as Partial<AnyTransformer>;
  if (typeof toModel === "function" && typeof fromModel === "function") return found as AnyTransformer;
  throw invalidOption(
    "module must have a transformer ({ toModel, fromModel }) as its default export, or a function of the record",
  );
}

function isOriginal(config: Resolved<TransformConfig>): boolean {
  return "output" in config && config.output === "original";
}

function numbersOf({ numbers }: Resolved<JsonOptions>): JsonOptions {
  return numbers === undefined ? {} : { numbers };
}

function ofJson(config: Resolved<JsonTransformConfig>): AnyDecoding {
  const documents = json(numbersOf(config));
  if (config.many !== true) return documents;
  if (isOriginal(config))
    throw invalidOption(
      "output cannot be original beside many: each of a record's models would be the whole record; leave output out",
    );
  return decodeWith((record: KinesisRecord) => {
    const found = documents.toModel(record);
    // An array as one model is wrapped; here its elements are the models.
    if (isPromise(found) || !Array.isArray(found)) return found;
    return found[0] as readonly unknown[];
  });
}

/**
 * The filter that a file describes.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export async function filterOf(
  config: Resolved<FilterConfig>,
  transform: Resolved<TransformConfig>,
  context: ConfigContext,
): Promise<Filter<unknown>> {
  if ("module" in config) return context.functionOf<Filter<unknown>>(config);
  if (!("module" in transform) && transform.decode !== "json" && transform.decode !== "json-lines")
    throw invalidOption(
      `path needs records with fields: transform.decode must be json or json-lines, but is ${transform.decode}; or take a module`,
    );
  return predicateOf("filter", config);
}
