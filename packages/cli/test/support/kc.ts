import { spawn } from "node:child_process";
import { PassThrough } from "node:stream";
import { systemClock, systemRandom, type Clock } from "@kinesis-connectors/core";
import type { LocalAws } from "@kinesis-connectors/local";
import { runCli } from "../../src/app/run-cli.js";

/** What a command line printed, and its exit status. */
export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command line in this process runs with. */
export interface Given {
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly cwd?: string;
  readonly onLine?: (text: string) => void;
  /** Told what goes to standard error. */
  readonly onNote?: (text: string) => void;
  readonly input?: string;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command line in this process. */
export async function kc(words: readonly string[], given: Given = {}): Promise<Printed> {
  let stdout = "";
  let stderr = "";
  const stdin = new PassThrough();
  stdin.end(given.input ?? "");
  const code = await runCli(words, {
    stdout: {
      write: (text) => {
        stdout += text;
        given.onLine?.(text);
      },
      ...(given.columns === undefined ? {} : { isTTY: true, columns: given.columns }),
    },
    stderr: {
      write: (text) => {
        stderr += text;
        given.onNote?.(text);
      },
    },
    stdin,
    env: given.env ?? {},
    cwd: given.cwd ?? process.cwd(),
    version: "1.2.3",
    signal: given.signal ?? new AbortController().signal,
    clock: given.clock ?? systemClock,
    random: systemRandom,
  });
  return { code, stdout, stderr };
}

/** The same, with what it printed read as one JSON object. */
export async function kcJson(
  words: readonly string[],
  given: Given = {},
): Promise<Readonly<Record<string, unknown>>> {
  const { code, stdout, stderr } = await kc([...words, "--json"], given);
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Flags that lead to local servers. Credentials and region come from the environment, see `useLocal`. */
export function flagsTo(aws: LocalAws): readonly string[] {
  return ["--endpoint-kinesis", aws.endpoints.kinesis, "--endpoint-dynamodb", aws.endpoints.dynamodb];
}

/** Sets the variables of local servers for this process; what is returned puts the old ones back. */
export function useLocal(aws: LocalAws): () => void {
  const before = Object.keys(aws.env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, aws.env);
  return () => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  };
}

/** Runs a program of ours as a child process. */
export function child(
  file: string,
  words: readonly string[],
  env?: Readonly<Record<string, string>>,
  cwd?: string,
) {
  return childOf(process.execPath, [file, ...words], env, cwd);
}

/** Runs any program as a child process, with nothing of this process's environment but PATH. */
export function childOf(
  command: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
) {
  const running = spawn(command, words, {
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
  });
  let stdout = "";
  let stderr = "";
  running.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  running.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const done = new Promise<Printed>((resolve, reject) => {
    running.once("error", reject);
    running.once("close", (code, signal) =>
      resolve({ code: code ?? (signal === null ? -1 : 128), stdout, stderr }),
    );
  });
  return {
    done,
    kill: (signal: NodeJS.Signals) => running.kill(signal),
    stdout: () => stdout,
    stderr: () => stderr,
  };
}
