import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { CliError } from "../app/errors.js";
import { ALLOW_VARIABLE } from "./measure/refused.js";
import type { Job, Ready, Said } from "./measure/protocol.js";

/** What a process says that could measure. */
type Measured = Exclude<Said, { readonly error: unknown }>;

/** Where the servers on loopback listen. */
export interface Servers {
  readonly kinesis: string;
  readonly store: string;
}

const PROGRAMS = {
  server: new URL("server/server-process.js", import.meta.url),
  measure: new URL("measure/measure-process.js", import.meta.url),
} as const;
const WALL: URL = new URL("measure/wall.js", import.meta.url);

const ERROR_TEXT = 2_000;

/** So long a module may take to be loaded and to pass its first records, beside the time that it is given. */
const START_MS = 30_000;
/** So long it may be silent then, beside twice that time: it waits for pages and for a batch, each within limits of its own. */
const SILENT_MS = 180_000;

/** A program of ours beside this one. */
function start(
  program: keyof typeof PROGRAMS,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): ChildProcess {
  return fork(fileURLToPath(PROGRAMS[program]), [...words], {
    env,
    execArgv: [],
    // What a module prints is no result of ours.
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
}

/**
 * The next message of a program; its error output where it ends without one.
 * @throws CliError `KC_FAILED` where it ends, or says nothing for as long as it may
 */
export async function said(
  child: ChildProcess,
  what: string,
  signal: AbortSignal,
  limitMs: number = START_MS,
): Promise<unknown> {
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-ERROR_TEXT)));
  const late = AbortSignal.timeout(Math.ceil(limitMs));
  const either = AbortSignal.any([signal, late]);
  const stop = (): void => void child.kill("SIGKILL");
  either.addEventListener("abort", stop, { once: true });
  try {
    const ended = once(child, "close").then((how) => ({ how }));
    const first = once(child, "message").then(([message]: unknown[]) => ({ message }));
    const came = await Promise.race([first, ended]);
    signal.throwIfAborted();
    if ("message" in came) return came.message;
    if (late.aborted)
      throw new CliError(
        "KC_FAILED",
        `${what} said nothing for ${Math.ceil(limitMs / 1000)} s, and was ended: its module, or a function in it, waits for what never comes, or never returns`,
      );
    const text = errors.trim();
    throw new CliError(
      "KC_FAILED",
      `${what} ended before it was measured (exit ${came.how.join(" ").trim()})${text === "" ? "" : `: ${text}`}`,
    );
  } finally {
    either.removeEventListener("abort", stop);
  }
}

/** Starts the servers with the records of a file. */
export async function startServers(
  path: string,
  format: string,
  signal: AbortSignal,
): Promise<Servers & { readonly close: () => void }> {
  const child = start("server", [path, format], { PATH: process.env["PATH"], TZ: process.env["TZ"] });
  const servers = (await said(child, "the server on loopback", signal)) as Servers;
  return { ...servers, close: () => void child.kill("SIGKILL") };
}

/**
 * Measures one stage in a process of its own, which reaches nobody but the servers on loopback and what `allow` names, and has no credentials.
 * @throws CliError with what the pipeline failed with
 */
export async function measure(
  job: Job,
  { kinesis, store }: Servers,
  allow: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Measured> {
  const allowed = [new URL(kinesis).host, new URL(store).host, ...allow].join(",");
  const child = start("measure", [], walled(env, store, allowed));
  child.send(job);
  try {
    const first = (await said(child, "the pipeline", signal, START_MS + job.budgetMs)) as Said | Ready;
    const answer =
      "isReady" in first
        ? ((await said(child, "the pipeline", signal, SILENT_MS + 2 * job.budgetMs)) as Said)
        : first;
    if ("error" in answer) throw new CliError(answer.error.code as CliError["code"], answer.error.message);
    return answer;
  } finally {
    child.kill("SIGKILL");
  }
}

/** An environment without credentials, in which every service of AWS is the server on loopback, and every Node process has the wall. */
export function walled(env: NodeJS.ProcessEnv, store: string, allowed: string): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !/^(?:AWS_|(?:https?|all|no)_proxy$)/i.test(name));
  return {
    ...Object.fromEntries(kept),
    NODE_OPTIONS: `${env["NODE_OPTIONS"] ?? ""} --import ${WALL.href}`.trim(),
    [ALLOW_VARIABLE]: allowed,
    AWS_REGION: env["AWS_REGION"] ?? "us-east-1",
    AWS_ACCESS_KEY_ID: "estimate",
    AWS_SECRET_ACCESS_KEY: "estimate",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_ENDPOINT_URL: store,
    AWS_ENDPOINT_URL_S3: store,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
}
