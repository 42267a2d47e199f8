import {
  bytes,
  decodeWith,
  type Filter,
  invalidOption,
  isPromise,
  json,
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
  switch (config.decode) {
    case "json":
      return ofJson(config);
    case "text":
      // What it decodes is what it encodes.
      return text() as AnyTransformer;
    default:
      return bytes() as AnyTransformer;
  }
}

function ofModule(found: unknown): AnyTransformer {
  if (typeof found === "function") return decodeWith(found as AnyTransformer["toModel"]);
  const { toModel, fromModel } = Object(found) as Partial<AnyTransformer>;
  if (typeof toModel === "function" && typeof fromModel === "function") return found as AnyTransformer;
  throw invalidOption(
    "module must have a transformer ({ toModel, fromModel }) as its default export, or a function of the record",
  );
}

function ofJson({ numbers, many = false, output = "model" }: Resolved<JsonTransformConfig>): AnyTransformer {
  const documents = json(numbers === undefined ? {} : { numbers });
  if (!many) return output === "original" ? documents.original() : documents;
  if (output === "original")
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
  if (!("module" in transform) && transform.decode !== "json")
    throw invalidOption(
      `path needs records with fields: transform.decode must be json, but is ${transform.decode}; or take a module`,
    );
  return predicateOf("filter", config);
}
