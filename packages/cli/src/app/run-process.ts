import { runCli } from "./run-cli.js";
import { versionOf } from "./version.js";

/** Exit status of a process that is told to stop once more while it stops: 128 and the number of the signal, as a shell shows it. */
const KILLED: Readonly<Record<"SIGINT" | "SIGTERM", number>> = { SIGINT: 130, SIGTERM: 143 };

/** Why a command stops whose reader has gone, as `head` does once it has seen enough. */
const NO_READER = "EPIPE";

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
  // A connector delivers whether or not somebody reads its lines; and what changes a table is carried through, never cut off in its middle.
  const delivers = words.find((word) => !word.startsWith("-")) === "run";
  onLostReader(process.stdout, () => {
    if (!delivers) stop.abort(NO_READER);
  });
  onLostReader(process.stderr, () => undefined);
  // Node ends without a word where everything waits for something that never comes, such as a module of the user's.
  const stuck = (): void => {
    process.stderr.write(
      "kinesis-connectors: nothing is left to wait for, and it has not ended: a module that was loaded may wait for something that never comes\n",
    );
    process.exitCode = 1;
  };
  process.once("exit", stuck);
  const code = await runCli(words, {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    version: versionOf(),
    signal: stop.signal,
  });
  process.off("exit", stuck);
  process.exitCode = stop.signal.reason === NO_READER && code === KILLED.SIGINT ? 0 : code;
  // A command that is over waits for nothing but what it has said itself: no answer that is still on its way, and nothing that a module or a destination left open.
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit();
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => void stream.write("", () => resolve()));
}

function onLostReader(stream: NodeJS.WriteStream, lost: () => void): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    lost();
  });
}
