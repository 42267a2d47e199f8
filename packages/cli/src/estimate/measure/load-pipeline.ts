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
    throw invalid(`${named(shown)} cannot be imported (${name}: ${message})${cureOf(thrown)}`, thrown);
  }
  const exported = module.default;
  const pipeline: unknown = typeof exported === "function" ? await (exported as () => unknown)() : exported;
  if (isPipeline(pipeline)) return pipeline;
  throw invalid(
    `${named(shown)}: its default export must be what definePipeline({ ... }) returns, or a function without arguments that returns it`,
  );
}

/** What helps where Node's own words do not say it. */
function cureOf(thrown: unknown): string {
  switch ((thrown as { readonly code?: unknown } | undefined)?.code) {
    case "ERR_MODULE_NOT_FOUND":
      return ": packages are looked for from the folder of the module upwards, so it has to lie in a project where they are installed";
    case "ERR_UNKNOWN_FILE_EXTENSION":
      return ": TypeScript runs from Node 22.18 on; compile it for an older one";
    default:
      return "";
  }
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
