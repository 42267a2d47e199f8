// Installs PostgreSQL, MariaDB and Redis of Debian where they are missing, and runs every test that wants one of them.
//   npm run test:servers [-- <arguments of vitest>]
import { spawnSync } from "node:child_process";
import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setup } from "./setup.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What has to be there, and the package of Debian that brings it. */
const SERVERS = [
  { program: "postgres", chosenBy: "KC_TEST_POSTGRES", package: "postgresql" },
  { program: "mariadbd", chosenBy: "KC_TEST_MYSQL", package: "mariadb-server-core" },
  { program: "redis-server", chosenBy: "KC_TEST_REDIS", package: "redis-server" },
];

const USAGE = `npm run test:servers [-- <arguments of vitest>]
Runs every test that wants a server of PostgreSQL, MariaDB or Redis. Tests start them by themselves, in temporary folders; as root the programs are
installed with apt-get first where they are missing.
  -t PATTERN         only tests of that name; so are all flags of vitest
  KC_TEST_POSTGRES, KC_TEST_MYSQL, KC_TEST_REDIS   the URL of a server of yours, for each that is not to be started
`;

// Whoever asks for help wants nothing installed.
if (process.argv.includes("--help")) {
  process.stdout.write(USAGE);
  process.exit(0);
}

const wanted = missing();
if (wanted.length > 0) install(wanted.map((server) => server.package));
const still = missing();
if (still.length > 0) {
  const names = still.map((server) => server.package).join(" ");
  console.error(
    `These servers are missing: ${names}. Install them (Debian, as root: apt-get install ${names}), or name others by ` +
      `${still.map(({ chosenBy }) => `${chosenBy}=URL`).join(", ")}.`,
  );
  process.exit(1);
}

setup();
const files = testsWithServers();
const args = [join(root, "scripts", "test.mjs"), ...files, ...process.argv.slice(2)];
process.exit(spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1);

function missing() {
  return SERVERS.filter(({ program, chosenBy }) => !process.env[chosenBy] && !isThere(program));
}

function isThere(program) {
  const versions = "/usr/lib/postgresql";
  let folders = [];
  try {
    folders = readdirSync(versions).map((version) => join(versions, version, "bin"));
  } catch {
    // PostgreSQL is not there.
  }
  const places = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/sbin",
    "/usr/local/sbin",
    ...folders,
  ];
  return places.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function install(packages) {
  if (process.getuid?.() !== 0) return;
  console.log(`installing ${packages.join(", ")}; Debian may start them as services, which no test asks`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const command of [["update"], ["install", "--yes", "--no-install-recommends", ...packages]])
    spawnSync("apt-get", command, { env, stdio: ["ignore", "ignore", "inherit"] });
}

/** The tests that start a server. */
function testsWithServers() {
  return ["packages", "apps", "servers", "sim", "bench"]
    .flatMap((folder) => testsBelow(folder))
    .filter((name) => name.startsWith("servers") || isUsingThem(name));
}

function isUsingThem(name) {
  return readFileSync(join(root, name), "utf8").includes('"@kinesis-connectors/servers"');
}

function testsBelow(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = join(folder, entry.name);
    if (entry.isDirectory())
      return ["node_modules", "dist", "src"].includes(entry.name) ? [] : testsBelow(name);
    return entry.name.endsWith(".test.ts") ? [name] : [];
  });
}
