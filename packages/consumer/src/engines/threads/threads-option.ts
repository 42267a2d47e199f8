import { wholeNumber, invalidOption } from "@kinesis-connectors/core";

import { isModule } from "../pipeline-module.js";

// Far more than the cores of any machine that a connector is worth running on; each thread holds its own connections and code.
const MAX_THREADS = 64;

/** Options of the connector that `threads` is checked against. */
export interface ThreadsOptions {
  readonly threads?: number;
  readonly pipeline: unknown;
  readonly clients?: { readonly kinesis?: unknown };
  readonly kinesisApi?: unknown;
  readonly clock?: unknown;
  readonly random?: unknown;
}

/**
 * The option `threads`, held against those that cannot travel into a thread.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function threadsOf(options: ThreadsOptions): number | undefined {
  if (options.threads === undefined) return undefined;
  const threads = wholeNumber("threads", options.threads, { min: 1, max: MAX_THREADS });
  if (!isModule(options.pipeline)) {
    throw invalidOption(
      'threads needs pipeline to be a module that each thread can import: give new URL("./pipeline.js", import.meta.url), whose default ' +
        "export is the pipeline",
    );
  }
  const stays = [
    ["clients.kinesis", options.clients?.kinesis, "give region, endpoints and credentials instead"],
    ["kinesisApi", options.kinesisApi, "it runs without threads only"],
    ["clock", options.clock, "it runs without threads only"],
    ["random", options.random, "it runs without threads only"],
  ] as const;
  for (const [option, value, cure] of stays)
    if (value !== undefined)
      throw invalidOption(`${option} cannot travel into the threads of threads: ${cure}`);
  return threads;
}
