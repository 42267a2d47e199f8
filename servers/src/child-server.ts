import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { chownSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { binary, type RunAs } from "./binaries.js";
import type { ServerProcess, TestServer } from "./test-server.js";

/** A server as a child process in a folder of its own. */
export interface ChildServerOptions {
  readonly name: string;
  readonly path: string;
  readonly runAs: RunAs;
  /** The folder of its data, prepared before. */
  readonly folder: string;
  readonly url: string;
  readonly args: readonly string[];
  /** What it prints once it answers. */
  readonly readyLine: RegExp;
}

const START_TIMEOUT_MS = 60_000;
/** A server that was killed may leave children which hold its data for a moment, and a port may be taken by another. */
const MAX_STARTS = 8;
const RETRY_MS = 250;
const LAST_WORDS = 4_000;

const running = new Set<ChildProcess>();
// Where the kernel does not do it: no server outlives the tests.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts it; what is left of it is removed when it is disposed of. */
export async function startChild(options: ChildServerOptions): Promise<TestServer> {
  const { name, url, folder } = options;
  let child: ChildProcess | undefined;
  const start: ServerProcess["start"] = async () => {
    child ??= await started(options);
  };
  const kill: ServerProcess["kill"] = async () => {
    const victim = child;
    child = undefined;
    if (victim !== undefined) await ended(victim);
  };
  const dispose = async (): Promise<void> => {
    await kill();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  try {
    await start();
  } catch (thrown) {
    await dispose();
    throw thrown;
  }
  return { name, url, process: { kill, start }, [Symbol.asyncDispose]: dispose };
}

async function started(options: ChildServerOptions): Promise<ChildProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const tried = await tryStart(options);
    if (typeof tried !== "string") return tried;
    if (attempt === MAX_STARTS) throw new Error(`${options.name} does not start:\n${tried}`);
    await wait(RETRY_MS);
  }
}

/** Gives the process once it answers, or its last words. */
async function tryStart({
  path,
  args,
  folder,
  runAs,
  readyLine,
}: ChildServerOptions): Promise<ChildProcess | string> {
  const child = spawn(...diesWithUs(path, args), {
    ...runAs,
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  let said = "";
  const answer = await new Promise<boolean>((resolve) => {
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-LAST_WORDS);
      if (readyLine.test(said)) resolve(true);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", (error) => {
      said += error.message;
      resolve(false);
    });
    child.once("exit", () => resolve(false));
    setTimeout(() => resolve(false), START_TIMEOUT_MS).unref();
  });
  // Nothing but the tests keeps the process of the tests alive.
  child.unref();
  for (const stream of [child.stdout, child.stderr]) if ("unref" in stream) (stream.unref as () => void)();
  if (answer) return child;
  await ended(child);
  return said;
}

/** On Linux the kernel ends a server whose tests were killed (prctl(2), PR_SET_PDEATHSIG). */
function diesWithUs(path: string, args: readonly string[]): [string, string[]] {
  const setpriv = process.platform === "linux" ? binary("setpriv") : undefined;
  return setpriv === undefined ? [path, [...args]] : [setpriv, ["--pdeathsig", "KILL", "--", path, ...args]];
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.ref();
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

/** A folder for a server, which is the owner's alone. */
export async function newFolder(name: string, { uid, gid }: RunAs): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `kc-${name}-`));
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  return folder;
}

/** Runs a program that prepares the data of a server, with this as its input. */
export function prepare(path: string, args: readonly string[], runAs: RunAs, cwd: string, input = ""): void {
  execFileSync(path, args, { ...runAs, cwd, input, stdio: ["pipe", "ignore", "pipe"] });
}

/** Below what systems give by themselves: Linux begins at 32768, others and IANA at 49152. */
const FIRST_PORT = 10_000;
const PORTS = 20_000;

/**
 * A port of loopback that nobody listens on now. None of those that the system gives to whoever asks for any: one of them may be another's
 * before the server has it, or while the server is away.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(FIRST_PORT + randomInt(PORTS), "127.0.0.1");
    const isMine = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isMine) continue;
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    return port;
  }
}
