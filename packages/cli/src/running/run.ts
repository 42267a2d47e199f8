import { type Admin } from "@kinesis-connectors/admin";
import { ConfigError, loadConfig, type LoadedConfig } from "@kinesis-connectors/config";
import { type Connector, startConnector } from "@kinesis-connectors/consumer";
import { asCliError } from "../app/as-cli-error.js";
import type { CliContext } from "../app/context.js";
import { CliError, EXIT, shownError } from "../app/errors.js";
import { checkAdmins, startAdmins } from "./admins.js";
import { loadEnvFiles } from "./env-file.js";
import { jsonLogger, type LevelledLogger } from "./json-logger.js";
import type { LogLevel } from "./log-level.js";
import { namedFrom } from "./named-from.js";
import { type Measured, measured } from "./telemetry.js";

export interface RunFlags {
  readonly envFile?: readonly string[];
  readonly logLevel: LogLevel;
  readonly json: boolean;
}

/** A connector of a file, running. */
interface Running {
  readonly config: LoadedConfig;
  readonly connector: Connector;
  readonly telemetry: Measured;
}

/** `run FILE...`. */
export async function run(context: CliContext, flags: RunFlags, ...files: string[]): Promise<void> {
  loadEnvFiles(flags.envFile ?? [], context.cwd, process.env);
  const { out, clock } = context;
  const logger = jsonLogger((line) => out.note(line), { clock, level: flags.logLevel });
  const configs = await loadAll(context, files, logger);
  checkAdmins(configs);
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const running: Running[] = [];
  const admins: Admin[] = [];
  let hasFailed = false;
  try {
    for (const config of configs) {
      const telemetry = measured(config, out.line);
      const connector = await startConnector({
        ...config.options,
        logger,
        observe: telemetry.metrics.observe,
        signal,
      });
      telemetry.metrics.attach(connector);
      running.push({ config, connector, telemetry });
    }
    admins.push(...(await startAdmins(context, running, logger)));
    await untilDone(running, logger, () => stop.abort());
  } catch (thrown) {
    if (!context.signal.aborted) throw thrown;
    // Told to stop while it started, nothing has failed; what did not stop in time has.
    hasFailed = thrown !== context.signal.reason;
  } finally {
    stop.abort();
    await Promise.all(running.map(({ connector }) => connector.stop()));
    for (const admin of admins) await admin.close();
    for (const { telemetry } of running) telemetry.close();
    const started = new Set(running.map(({ config }) => config));
    for (const config of configs) if (!started.has(config)) await config.close();
  }
  if (flags.json) out.json({ connectors: running.map(totalsOf) });
  // A process that is told to stop, and stops, has done what it should; Ctrl-C is shown as every command shows it.
  if (!context.signal.aborted) return;
  const stopped = context.signal.reason === "SIGTERM" ? 0 : EXIT.interrupted;
  context.exitWith(hasFailed ? EXIT.failed : stopped);
}

/** All files, checked before anything is started. What is wrong with any of them is told at once. */
async function loadAll(
  { cwd }: CliContext,
  files: readonly string[],
  logger: LevelledLogger,
): Promise<readonly LoadedConfig[]> {
  const configs: LoadedConfig[] = [];
  const problems: ConfigError[] = [];
  for (const file of files)
    try {
      configs.push(await loadConfig(namedFrom(cwd, file), { logger }));
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown;
      problems.push(thrown);
    }
  const twice = configs.find(
    ({ application }, index) => configs.findIndex((other) => other.application === application) !== index,
  );
  if (problems.length === 0 && twice === undefined) return configs;
  for (const config of configs) await config.close();
  if (problems.length > 0) throw new ConfigError(problems.flatMap((error) => error.problems));
  throw new CliError(
    "KC_USAGE",
    `two files name the application ${twice?.application}: they would share one lease table; run each in a process of its own, or rename one`,
  );
}

/** Ends once all have ended. Where one fails, the others are told to stop, and its error is thrown. */
async function untilDone(
  running: readonly Running[],
  logger: LevelledLogger,
  stop: () => void,
): Promise<void> {
  const outcomes = await Promise.allSettled(
    running.map(({ config, connector }) =>
      connector.done.catch((thrown: unknown) => {
        const { code } = shownError(asCliError(thrown));
        // The line before has its words, and so has what the command ends with.
        logger.error({ application: config.application, code }, "the connector has failed");
        stop();
        throw thrown;
      }),
    ),
  );
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

function totalsOf({ config, connector }: Running) {
  const { recordsRead, recordsEmitted } = connector.progress();
  return { application: config.application, recordsRead, recordsEmitted };
}
