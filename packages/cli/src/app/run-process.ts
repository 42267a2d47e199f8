import { runCli } from "./run-cli.js";
import { versionOf } from "./version.js";

/** Exit status of a process that is told to stop once more while it stops: 128 and the number of the signal, as a shell shows it. */
const KILLED: Readonly<Record<"SIGINT" | "SIGTERM", number>> = { SIGINT: 130, SIGTERM: 143 };

/**
 * Runs one command line in this process: its streams, its signals, its exit status.
 * @param words what stands behind the command's name
 */
export async function runProcess(words: readonly string[]): Promise<void> {
  // The SDK says on every start that it will leave Node 20 some day: who reads this command's errors as JSON cannot read that.
  process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(KILLED[name]);
      stop.abort(name);
    });
  // The reader has gone, as `head` does once it has seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  process.exitCode = await runCli(words, {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    version: versionOf(),
    signal: stop.signal,
  });
}
