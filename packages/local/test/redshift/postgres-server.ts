import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";

const run = promisify(execFile);

/** A PostgreSQL server of this test's own. */
export interface PostgresServer {
  readonly connectionString: string;
  readonly stop: () => Promise<void>;
}

/** Who PostgreSQL runs as: it refuses root. */
interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Starts Debian's PostgreSQL in a new folder, on 127.0.0.1 and a free port only. In a container, where tests run as
 * root, the package is installed when it is not there.
 *
 * @returns the server, or why there is none
 */
export async function startPostgres(): Promise<PostgresServer | string> {
  const isRoot = process.getuid?.() === 0;
  try {
    const folder = (await binaries()) ?? (isRoot ? await install() : undefined);
    if (folder === undefined) return "PostgreSQL is not installed";
    const account = isRoot ? await postgresAccount() : {};
    return await start(folder, account);
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  }
}

async function binaries(): Promise<string | undefined> {
  // MERGE came with version 15.
  const root = "/usr/lib/postgresql";
  const versions = await readdir(root).catch(() => []);
  const newest = Math.max(0, ...versions.map(Number).filter((version) => version >= 15));
  return newest === 0 ? undefined : join(root, String(newest), "bin");
}

async function install(): Promise<string | undefined> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["install", "-y", "--no-install-recommends", "postgresql"], { env, timeout: 120_000 });
  return binaries();
}

async function postgresAccount(): Promise<Account> {
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, "postgres"])).stdout)),
  );
  return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}

async function start(binaryFolder: string, account: Account): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), "local-redshift-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  let server: ChildProcess | undefined;
  try {
    if (account.uid !== undefined && account.gid !== undefined) await chown(folder, account.uid, account.gid);
    const data = join(folder, "data");
    const initdb = [
      "-D",
      data,
      "-U",
      "postgres",
      "--auth=trust",
      "--no-sync",
      "--encoding=UTF8",
      "--locale=C.UTF-8",
    ];
    await run(join(binaryFolder, "initdb"), initdb, { ...account, cwd: folder });
    const port = await freePort();
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      fsync: "off",
      // Loaders that wait for each other are told so at once.
      deadlock_timeout: "100ms",
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    server = spawn(join(binaryFolder, "postgres"), ["-D", data, "-p", String(port), ...flags], {
      ...account,
      cwd: folder,
      stdio: "ignore",
    });
    const connectionString = `postgres://postgres@127.0.0.1:${port}/postgres`;
    await answers(connectionString, server);
    const running = server;
    // A test run that is cut short leaves no server behind.
    process.once("exit", () => running.kill("SIGQUIT"));
    return {
      connectionString,
      stop: async () => {
        await end(running);
        await remove();
      },
    };
  } catch (error) {
    if (server !== undefined) await end(server);
    await remove();
    throw error;
  }
}

async function answers(connectionString: string, server: ChildProcess): Promise<void> {
  let last: unknown;
  while (server.exitCode === null) {
    const client = new Client({ connectionString });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      last = error;
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
  }
  throw new Error("PostgreSQL did not start", { cause: last });
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = once(server, "exit");
  // "Fast shutdown": connections are cut, the server ends by itself.
  server.kill("SIGINT");
  await ended;
}
