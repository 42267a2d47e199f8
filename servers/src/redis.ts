import { binary, runAs, versionOf } from "./binaries.js";
import { freePort, newFolder, startChild } from "./child-server.js";
import { chosen } from "./chosen.js";
import { usersOwn } from "./postgres.js";
import type { TestServer } from "./test-server.js";

const PASSWORD = "secret-of-tests";

/** Options of `startRedis`. */
export interface StartRedisOptions {
  /** The server that it is a replica of, one that was started here. */
  readonly replicaOf?: TestServer;
}

/**
 * Starts Redis (or Valkey) in a temporary folder, writing its log before it answers (`appendfsync always`); undefined where it is not installed.
 * `KC_TEST_REDIS` is the URL of a server of the user's.
 */
export async function startRedis({ replicaOf }: StartRedisOptions = {}): Promise<TestServer | undefined> {
  const { url } = chosen("KC_TEST_REDIS");
  if (url !== undefined && replicaOf === undefined) return usersOwn("Redis", url);
  const [redis, valkey] = [binary("redis-server"), binary("valkey-server")];
  const path = redis ?? valkey;
  if (path === undefined) return undefined;
  const user = runAs("redis", "valkey");
  const folder = await newFolder("redis", user);
  const port = await freePort();
  const { hostname = "", port: primary = "" } = replicaOf === undefined ? {} : new URL(replicaOf.url);
  return await startChild({
    name: `${redis === undefined ? "Valkey" : "Redis"} ${versionOf(path)}`,
    path,
    runAs: user,
    folder,
    url: `redis://:${PASSWORD}@127.0.0.1:${port}/0`,
    args: [
      ["--bind", "127.0.0.1", "--port", `${port}`, "--dir", folder, "--requirepass", PASSWORD],
      ["--save", "", "--appendonly", "yes", "--appendfsync", "always"],
      replicaOf === undefined ? [] : ["--replicaof", hostname, primary, "--masterauth", PASSWORD],
    ].flat(),
    // A replica says so when it has its first copy.
    readyLine:
      replicaOf === undefined ? /Ready to accept connections/ : /sync.*(?:Finished|succeeded|continue)/i,
  });
}
