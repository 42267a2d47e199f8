import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { binary, type RunAs, runAs, versionOf } from "./binaries.js";
import { freePort, newFolder, prepare, startChild } from "./child-server.js";
import { chosen } from "./chosen.js";
import { usersOwn } from "./postgres.js";
import type { TestServer } from "./test-server.js";

const PASSWORD = "secret-of-tests";

/** What a server for some tests needs, and no more. What the operating system has taken outlives the process. */
const SMALL: readonly string[] = [
  "--innodb-flush-log-at-trx-commit=2",
  "--innodb-flush-method=nosync",
  "--innodb-log-file-size=8M",
  "--innodb-buffer-pool-size=32M",
  "--aria-pagecache-buffer-size=8M",
  "--performance-schema=off",
];

/** The tables of the server itself, as `mariadb-install-db` makes them, without those of its help. */
const SYSTEM_TABLES = ["mysql_system_tables", "mysql_performance_tables", "mysql_system_tables_data"];

/**
 * Starts MariaDB in a temporary folder; undefined where it is not installed. `KC_TEST_MYSQL` is the URL of a server of the user's, MySQL or MariaDB.
 */
export async function startMariadb(): Promise<TestServer | undefined> {
  const { url } = chosen("KC_TEST_MYSQL");
  if (url !== undefined) return usersOwn("MySQL", url);
  const mariadb = binary("mariadbd");
  if (mariadb === undefined) return undefined;
  const user = runAs("mysql");
  const folder = await newFolder("mariadb", user);
  const data = await newDatabase(mariadb, folder, user);
  const init = join(folder, "init.sql");
  const rights = [
    `CREATE USER IF NOT EXISTS 'test'@'%' IDENTIFIED BY '${PASSWORD}';`,
    "GRANT ALL ON *.* TO 'test'@'%' WITH GRANT OPTION;",
  ];
  await writeFile(init, `${rights.join("\n")}\n`, { mode: 0o644 });
  const port = await freePort();
  const where = [`--port=${port}`, "--bind-address=127.0.0.1", `--socket=${join(folder, "socket")}`];
  return await startChild({
    name: `MariaDB ${versionOf(mariadb)}`,
    path: mariadb,
    runAs: user,
    folder,
    url: `mysql://test:${PASSWORD}@127.0.0.1:${port}/test`,
    args: [
      "--no-defaults",
      `--datadir=${data}`,
      ownTemporary(folder),
      ...where,
      `--init-file=${init}`,
      "--skip-name-resolve",
      ...SMALL,
    ],
    readyLine: /ready for connections/,
  });
}

async function newDatabase(mariadb: string, folder: string, user: RunAs): Promise<string> {
  const data = join(folder, "data");
  await mkdir(data, { mode: 0o777 });
  if (user.uid !== undefined && user.gid !== undefined) {
    const { chownSync } = await import("node:fs");
    chownSync(data, user.uid, user.gid);
  }
  const scripts = join(dirname(dirname(mariadb)), "share", "mysql");
  const sql = [
    "CREATE DATABASE mysql;",
    "USE mysql;",
    "SET @auth_root_socket=NULL;",
    ...SYSTEM_TABLES.map((name) => readFileSync(join(scripts, `${name}.sql`), "utf8")),
    "CREATE DATABASE test;",
  ];
  const how = [
    "--no-defaults",
    "--bootstrap",
    `--datadir=${data}`,
    ownTemporary(folder),
    "--log-warnings=0",
    ...SMALL,
  ];
  prepare(mariadb, how, user, folder, `${sql.join("\n")}\n`);
  return data;
}

/** A server that starts removes the temporary tables that it finds, another one's too. */
function ownTemporary(folder: string): string {
  return `--tmpdir=${folder}`;
}
