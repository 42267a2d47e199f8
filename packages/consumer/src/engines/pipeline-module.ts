import { fileURLToPath } from "node:url";

import { asError, KinesisConnectorError, type Pipeline } from "@kinesis-connectors/core";

/**
 * The module of a pipeline, for threads that have to make it themselves: the `file:` URL of a module, as an object or as text, whose default
 * export is what `definePipeline` returned, or a function without arguments that returns it, or a promise of it.
 */
export type PipelineModule = URL | string;

/** A pipeline of which only one thing is known: that it is one. */
export type AnyPipeline = Pipeline<unknown, unknown, unknown, unknown>;

/** Whether the option `pipeline` names a module. */
export function isModule(pipeline: unknown): pipeline is PipelineModule {
  return typeof pipeline === "string" || pipeline instanceof URL;
}

/**
 * The module's URL, checked.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`
 */
export function moduleUrl(pipeline: PipelineModule): URL {
  const text = String(pipeline);
  if (URL.canParse(text)) {
    const url = new URL(text);
    if (url.protocol === "file:") return url;
  }
  throw new KinesisConnectorError(
    "KC_OPTION_INVALID",
    'pipeline names a module by something that is no file: URL; write new URL("./pipeline.js", import.meta.url)',
  );
}

/**
 * Imports the module in this thread and makes its pipeline.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` when there is no such module, or no pipeline in it; what its function throws
 */
export async function loadPipeline(module: URL): Promise<AnyPipeline> {
  const exported = await importDefault(module);
  const pipeline: unknown = typeof exported === "function" ? await exported() : exported;
  if (isPipeline(pipeline)) return pipeline;
  throw new KinesisConnectorError(
    "KC_OPTION_INVALID",
    `pipeline: the default export of ${fileURLToPath(module)} must be what definePipeline({ ... }) returns, or a function that returns it`,
  );
}

/** Whether it is what `definePipeline` returns. */
export function isPipeline(value: unknown): value is AnyPipeline {
  return (
    typeof value === "object" &&
    value !== null &&
    "createBuffer" in value &&
    typeof value.createBuffer === "function"
  );
}

async function importDefault(module: URL): Promise<unknown> {
  try {
    const { default: exported }: { default?: unknown } = await import(module.href);
    return exported;
  } catch (thrown) {
    // What the module says itself, of a bad option for example, is better than anything said here.
    if (KinesisConnectorError.isInstance(thrown)) throw thrown;
    throw new KinesisConnectorError(
      "KC_OPTION_INVALID",
      `pipeline: the module ${fileURLToPath(module)} cannot be imported (${asError(thrown).name}); see the cause`,
      { cause: thrown },
    );
  }
}
