import { resolve } from "node:path";
import { loadConfig, type LoadedConfig } from "@kinesis-connectors/config";
import type { Pipeline } from "@kinesis-connectors/core";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";

/** The pipeline of a connector's file, to run something else through. */
export interface FilePipeline {
  readonly application: string;
  readonly pipeline: Pipeline<unknown, unknown, unknown, unknown>;
  /** Name or ARN of the stream, as the file has it. */
  readonly stream: Pick<LoadedConfig["options"], "stream" | "streamArn">;
  /** What it writes to, in a word, for whoever watches. */
  readonly emitter: string;
  /** Closes what was made for a run that does not come. */
  readonly close: () => Promise<void>;
}

/**
 * The pipeline of the file that --config names, made in this thread.
 * @throws CliError `KC_USAGE` without --config, or where the command line names another application than the file
 */
export async function pipelineOf(
  { cwd, env }: CliContext,
  config: string | undefined,
  application: string | undefined,
): Promise<FilePipeline> {
  if (config === undefined)
    throw new CliError("KC_USAGE", "no pipeline is named: give --config with the connector's file");
  const loaded = await loadConfig(resolve(cwd, config), env === process.env ? {} : { env });
  const { options, redacted, close } = loaded;
  try {
    if (application !== undefined && application !== loaded.application)
      throw new CliError(
        "KC_USAGE",
        `${config} is the file of ${loaded.application}, and APP says ${application}: leave APP out, or name its file`,
      );
    const { stream, streamArn } = options;
    return {
      application: loaded.application,
      pipeline: await made(options.pipeline),
      stream: {
        ...(stream === undefined ? {} : { stream }),
        ...(streamArn === undefined ? {} : { streamArn }),
      },
      emitter: wordsOf(redacted),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A file with threads names a module, whose function makes the pipeline wherever it is called. */
async function made(pipeline: LoadedConfig["options"]["pipeline"]): Promise<FilePipeline["pipeline"]> {
  if (typeof pipeline !== "string" && !(pipeline instanceof URL)) return pipeline;
  const module: { readonly default: () => Promise<FilePipeline["pipeline"]> } = await import(
    String(pipeline)
  );
  return await module.default();
}

/** `s3 orders/archive`: what is plain text of the emitter's options. */
function wordsOf(config: unknown): string {
  const { emitter } = (config ?? {}) as { readonly emitter?: Readonly<Record<string, unknown>> };
  const text = (name: string): string => (typeof emitter?.[name] === "string" ? emitter[name] : "");
  const place = [text("bucket") || text("table") || text("index") || text("stream"), text("prefix")]
    .filter((one) => one !== "")
    .join("/");
  return [text("type"), place].filter((one) => one !== "").join(" ");
}
