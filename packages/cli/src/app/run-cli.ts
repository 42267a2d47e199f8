import { buildApplication, run } from "@stricli/core";
import type { Clock, Random } from "@kinesis-connectors/core";
import { outputTo } from "../output/output.js";
import type { InputStream, OutputStream } from "../output/streams.js";
import type { CliContext } from "./context.js";
import { EXIT, exitCodeOf } from "./errors.js";
import { commandOf, routesFor } from "./routes.js";
import { textFor } from "./text.js";
import { NAMES } from "./words.js";

/** What the command line runs in. */
export interface CliOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdin: InputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly version: string;
  readonly signal: AbortSignal;
  /** Default: the machine's own. */
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Whether a command line asks for JSON: also one that cannot be understood, whose error is then JSON too. */
function asksForJson(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  const flags = end === -1 ? words : words.slice(0, end);
  return flags.some((word) => word === "--json" || /^--json=(?:true|t|yes|y|on|1)$/i.test(word));
}

/**
 * Runs one command line and resolves with its exit status: 0 done, 1 failed, 2 wrong use or configuration, 3 refused for safety, 4 unhealthy,
 * 130 interrupted.
 * @param words what stands behind the command's name
 */
export async function runCli(words: readonly string[], options: CliOptions): Promise<number> {
  const { stdout, stderr, env, signal } = options;
  const routes = await routesFor(words);
  const text = textFor(asksForJson(words), commandOf(routes, words)?.parameters);
  let asked: number | undefined;
  const streams = {
    stdout: { write: (line: string) => void stdout.write(line) },
    // What ends by Ctrl-C needs no word about it.
    stderr: { write: (line: string) => void (signal.aborted ? undefined : stderr.write(line)) },
  };
  const ended: { exitCode?: number | string | null } = {};
  // Made only for a command that runs: whoever asks for help does not wait for what it takes.
  const forCommand = async (): Promise<CliContext> => {
    const { systemClock, systemRandom } = await import("@kinesis-connectors/core");
    return {
      process: streams,
      out: outputTo(stdout, stderr, env),
      env,
      cwd: options.cwd,
      signal,
      clock: options.clock ?? systemClock,
      random: options.random ?? systemRandom,
      input: options.stdin,
      exitWith: (code) => {
        asked = code;
      },
    };
  };
  const application = buildApplication(routes, {
    name: NAMES[0],
    versionInfo: { currentVersion: options.version },
    scanner: {
      caseStyle: "allow-kebab-for-camel",
      allowArgumentEscapeSequence: true,
    },
    documentation: {
      caseStyle: "convert-camel-to-kebab",
      disableAnsiColor: true,
      onlyRequiredInUsageLine: true,
    },
    localization: { text },
    determineExitCode: exitCodeOf,
  });
  await run(application, words, { process: Object.assign(ended, streams), forCommand });
  if (asked !== undefined) return asked;
  if (signal.aborted) return EXIT.interrupted;
  const code = Number(ended.exitCode ?? 0);
  // The library's own codes, all below 0, are for a command line that cannot be understood.
  return code < 0 ? EXIT.usage : code;
}
