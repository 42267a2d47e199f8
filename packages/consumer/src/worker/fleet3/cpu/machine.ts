import type { Clock } from "@kinesis-connectors/core";
import { access, readFile } from "node:fs/promises";

/** What is asked of the machine to know how busy it is. */
export interface Machine {
  /** As `process.platform`. */
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly exists: (path: string) => Promise<boolean>;
  /** Rejects where the file cannot be read. */
  readonly text: (path: string) => Promise<string>;
  /** The JSON that an endpoint of this machine answers. Rejects where it does not. */
  readonly json: (url: string) => Promise<unknown>;
}

/** The metadata of a container come from the agent on the same host. */
const ANSWER_LIMIT_MS = 2_000;

/** The machine that this process runs on. */
export function thisMachine(clock: Clock): Machine {
  return {
    platform: process.platform,
    env: process.env,
    exists: async (path) => {
      try {
        await access(path);
        return true;
      } catch {
        return false;
      }
    },
    text: async (path) => await readFile(path, "utf8"),
    json: async (url) => {
      const limit = new AbortController();
      const timer = clock.setTimer(ANSWER_LIMIT_MS, () => limit.abort());
      try {
        const answer = await fetch(url, { signal: limit.signal });
        if (!answer.ok) throw new Error(`the metadata of the container answered ${answer.status}`);
        return await answer.json();
      } finally {
        timer.cancel();
      }
    },
  };
}
