import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { binary, runAs, versionOf } from "./binaries.js";
import { freePort, newFolder, prepare, startChild } from "./child-server.js";
import { chosen } from "./chosen.js";
import { startPglite } from "./pglite.js";
import type { TestServer } from "./test-server.js";

const PASSWORD = "secret-of-tests";

/** Options of `startPostgres`. */
export interface StartPostgresOptions {
  /** Starts it as a standby of nobody, which answers and writes nothing; undefined where PostgreSQL is not installed. */
  readonly standby: true;
}

/**
 * Starts PostgreSQL in a temporary folder; where it is not installed, PGlite, which is PostgreSQL with one session that all connections share.
 * `KC_TEST_POSTGRES` chooses: `pglite`, or the URL of a server of the user's.
 */
export async function startPostgres(): Promise<TestServer>;
export async function startPostgres(options: StartPostgresOptions): Promise<TestServer | undefined>;
export async function startPostgres(options?: StartPostgresOptions): Promise<TestServer | undefined> {
  const { url, name } = chosen("KC_TEST_POSTGRES", ["pglite"]);
  const isStandby = options !== undefined;
  if (url !== undefined && !isStandby) return usersOwn("PostgreSQL", url);
  const postgres = name === "pglite" ? undefined : binary("postgres");
  const initdb = name === "pglite" ? undefined : binary("initdb");
  if (postgres === undefined || initdb === undefined) return isStandby ? undefined : await startPglite();
  const user = runAs("postgres");
  const folder = await newFolder("postgres", user);
  const [data, secret] = [join(folder, "data"), join(folder, "password")];
  await writeFile(secret, PASSWORD, { mode: 0o644 });
  const how = [
    "--username=test",
    `--pwfile=${secret}`,
    "--auth=scram-sha-256",
    "--locale=C",
    "--encoding=UTF8",
  ];
  prepare(initdb, [...how, "--no-sync", `--pgdata=${data}`], user, folder);
  if (isStandby) await writeFile(join(data, "standby.signal"), "");
  const port = await freePort();
  return await startChild({
    name: `PostgreSQL ${versionOf(postgres)}`,
    path: postgres,
    runAs: user,
    folder,
    url: `postgres://test:${PASSWORD}@127.0.0.1:${port}/postgres`,
    // What the operating system has taken outlives the process that is killed, and that is all that is tested.
    args: [
      "-D",
      data,
      "-h",
      "127.0.0.1",
      "-p",
      `${port}`,
      "-c",
      "unix_socket_directories=",
      "-c",
      "fsync=off",
    ],
    readyLine: /database system is ready to accept (?:read-only )?connections/,
  });
}

/** A server that somebody else looks after. */
export function usersOwn(name: string, url: string): TestServer {
  return { name: `${name} at ${new URL(url).host}`, url, [Symbol.asyncDispose]: () => Promise.resolve() };
}
