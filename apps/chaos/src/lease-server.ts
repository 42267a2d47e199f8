import type { SeededNumbers } from "@kinesis-connectors/app-sample";
import { startMariadb, startPostgres, startRedis, type TestServer } from "@kinesis-connectors/servers";
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { LeaseStore } from "./lease-store.js";
import type { LeaseTableFlag } from "./options.js";

/** How long the server lives between two deaths, and how long it is away. */
const LIVES_MS = { least: 3_000, more: 5_000 };
const AWAY_MS = { least: 100, more: 2_500 };

/** Where the leases of a run are, and what goes wrong with it. */
export interface LeaseServer extends AsyncDisposable {
  /** Undefined for DynamoDB. */
  readonly store: LeaseStore | undefined;
  readonly kills: () => number;
  /** Kills the server and starts it again, until `over`; resolves when it runs for good. A server of the user's is left alone. */
  readonly trouble: (next: SeededNumbers, over: AbortSignal) => Promise<void>;
}

/**
 * Starts what the flag names, where it is none of the user's.
 * @throws Error when it is not installed
 */
export async function startLeaseServer(flag: LeaseTableFlag): Promise<LeaseServer> {
  const server = await serverOf(flag);
  let kills = 0;
  return {
    store: storeOf(flag, server),
    kills: () => kills,
    trouble: async (next, over) => {
      const process = server?.process;
      if (process === undefined) return;
      while (!over.aborted) {
        await wait(LIVES_MS.least + next() * LIVES_MS.more, undefined, { signal: over }).catch(
          () => undefined,
        );
        if (over.aborted) return;
        await process.kill();
        kills += 1;
        await wait(AWAY_MS.least + next() * AWAY_MS.more);
        await process.start();
      }
    },
    [Symbol.asyncDispose]: async () => {
      await server?.[Symbol.asyncDispose]();
    },
  };
}

async function serverOf(flag: LeaseTableFlag): Promise<TestServer | undefined> {
  if (flag.type !== "server") return undefined;
  const started = await { postgres: startPostgres, mysql: startMariadb, redis: startRedis }[flag.server]();
  if (started === undefined || started.name === "PGlite")
    throw new Error(
      `--lease-table ${flag.server} starts a server, and it is not installed: npm run test:servers installs it, or give its URL`,
    );
  return started;
}

function storeOf(flag: LeaseTableFlag, server: TestServer | undefined): LeaseStore | undefined {
  switch (flag.type) {
    case "dynamodb":
      return undefined;
    case "folder":
      // A folder for this run alone: rows of an earlier one are of another stream.
      mkdirSync(flag.folder, { recursive: true });
      return { type: "folder", folder: mkdtempSync(join(flag.folder, "leases-")) };
    default:
      return {
        type: "server",
        url: server?.url ?? (flag.type === "url" ? flag.url : ""),
        name: `chaos-${Date.now()}`,
      };
  }
}
