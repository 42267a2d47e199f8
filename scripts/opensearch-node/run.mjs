// Runs the tests that ask a real node of OpenSearch: its jars come from Maven, it listens on loopback and ends with this command.
//   npm run opensearch-node [-- <arguments of vitest>]
import { execFile, spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const built = join(root, "node_modules", ".cache", "opensearch-node");

/** Some nodes differ by what cannot be set while they run. */
const NODES = {
  OPENSEARCH_NODE: [],
  OPENSEARCH_NODE_WITHOUT_SCRIPTS: ["script.allowed_types", "none"],
  OPENSEARCH_NODE_OF_FEW_SCRIPTS: ["script.max_compilations_rate", "1/1m"],
};

const missing = await firstMissing(["java", "-version"], ["javac", "-version"], ["mvn", "-version"]);
if (missing !== undefined) {
  console.error(
    `A real node of OpenSearch needs ${missing}: install Java 17 (a JDK) and Maven, then start again.`,
  );
  process.exit(1);
}

const nodes = [];
let code = 1;
try {
  console.log("building the node; the first time Maven fetches about 60 jars");
  const classPath = await build();
  const addresses = {};
  for (const [name, settings] of Object.entries(NODES)) addresses[name] = await start(classPath, settings);
  console.log(`nodes: ${Object.values(addresses).join(" ")}`);
  code = await test(addresses);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
} finally {
  await Promise.all(nodes.map(stop));
}
process.exitCode = code;

async function firstMissing(...commands) {
  for (const [command, ...args] of commands) {
    try {
      await run(command, args);
    } catch {
      return command;
    }
  }
  return undefined;
}

async function build() {
  await mkdir(built, { recursive: true });
  await copyFile(join(here, "pom.xml"), join(built, "pom.xml"));
  const list = join(built, "class-path.txt");
  await run("mvn", ["-q", "-B", "dependency:build-classpath", `-Dmdep.outputFile=${list}`], { cwd: built });
  const jars = (await readFile(list, "utf8")).trim();
  await run("javac", ["-cp", jars, "-d", built, join(here, "LocalNode.java")]);
  return [built, jars].join(delimiter);
}

/** Starts a node; gives its address once it listens. */
async function start(classPath, settings) {
  const folder = await mkdtemp(join(tmpdir(), "opensearch-node-"));
  for (const name of ["config", "modules", "plugins"]) await mkdir(join(folder, name));
  const child = spawn("java", ["-Xmx512m", "-cp", classPath, "LocalNode", folder, ...settings], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  nodes.push({ child, folder });
  let said = "";
  child.stderr.on("data", (data) => (said = (said + data).slice(-2_000)));
  for await (const line of createInterface({ input: child.stdout })) {
    const [, address] = /^listening (\S+)$/.exec(line) ?? [];
    if (address !== undefined) return `http://${address}`;
  }
  throw new Error(`the node ended before it listened:\n${said}`);
}

/** A node ends when its input does. */
async function stop({ child, folder }) {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  if (child.exitCode === null) {
    child.stdin.end();
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
}

function test(addresses) {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const args = ["run", "--config", join(here, "vitest.config.ts"), ...process.argv.slice(2)];
  const child = spawn(process.execPath, [vitest, ...args], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...addresses },
  });
  return new Promise((resolve) => child.once("exit", (exitCode) => resolve(exitCode ?? 1)));
}
