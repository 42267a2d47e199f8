import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { asError, KinesisConnectorError, type Pipeline } from "@kinesis-connectors/core";
import { loadConfig } from "@kinesis-connectors/config";
import type { Job } from "./protocol.js";

/** A pipeline of which only one thing is known: that it is one. */
export type AnyPipeline = Pipeline<unknown, unknown, unknown, unknown>;

/**
 * The pipeline of a module or of a connector's file.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` where there is none; what the module throws
 */
export async function loadPipeline(from: Job["pipeline"]): Promise<AnyPipeline> {
  if ("module" in from) return imported(pathToFileURL(from.module).href, from.module);
  const { options } = await loadConfig(from.config);
  const { pipeline } = options;
  if (typeof pipeline === "string" || pipeline instanceof URL) return imported(String(pipeline), from.config);
  return pipeline;
}

async function imported(url: string, shown: string): Promise<AnyPipeline> {
  let module: { readonly default?: unknown };
  try {
    module = (await import(url)) as { readonly default?: unknown };
  } catch (thrown) {
    if (KinesisConnectorError.isInstance(thrown)) throw thrown;
    const { name, message } = asError(thrown);
    throw invalid(`${named(shown)} cannot be imported (${name}: ${message})`, thrown);
  }
  const exported = module.default;
  const pipeline: unknown = typeof exported === "function" ? await (exported as () => unknown)() : exported;
  if (isPipeline(pipeline)) return pipeline;
  throw invalid(
    `${named(shown)}: its default export must be what definePipeline({ ... }) returns, or a function without arguments that returns it`,
  );
}

function named(path: string): string {
  return isAbsolute(path) ? `the module ${path}` : path;
}

function invalid(message: string, cause?: unknown): KinesisConnectorError {
  return new KinesisConnectorError("KC_OPTION_INVALID", message, cause === undefined ? {} : { cause });
}

function isPipeline(value: unknown): value is AnyPipeline {
  return (
    typeof value === "object" &&
    value !== null &&
    "createBuffer" in value &&
    typeof value.createBuffer === "function"
  );
}
