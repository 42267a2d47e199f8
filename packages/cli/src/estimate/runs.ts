import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { CliError } from "../app/errors.js";
import { ALLOW_VARIABLE } from "./measure/refused.js";
import type { Job, Said } from "./measure/protocol.js";

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

/** The first message of a program; its error output where it ends without one. */
async function said(child: ChildProcess, what: string, signal: AbortSignal): Promise<unknown> {
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-ERROR_TEXT)));
  const stop = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", stop, { once: true });
  try {
    const ended = once(child, "close").then(() => undefined);
    const message: unknown = await Promise.race([
      once(child, "message").then(([first]: unknown[]) => first),
      ended,
    ]);
    signal.throwIfAborted();
    if (message === undefined)
      throw new CliError("KC_FAILED", `${what} ended before it was measured: ${errors.trim()}`);
    return message;
  } finally {
    signal.removeEventListener("abort", stop);
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
    const answer = (await said(child, "the pipeline", signal)) as Said;
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
