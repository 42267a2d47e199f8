import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Addresses } from "./stages.js";

/** A stage that runs somewhere. */
export interface Stage {
  /** Rejects when the stage fails. */
  readonly done: Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The variable that carries the addresses to the process of stage two. */
export const ADDRESSES_VARIABLE = "LOCAL_AWS_ADDRESSES";

/** Stage two in a process of its own. */
export function inOwnProcess(addresses: Addresses): Stage {
  const program = fileURLToPath(new URL("stage-two.js", import.meta.url));
  const child = spawn(process.execPath, [program], {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, [ADDRESSES_VARIABLE]: JSON.stringify(addresses) },
  });
  const done = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the process of stage two ended with ${code ?? "a signal"}`));
    });
  });
  return {
    done,
    stop: () => {
      child.kill("SIGTERM");
      return done;
    },
  };
}
