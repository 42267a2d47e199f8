import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { CERTIFICATE_FILE } from "./servers/canned-server.js";

/** How programs are kept to one core each, or why they are not. */
export interface Pinning {
  readonly server: readonly string[];
  readonly row: readonly string[];
  readonly description: string;
}

/** Servers on core 1, the measured process on core 0, where the machine has both and a `taskset`. */
export function findPinning(): Pinning {
  if (availableParallelism() < 2) return { server: [], row: [], description: "not pinned: one core" };
  const isThere = spawnSync("taskset", ["-c", "0,1", process.execPath, "-e", ""]).status === 0;
  if (!isThere) return { server: [], row: [], description: "not pinned: no taskset" };
  return {
    server: ["taskset", "-c", "1"],
    row: ["taskset", "-c", "0"],
    description: "measured process on core 0, servers on core 1",
  };
}

/** A server in a process of its own. */
export interface ServerProcess {
  /** What it said in its first line. */
  readonly said: unknown;
  readonly stop: () => Promise<void>;
}

/** Starts one of the programs beside this one, and waits until it says where it listens. */
export async function startServer(program: string, pin: readonly string[]): Promise<ServerProcess> {
  const line = [...pin, process.execPath, pathOf(program)];
  const child = spawn(line[0] ?? process.execPath, line.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const said = await Promise.race([once(lines, "line"), once(child, "exit").then(() => [])]);
  if (said.length === 0) throw new Error(`${program} ended before it listened`);
  return {
    said: JSON.parse(String(said[0])),
    stop: async () => {
      const exit = once(child, "exit");
      child.stdin.end();
      await exit;
    },
  };
}

/** Runs one of our rows in a process of its own, and gives what it printed. Rejects when it failed, with what it wrote to its error output. */
export function runRowProcess(given: readonly string[], pin: readonly string[]): Promise<unknown> {
  return runNode(pathOf("row-process.js"), given, pin);
}

/** The same for another program, wherever it lies. */
export function runNode(path: string, given: readonly string[], pin: readonly string[]): Promise<unknown> {
  return runProgram([...pin, process.execPath, path, ...given], {
    NODE_EXTRA_CA_CERTS: fileURLToPath(CERTIFICATE_FILE),
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: "1",
  });
}

/** Runs a program that prints one line of JSON, and gives what it says. Rejects when it failed, with what it wrote to its error output. */
export async function runProgram(
  line: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<unknown> {
  const [command = process.execPath, ...given] = line;
  const child = spawn(command, given, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...variables },
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = await once(child, "close");
  if (code !== 0)
    throw new Error(`${given.at(-3)} failed (${String(code)}): ${errors.trim().slice(0, 2000)}`);
  return JSON.parse(output);
}

/** Where one of the programs beside this one lies. */
export function pathOf(program: string): string {
  return fileURLToPath(new URL(program, import.meta.url));
}
