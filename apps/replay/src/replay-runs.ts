import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ReplayMessage, ReplaySetup } from "./protocol.js";

const PROGRAM = fileURLToPath(new URL("./replay-process.js", import.meta.url));

/** Commits after which a run is killed. */
const COMMITS_BEFORE_KILL = 1;

/**
 * Runs the replay in processes of its own, kills the first ones in the middle of their work, and starts it again each time, until it has ended by itself.
 * @returns how often it was killed
 */
export async function runToItsEnd(
  setup: ReplaySetup,
  kills: number,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<number> {
  for (let killed = 0; ;) {
    const mayEnd = killed === kills;
    say(`replay, killed ${killed} times`);
    const child = fork(PROGRAM, [JSON.stringify(setup)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    let commits = 0;
    let isDone = false;
    const kill = (): void => void child.kill("SIGKILL");
    signal.addEventListener("abort", kill, { once: true });
    child.on("message", (message: ReplayMessage) => {
      if (message.type === "done") isDone = message.isComplete;
      else {
        commits += 1;
        if (!mayEnd && commits === COMMITS_BEFORE_KILL) kill();
      }
    });
    // Not its exit: what it said last may come after that.
    const [code] = (await once(child, "close")) as [number | null];
    signal.removeEventListener("abort", kill);
    signal.throwIfAborted();
    if (isDone) return killed;
    if (code !== null) throw new Error(`the replay ended with exit code ${code}`);
    killed += 1;
  }
}
