// What `npm create kinesis-connectors` writes, made outside the workspace out of packed tarballs: installed, validated, run against kinesis-local-aws by
// its own two commands, and asked by the command line. Then the steps of deploy/docker/Dockerfile in a folder, as user 1000 and with a read-only root
// where this machine allows that; it says what it could not do.
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { packAll } from "./pack-all.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "kinesis-connectors-project-"));
chmodSync(work, 0o755);
const RECORDS = 700;
const UID = 1000;
const skipped = [];
const running = new Set();
let passed = 0;

try {
  const tarballs = new Map(
    [...packAll(root, join(work, "packed"))].map(([name, { tarball }]) => [name, `file:${tarball}`]),
  );
  const folder = await createProject(tarballs);
  const served = await runProject(folder);
  await runContainer(folder, served);
} finally {
  for (const child of running) stopGroup(child, "SIGKILL");
  rmSync(work, { recursive: true, force: true });
}
for (const what of skipped) process.stdout.write(`could not be run here: ${what}\n`);
process.stdout.write(`${passed} checks of a new project and of the container's steps passed\n`);

function check(holds, what) {
  if (!holds) throw new Error(what);
  passed += 1;
}

/** As `npm create kinesis-connectors` does it, with packages that no registry has yet. */
async function createProject(tarballs) {
  const creator = join(work, "creator");
  install(
    creator,
    { dependencies: { "create-kinesis-connectors": tarballs.get("create-kinesis-connectors") } },
    tarballs,
  );
  const port = await freePorts();
  const bin = join(creator, "node_modules/.bin/create-kinesis-connectors");
  const words = ["click-archive", "--yes", "--port", String(port), "--json"];
  const { stdout } = run(bin, words, { cwd: work });
  const { folder, commands } = JSON.parse(stdout);
  check(commands.at(-1) === "npm run dev", "init does not end with the command that runs the connector");
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  for (const kind of ["dependencies", "devDependencies"])
    for (const name of Object.keys(manifest[kind])) {
      const tarball = tarballs.get(name);
      if (tarball === undefined) continue;
      const version = /-(\d+)\.\d+\.\d+[^/]*\.tgz$/.exec(tarball)?.[1];
      check(
        manifest[kind][name] === `^${version}.0.0`,
        `init asks for ${name} ${manifest[kind][name]}, and it is version ${version}`,
      );
      manifest[kind][name] = tarball;
    }
  install(folder, manifest, tarballs);
  checkModule(bin, folder);
  return folder;
}

/** The same with --ts: what it writes compiles against what is installed. */
function checkModule(bin, folder) {
  const { stdout } = run(bin, ["typed-archive", "--yes", "--ts", "--json"], { cwd: work });
  const typed = JSON.parse(stdout).folder;
  symlinkSync(join(folder, "node_modules"), join(typed, "node_modules"));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  run(process.execPath, [tsc, "-p", ".", "--noEmit", "--typeRoots", join(root, "node_modules/@types")], {
    cwd: typed,
  });
  passed += 1;
}

function install(folder, manifest, tarballs) {
  mkdirSync(folder, { recursive: true });
  const named = new Set([
    ...Object.keys(manifest.dependencies ?? {}),
    ...Object.keys(manifest.devDependencies ?? {}),
  ]);
  // Not published yet: what our packages need of each other comes from the tarballs too.
  const overrides = Object.fromEntries([...tarballs].filter(([name]) => !named.has(name)));
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ private: true, ...manifest, overrides }, undefined, 2),
  );
  run(
    "npm",
    ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--loglevel=error"],
    { cwd: folder },
  );
}

/** The two commands of the project, and what is delivered. Leaves the servers running, for the container. */
async function runProject(folder) {
  const adminPort = await freePorts(1);
  const env = { ADMIN_PORT: String(adminPort) };
  run("npm", ["run", "-s", "validate"], { cwd: folder });
  passed += 1;
  const local = start("npm", ["run", "-s", "local"], { cwd: folder });
  await local.until(() => local.stdout().includes("serving until stopped"), "npm run local does not serve");
  run("npm", ["run", "-s", "put", "--", String(RECORDS)], { cwd: folder });
  const dev = start("npm", ["run", "-s", "dev"], { cwd: folder, env });
  const environment = Object.fromEntries(
    readFileSync(join(folder, "local.env"), "utf8")
      .split("\n")
      .filter((line) => /^\w+=/.test(line))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  const kc = join(folder, "node_modules/.bin/kc");
  const status = () =>
    run(kc, ["status", "click-archive", "--json"], { cwd: folder, env: environment, mayFail: true });
  await dev.until(() => {
    const { code, stdout } = status();
    return code === 0 && JSON.parse(stdout).shards.every(({ checkpoint }) => /^\d{40,}$/.test(checkpoint));
  }, "npm run dev does not deliver");
  check(
    run(kc, ["health", "--url", `http://127.0.0.1:${adminPort}`], { cwd: folder }).stdout.startsWith("ready"),
    "the connector is not ready",
  );
  stopGroup(dev.child, "SIGTERM");
  // npm ends by the signal itself; what the connector did stands in its last line.
  await dev.done;
  const totals = /"message":"connector-stop".*"recordsRead":(\d+),"recordsEmitted":(\d+)/.exec(dev.stderr());
  check(
    totals?.[1] === String(RECORDS) && totals[2] === String(RECORDS),
    `not all of ${RECORDS} records were delivered: ${totals?.[0]}`,
  );
  const peeked = run(kc, ["tail", "clicks", "--from", "horizon", "--limit", "3"], {
    cwd: folder,
    env: environment,
  });
  check(peeked.stdout.trim().split("\n").length === 3, "tail does not show three records");
  return { local, environment };
}

/** The instructions of the recipe, one after the other, in a folder of its own. */
async function runContainer(folder, { local, environment }) {
  const recipe = readFileSync(join(root, "deploy/docker/Dockerfile"), "utf8").replaceAll(/\\\n/g, " ");
  const image = join(work, "image");
  const built = interpret(recipe, folder, image);
  check(built.user === `${UID}:${UID}`, "the recipe does not run as user 1000");
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) skipped.push("user 1000 (this is no root that could become it)");
  const spool = join(image, "spool");
  const readOnly = isRoot && spawnSync("unshare", ["-m", "true"]).status === 0;
  if (!readOnly) skipped.push("a read-only root (unshare -m is not allowed)");
  // The health check of the recipe has no flags: it asks the default port.
  const isTaken = !(await isFree(9464));
  const port = isTaken ? await freePorts(1) : 9464;
  if (isTaken)
    skipped.push("the health check on its default port (9464 is in use here: another was asked by --url)");
  const env = {
    ...environment,
    ADMIN_PORT: String(port),
    NODE_ENV: "production",
    PATH: `${join(image, "app/node_modules/.bin")}:${process.env.PATH}`,
    TMPDIR: spool,
    HOME: "/nonexistent",
  };
  const inside = (command) => {
    if (!isRoot) return [command[0], command.slice(1)];
    const asUser = [
      "setpriv",
      `--reuid=${UID}`,
      `--regid=${UID}`,
      "--clear-groups",
      "--no-new-privs",
      ...command,
    ];
    if (!readOnly) return [asUser[0], asUser.slice(1)];
    const mounts = `mount --make-rprivate / && mount --bind '${spool}' '${spool}' && mount -o remount,bind,ro / && exec "$@"`;
    return ["unshare", ["-m", "sh", "-c", mounts, "sh", ...asUser]];
  };
  const app = join(image, "app");
  const probe = inside([
    "sh",
    "-c",
    `id -u; touch '${app}/x' 2>/dev/null && echo writable; touch '${spool}/x' && echo spool`,
  ]);
  const probed = run(probe[0], probe[1], { cwd: app, env }).stdout.trim().split("\n");
  if (isRoot)
    check(
      probed[0] === String(UID) && !probed.includes("writable"),
      `the container can write its root: ${probed.join(" ")}`,
    );
  check(probed.includes("spool"), "the container cannot write /spool");

  const [program, args] = inside([...built.entrypoint, ...built.command]);
  const main = start(program, args, { cwd: app, env });
  const [healthProgram, healthArgs] = inside([
    ...built.health,
    ...(isTaken ? ["--url", `http://127.0.0.1:${port}`] : []),
  ]);
  await main.until(
    () => run(healthProgram, healthArgs, { cwd: app, env, mayFail: true }).code === 0,
    "the health check does not become well",
  );
  passed += 1;
  const before = performance.now();
  main.child.kill("SIGTERM");
  const code = await main.done;
  check(code === 0, `SIGTERM ended the container with ${code}: ${main.stderr().slice(-2_000)}`);
  check(performance.now() - before < 30_000, "SIGTERM took longer than stopDeadlineMs");
  check(
    run(healthProgram, healthArgs, { cwd: app, env, mayFail: true }).code === 4,
    "the health check stays well without a process",
  );
  skipped.push("docker build itself, and the base image (there is no Docker here)");
  stopGroup(local.child, "SIGTERM");
  await local.done;
}

/** Carries the instructions out; only those that the recipe uses are known, so that a new one fails here. */
function interpret(recipe, context, image) {
  const stages = new Map();
  const found = { user: undefined, entrypoint: [], command: [], health: [] };
  const ignored = readFileSync(join(root, "deploy/docker/.dockerignore"), "utf8").split("\n");
  let stage;
  let cwd = "/";
  for (const line of recipe.split("\n")) {
    const [, instruction, rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (instruction === undefined) {
      if (line.trim() !== "" && !line.startsWith("#"))
        throw new Error(`the recipe has a line that is not understood: ${line}`);
      continue;
    }
    const words = rest.split(/\s+/);
    const at = (path) => join(stage, path.startsWith("/") ? path : join(cwd, path));
    if (instruction === "FROM") {
      const name = words[1] === "AS" ? words[2] : "last";
      stage = name === "last" ? image : join(work, `stage-${name}`);
      stages.set(name, stage);
      mkdirSync(stage, { recursive: true });
    } else if (instruction === "WORKDIR") {
      cwd = rest;
      mkdirSync(at("."), { recursive: true });
    } else if (instruction === "COPY") {
      const from = words[0].startsWith("--from=") ? words.shift().slice("--from=".length) : undefined;
      const to = words.pop();
      for (const source of words) {
        if (from === undefined && !ignored.includes(`!${source}`))
          throw new Error(`${source} is not in .dockerignore`);
        const target = from === undefined || words.length > 1 ? join(at(to), source) : at(to);
        mkdirSync(dirname(target), { recursive: true });
        cpSync(from === undefined ? join(context, source) : join(stages.get(from), source), target, {
          recursive: true,
          verbatimSymlinks: true,
        });
      }
    } else if (instruction === "RUN") {
      if (rest.startsWith("npm ci")) run("npm", words.slice(1), { cwd: at(".") });
      else if (rest === "mkdir /spool && chown 1000:1000 /spool") {
        mkdirSync(join(stage, "spool"));
        if (process.getuid?.() === 0) chownSync(join(stage, "spool"), UID, UID);
      } else throw new Error(`the recipe runs something that is not understood: ${rest}`);
    } else if (instruction === "USER") found.user = rest;
    else if (instruction === "ENTRYPOINT") found.entrypoint = JSON.parse(rest);
    else if (instruction === "CMD") found.command = JSON.parse(rest);
    else if (instruction === "HEALTHCHECK") found.health = JSON.parse(rest.slice(rest.indexOf("CMD ") + 4));
    else if (!["ARG", "ENV", "EXPOSE", "VOLUME"].includes(instruction))
      throw new Error(`the recipe has an instruction that is not understood: ${instruction}`);
  }
  passed += 1;
  return found;
}

/** Runs a command to its end. */
function run(command, args, { cwd, env = {}, mayFail = false }) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...npmSettings(), ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0 && !mayFail)
    throw new Error(
      `${command} ${args.join(" ")} ended with ${status ?? error?.message}: ${stdout}${stderr}`,
    );
  return { code: status ?? -1, stdout, stderr };
}

/** Where npm finds its registry. */
function npmSettings() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^npm_config_|_proxy$/i.test(name)),
  );
}

/** Starts a command in a process group of its own. */
function start(command, args, { cwd, env = {} }) {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...npmSettings(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  let stdout = "";
  let stderr = "";
  let hasEnded = false;
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const done = new Promise((resolve) => {
    child.once("close", (code, signal) => {
      hasEnded = true;
      running.delete(child);
      resolve(code ?? signal);
    });
  });
  const until = async (holds, what) => {
    for (let tries = 0; tries < 600; tries += 1) {
      if (hasEnded) break;
      if (holds()) return;
      await wait(200);
    }
    throw new Error(`${what}: ${stdout.slice(-1_000)}${stderr.slice(-3_000)}`);
  };
  return { child, done, until, stdout: () => stdout, stderr: () => stderr };
}

/** Signals a command and what it started: npm forwards signals only sometimes. */
function stopGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}

/** The first of some ports in a row that nobody listens on now. */
async function freePorts(count = 4) {
  for (;;) {
    // Below the ports that a kernel gives to whoever asks for any: one of those may be taken before it is used.
    const first = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)));
    if (free.every(Boolean)) return first;
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
