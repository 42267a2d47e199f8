// What each worker thread imports: the pipeline of the file that this module's own URL names.
import type { ConnectorOptions } from "@kinesis-connectors/consumer";
import { invalidOption } from "@kinesis-connectors/core";
import { build } from "./building/build.js";
import { ConfigError } from "./document/problem.js";
import { checkFile } from "./parts/checked-file.js";
import { importPart } from "./parts/import-part.js";

/** Makes the pipeline in the thread that calls it. */
export default async function pipelineOfFile(): Promise<
  ConnectorOptions<unknown, unknown, unknown, unknown>["pipeline"]
> {
  const file = new URL(import.meta.url).searchParams.get("file");
  if (file === null) throw invalidOption("pipeline names a module of the config package without its file");
  const { options, problems, close } = await build(await checkFile(file, process.env, importPart));
  if (options !== undefined && problems.length === 0) return options.pipeline;
  await close();
  throw new ConfigError(problems);
}
