import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SeenProgress, SettlingConnector } from "@kinesis-connectors/app-sample";
import type { ConnectorCpu, ConnectorJob, ConnectorSays } from "./messages.js";

/** A connector in a process of its own. */
export interface OwnProcess extends SettlingConnector, AsyncDisposable {
  readonly progress: () => SeenProgress;
  /** What it cost; undefined until it has ended. */
  readonly cpu: () => ConnectorCpu | undefined;
}

/** Starts the connector in a process of its own. `done` rejects with what it failed with. */
export function startInOwnProcess(job: ConnectorJob): OwnProcess {
  const child = fork(fileURLToPath(new URL("./connector-process.js", import.meta.url)), {
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let seen: SeenProgress = { recordsRead: 0, recordsEmitted: 0, shards: [] };
  let cpu: ConnectorCpu | undefined;
  const done = new Promise<void>((resolve, reject) => {
    child.on("message", (message) => {
      const said = message as ConnectorSays;
      if ("progress" in said) seen = said.progress;
      else if ("failed" in said) reject(new Error(said.failed));
      else {
        cpu = said.ended;
        resolve();
      }
    });
    child.once("error", reject);
    // Not at its exit: what it said last may come after that.
    child.once("close", (code, signal) =>
      reject(new Error(`the connector's process ended by itself (${signal ?? code})`)),
    );
  });
  // Whoever waits for it no more does not mind how it ends.
  done.catch(() => undefined);
  child.send(job);
  const stop = async (): Promise<void> => {
    if (child.connected) child.send("stop");
    await done.catch(() => undefined);
  };
  return { done, stop, progress: () => seen, cpu: () => cpu, [Symbol.asyncDispose]: stop };
}
