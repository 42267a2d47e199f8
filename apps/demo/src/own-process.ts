import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ArchiveOptions } from "@kinesis-connectors/app-archive-to-s3";
import type { SeenProgress, SettlingConnector } from "@kinesis-connectors/app-sample";
import type { ConnectorOptions } from "@kinesis-connectors/consumer";

/** What the connector is started with: data alone, for it goes into another process. */
export interface ConnectorJob {
  readonly options: Pick<
    ConnectorOptions<unknown, unknown>,
    "application" | "stream" | "region" | "credentials" | "endpoints"
  >;
  readonly archive: Omit<ArchiveOptions, "logger">;
  readonly threads: number | undefined;
}

/** What a connector cost its process, in seconds of CPU. */
export interface ConnectorCpu {
  /** Until it was started: Node, what is imported, the first requests. */
  readonly startCpuSeconds: number;
  /** From then on. */
  readonly cpuSeconds: number;
}

/** What the process says. */
export type ConnectorSays =
  | { readonly progress: SeenProgress }
  | { readonly ended: ConnectorCpu }
  | { readonly failed: string };

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
    child.once("exit", (code, signal) =>
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
