import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LocalAws } from "@kinesis-connectors/local";

/** `kinesis-connectors console` as a user runs it. */
export interface CliConsole {
  readonly child: ChildProcess;
  /** With its token. */
  readonly url: string;
}

export async function cliConsole(
  aws: LocalAws,
  application: string,
  flags: readonly string[],
): Promise<CliConsole> {
  const { region, credentials } = aws.clientOptions("dynamodb");
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL("../../../packages/cli/dist/main.js", import.meta.url)),
      "console",
      application,
      "--endpoint-dynamodb",
      aws.endpoints.dynamodb,
      "--region",
      region,
      "--port",
      "0",
      ...flags,
    ],
    {
      stdio: ["ignore", "pipe", "ignore"],
      env: {
        ...process.env,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
    },
  );
  const line = await firstOf<Buffer>(child, child.stdout, "data");
  return { child, url: line.toString().trim() };
}

/** The first of something that a process tells; an error where it ends before. */
export async function firstOf<Told>(
  child: ChildProcess,
  source: NodeJS.EventEmitter,
  event: string,
): Promise<Told> {
  const over = new AbortController();
  try {
    return await Promise.race([
      once(source, event, { signal: over.signal }).then(([told]) => told as Told),
      once(child, "exit", { signal: over.signal }).then(([code]) => {
        throw new Error(`a process of the check has ended with ${code} before it told anything`);
      }),
    ]);
  } finally {
    over.abort();
  }
}

/** Ends a process, however it is. */
export async function ended(child: ChildProcess | undefined, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const over = once(child, "exit");
  child.kill(signal);
  await over;
}
