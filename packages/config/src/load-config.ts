import { resolve } from "node:path";
import type { StartFault } from "@kinesis-connectors/consumer";
import type { ConfigDocument } from "./document/config-document.js";
import type { Path } from "./document/path.js";
import type { Env } from "./document/variables.js";
import { checkOptions, type OptionNames, silentLogger } from "@kinesis-connectors/core";
import { build, type Built } from "./building/build.js";
import { given } from "./building/given.js";
import { optionProblem } from "./building/option-problem.js";
import { sourceOptions } from "./building/source-options.js";
import { type CheckedFile, checkFile, inOrder } from "./parts/checked-file.js";
import type { LoadedConfig, LoadedSource, LoadOptions } from "./loaded-config.js";
import { importPart as importInstalled, type ImportPart } from "./parts/import-part.js";
import { leaseStoreFault } from "./parts/lease-store.js";
import { ConfigError, type Problem } from "./document/problem.js";

/**
 * Reads a file of YAML or JSON, checks everything in it, and makes the connector's options out of it. Nothing is sent to anybody.
 *
 * @example
 * ```ts
 * const { options } = await loadConfig("pipeline.yaml");
 * const connector = await startConnector({ ...options, signal });
 * await connector.done;
 * ```
 * @throws ConfigError (`KC_OPTION_INVALID`) with all that is wrong, each with its line and column
 */
export async function loadConfig(file: string, options: LoadOptions = {}): Promise<LoadedConfig> {
  checkOptions("loadConfig", options, LOAD_NAMES);
  return loadWith(file, options, importInstalled);
}

/** Options of `validateConfig`. */
export interface ValidateOptions extends LoadOptions {
  /** Asks the destinations, the stream and the lease table whether they would work, as a start does: their tables, buckets and rights. It creates neither stream nor table. Default false: nothing is sent. */
  readonly online?: boolean;
  /** Ends what `online` asks. */
  readonly signal?: AbortSignal;
}

const LOAD_NAMES: OptionNames<LoadOptions> = { env: true, logger: true };
const VALIDATE_NAMES: OptionNames<ValidateOptions> = { ...LOAD_NAMES, online: true, signal: true };

/**
 * All that is wrong with a file; empty for one that `loadConfig` takes.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` where an option is not one; what is wrong with the file is given back
 */
export async function validateConfig(
  file: string,
  options: ValidateOptions = {},
): Promise<readonly Problem[]> {
  checkOptions("validateConfig", options, VALIDATE_NAMES);
  return validateWith(file, options, importInstalled);
}

/**
 * Reads what a file says of the stream and the lease table. Its destinations need not be installed.
 * @throws ConfigError (`KC_OPTION_INVALID`)
 */
export async function loadSource(file: string, options: LoadOptions = {}): Promise<LoadedSource> {
  checkOptions("loadSource", options, LOAD_NAMES);
  const { env = process.env } = options;
  const { document, config, redacted, secrets } = await checkFile(file, env, undefined);
  const { application, leaseTable = application, leases, admin, source } = config;
  const isNamed = typeof leaseTable === "string";
  try {
    const { stream, streamArn, region, endpoints, allowInsecure, proxy, credentials, wireFormat } =
      await sourceOptions(source);
    return {
      ...given({
        stream,
        streamArn,
        region,
        endpoints,
        allowInsecure,
        proxy,
        credentials,
        wireFormat,
        leases,
      }),
      application,
      leaseTable: isNamed ? leaseTable : undefined,
      leaseStore: isNamed ? undefined : leaseTable,
      admin,
      redacted,
    };
  } catch (error) {
    throw new ConfigError([optionProblem(document, error, [["source"]], secrets)]);
  }
}

/** `loadConfig`, with packages from where `importPart` has them. */
export async function loadWith(
  file: string,
  { env = process.env, logger }: LoadOptions,
  importPart: ImportPart,
): Promise<LoadedConfig> {
  const checked = await checkFile(file, env, importPart);
  const built = await build(checked, logger);
  const { config, redacted } = checked;
  const inThreads = config.threads === undefined ? built : await threaded(checked, built, env);
  const { options, close } = await completed(checked, inThreads);
  const { application, admin, telemetry } = config;
  return { file, application, options, admin, telemetry, redacted, close };
}

/** `validateConfig`, with packages from where `importPart` has them. */
export async function validateWith(
  file: string,
  { env = process.env, online = false, signal = new AbortController().signal }: ValidateOptions,
  importPart: ImportPart,
): Promise<readonly Problem[]> {
  try {
    const checked = await checkFile(file, env, importPart);
    const built = await build(checked);
    const { config } = checked;
    // What it takes in threads is known without any.
    const { close } = await completed(
      checked,
      config.threads === undefined ? built : inModule(checked, built),
    );
    try {
      return online ? await onlineProblems(checked, built, signal) : [];
    } finally {
      await close();
    }
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** The same with a pipeline that threads make for themselves. What was made here has shown that it can be made. */
async function threaded(checked: CheckedFile, built: Built, env: Env): Promise<Built> {
  const { document } = checked;
  if (env !== process.env)
    return {
      ...built,
      problems: [
        ...built.problems,
        document.problem(
          ["threads"],
          "threads look up variables in the environment of the process: set them there, and load the file without env",
        ),
      ],
    };
  if (built.problems.length > 0) return built;
  await built.close();
  return { ...inModule(checked, built), close: () => Promise.resolve() };
}

function inModule({ document, config }: CheckedFile, built: Built): Built {
  const { options } = built;
  if (options === undefined || config.threads === undefined) return built;
  const pipeline = new URL("./file-pipeline.js", import.meta.url);
  pipeline.searchParams.set("file", resolve(document.file));
  return { ...built, options: { ...options, pipeline, threads: config.threads } };
}

/** The options of all parts, which the consumer has looked at. */
async function completed(
  { document, secrets }: CheckedFile,
  { options, problems, close }: Built,
): Promise<{ readonly options: LoadedConfig["options"]; readonly close: () => Promise<void> }> {
  const found = [...problems];
  if (options !== undefined)
    try {
      // Loaded here, so that what only looks at a file does without AWS's clients.
      const { checkConnectorOptions } = await import("@kinesis-connectors/consumer");
      checkConnectorOptions(options);
      if (found.length === 0) return { options, close };
    } catch (error) {
      found.push(optionProblem(document, error, [[], ["source"]], secrets));
    }
  await close();
  throw new ConfigError(inOrder(found));
}

/** What a start would end with: at the destinations, the stream and the leases. Neither stream nor table is created. */
async function onlineProblems(
  { document, config, secrets }: CheckedFile,
  { opened, options }: Built,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  if (options !== undefined) {
    const { startFaults } = await import("@kinesis-connectors/consumer");
    for (const { part, error } of await startFaults(options, signal))
      problems.push(optionProblem(document, error, [placeOf(document, part)], secrets));
    const { leaseTable } = options;
    if (typeof config.leaseTable === "object" && typeof leaseTable === "object") {
      const error = await leaseStoreFault(leaseTable, config.leaseTable.url);
      if (error !== undefined) problems.push(optionProblem(document, error, [["leaseTable"]], secrets));
    }
  }
  for (const { root, emitter } of opened)
    try {
      await emitter.open?.({ signal, logger: silentLogger });
    } catch (error) {
      problems.push(optionProblem(document, error, [root], secrets));
    }
  return inOrder(problems);
}

/** Where the file names it: a lease table that is named nowhere is called as the application is. */
function placeOf({ has }: ConfigDocument, part: StartFault["part"]): Path {
  const places: readonly Path[] =
    part === "leaseTable"
      ? [["leaseTable"], ["application"]]
      : [
          ["source", "stream"],
          ["source", "streamArn"],
        ];
  return places.find((path) => has(path)) ?? ["source"];
}
