// What `npm create kinesis-connectors` writes, made outside the workspace out of packed tarballs: installed, validated, run against kinesis-local-aws by
// its own two commands, and asked by the command line. Then the steps of deploy/docker/Dockerfile in a folder, as user 1000 and with a read-only root
// where this machine allows that; it says what it could not do.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { packAll } from "../pack-all.mjs";
import { runContainer } from "./container.mjs";
import { freePorts } from "./ports.mjs";
import { atEnd, run, start, stopAll, stopGroup, typed } from "../processes.mjs";
import { check, pass, report } from "./tally.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "kinesis-connectors-project-"));
chmodSync(work, 0o755);
const RECORDS = 700;

atEnd(() => work);
const tarballs = new Map(
  [...packAll(root, join(work, "packed"))].map(([name, { tarball }]) => [name, `file:${tarball}`]),
);
const folder = await createProject(tarballs);
const served = await runProject(folder);
checkPage();
await runContainer(folder, work, served);
stopAll();
report();

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

/** docs/getting-started.md names these commands and no others: what it says of a project on this machine was run. */
function checkPage() {
  const page = readFileSync(join(root, "docs/getting-started.md"), "utf8");
  const [section = ""] = /## On your machine\n[\s\S]*?\n## /.exec(page) ?? [];
  const commands = [...section.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) =>
    block.trim().split("\n"),
  );
  const ran = new Set(typed.map(asOnThePage));
  for (const command of commands)
    check(
      command.startsWith("cd ") || ran.has(command),
      `docs/getting-started.md says ${command}, which was not run: ${[...ran].join(", ")}`,
    );
}

/** A command with the names and places of the page. */
function asOnThePage(command) {
  if (command.startsWith("curl ")) return command;
  return command
    .replace(/^npm install .*/, "npm install")
    .replace(/^\S*\/create-kinesis-connectors (\S+) .*/, "npm create kinesis-connectors $1")
    .replace(/^npm run -s /, "npm run ")
    .replace(/^\S*\/\.bin\/kc /, "npx kc ")
    .replace(/127\.0\.0\.1:\d+/, "127.0.0.1:9464")
    .replace(/^\S*\/node /, "node ");
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
  pass();
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
  pass();
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
  const shown = run(
    process.execPath,
    ["--env-file=local.env", "node_modules/.bin/kc", "status", "click-archive"],
    { cwd: folder },
  );
  check(shown.stdout.includes("lease table: "), "status does not show the table");
  stopGroup(dev.child, "SIGTERM");
  // npm ends by the signal itself; what the connector did stands in its last line.
  await dev.done;
  const totals = /"message":"connector-stop".*"recordsRead":(\d+),"recordsEmitted":(\d+)/.exec(dev.stderr());
  check(
    totals?.[1] === String(RECORDS) && totals[2] === String(RECORDS),
    `not all of ${RECORDS} records were delivered: ${totals?.[0]}`,
  );
  await checkArchive(environment.AWS_ENDPOINT_URL_S3);
  const peeked = run(kc, ["tail", "clicks", "--from", "horizon", "--limit", "3"], {
    cwd: folder,
    env: environment,
  });
  check(peeked.stdout.trim().split("\n").length === 3, "tail does not show three records");
  return { local, environment };
}

/** What has landed, asked as the page does it by curl, which need not be on this machine: the list, and each object of records in it. */
async function checkArchive(endpoint) {
  const archive = `${endpoint}/clicks-archive`;
  const list = String(await bytesOf(`${archive}?list-type=2&prefix=archive/`));
  typed.push('curl "http://127.0.0.1:4572/clicks-archive?list-type=2&prefix=archive/"');
  let lines = 0;
  for (const [, key] of list.matchAll(/<Key>([^<]+\.gz)<\/Key>/g))
    lines += String(gunzipSync(await bytesOf(`${archive}/${key}`)))
      .trimEnd()
      .split("\n").length;
  typed.push('curl "http://127.0.0.1:4572/clicks-archive/KEY" | gunzip');
  check(lines === RECORDS, `${lines} lines are in the archive, and not ${RECORDS}`);
}

/** As they are: nothing is unpacked on the way. */
function bytesOf(url) {
  return new Promise((resolve, reject) => {
    get(url, (answer) => void buffer(answer).then(resolve, reject)).on("error", reject);
  });
}
